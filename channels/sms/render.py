"""An SMS or MMS in the words of Twilio's API. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from channels.contract import OutboundMessage, Refused
from channels.twilio.dialect import Outgoing
from channels.twilio.render import addressed
from crm_core.words.content import Content

MAX_TEXT: Final = 1_600


def outgoing(message: OutboundMessage, links: Sequence[str], sender: str) -> Outgoing:
    """The parameters of a new message. Raises Refused for somebody who cannot be answered."""
    said = addressed(message, sender)
    text = words(message.content)
    if text:
        said["Body"] = text
    if links:
        said["MediaUrl"] = list(links)
    if not text and not links:
        raise Refused("An SMS needs words or a file.")
    return said


def words(content: Content) -> str:
    """The text as it goes out. A place is said as a `geo:` address, which phones open in their map."""
    if content.place is None:
        return content.text
    place = content.place
    spot = f"geo:{place.latitude:.6f},{place.longitude:.6f}"
    return "\n".join(part for part in (content.text, place.title, spot) if part)
