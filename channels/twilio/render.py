"""What every message of ours says to Twilio: for whom it is and who it comes from. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from channels.contract import OutboundMessage, Refused
from channels.twilio.forms import spoken
from channels.twilio.settings import is_service
from crm_core.words.addresses import TEL, WHATSAPP


def addressed(message: OutboundMessage, sender: str) -> dict[str, str | Sequence[str]]:
    """`To`, and `From` or the messaging service. Raises Refused for somebody who cannot be answered.

    A reply goes out by the number that they wrote to, where a service has several.
    """
    if message.to.scheme not in (TEL, WHATSAPP):
        raise Refused("This sender has no number that could be answered.")
    to: dict[str, str | Sequence[str]] = {"To": spoken(message.to)}
    ours = message.thread.partition(">")[2]
    if not is_service(sender):
        strange = ours.startswith("whatsapp:") is not sender.startswith("whatsapp:")
        return {**to, "From": ours if ours and strange else sender}
    service = {**to, "MessagingServiceSid": sender}
    return {**service, "From": ours} if ours.startswith(("+", "whatsapp:+")) else service
