"""Whether a send of which nobody knows reached Twilio, found in its list of messages."""

from __future__ import annotations

import unicodedata
from contextlib import aclosing
from typing import Final

from channels.contract import OutboundMessage, Unclear
from channels.twilio.client import Record, TwilioApi
from channels.twilio.dialect import Dialect
from channels.twilio.forms import spoken
from channels.twilio.recent import Recent
from crm_core.words.clock import MINUTE, SECOND, Moment

LOOK_AT: Final = 1_000
"""Messages to one recipient that are looked through at most."""
_SKEW: Final[Moment] = 30 * SECOND
"""How far Twilio's clock may be behind ours; its times are whole seconds."""
_TRIAL: Final = "Sent from your Twilio trial account - "
_SMART: Final = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "..."})


async def recalled(
    api: TwilioApi, dialect: Dialect, message: OutboundMessage, known: Recent[str, bool]
) -> Record | None:
    """The oldest message to the same person with the same words since it was written that is no other one of ours.

    Raises TryLater when Twilio cannot be asked, Unclear when there are messages that may be it.
    """
    texts = {folded(text) for text in dialect.texts(message)}
    files = len(message.content.files)
    found: Record | None = None
    looked = 0
    async with aclosing(api.messages(to=spoken(message.to))) as records:
        async for record in records:
            looked += 1
            if record.created_at < message.entry.at - 2 * MINUTE or looked > LOOK_AT:
                break
            if record.inbound or record.sid in known or record.created_at < message.entry.at - _SKEW:
                continue
            if not texts:
                raise Unclear("Twilio lists a message that may be this one.")
            if folded(record.body.removeprefix(_TRIAL)) in texts and record.media == files:
                found = record
    return found


def folded(text: str) -> str:
    """The text as it compares after what Twilio may do to it: typographic marks made plain, spaces joined."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_SMART).split())
