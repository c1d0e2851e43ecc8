"""What Twilio's error codes mean, in words for an agent, and what each answer of its API leads to. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from channels.contract import AccountBroken, ChannelError, Refused, TryLater, Unclear
from crm_core.words.content import ReachState

OPTED_OUT: Final = 21610
_BLOCKED: Final = frozenset({63033})
OUTSIDE_WINDOW: Final = 63016

_WORDS: Final[Mapping[int, str]] = {
    14107: "Too many messages at once; Twilio takes more in a moment.",
    20003: "Twilio does not accept these credentials.",
    20005: "This Twilio account is not active.",
    20404: "Twilio does not know this account.",
    20429: "Twilio asks for patience.",
    21211: "The number to write to does not exist.",
    21212: "The sender of this account is not valid at Twilio.",
    13223: "The number to call is not in a form that Twilio takes.",
    13224: "Twilio cannot call this number.",
    13225: "Twilio does not call this number.",
    13227: "Twilio may not call this country with this account's permissions.",
    21210: "The number to call from is not the account's.",
    21214: "The number to call cannot be reached.",
    21215: "Twilio may not call this country with this account's permissions.",
    21216: "Twilio may not call this number with this account's permissions.",
    21220: "The call is over.",
    21265: "The number to write to is a short code, which cannot be written to.",
    21266: "The message would go to its own sender.",
    21267: "A trial account of Twilio cannot send under a name.",
    21408: "Twilio may not send to this country with this account's permissions.",
    21601: "The sender of this account cannot send text messages.",
    21603: "The account names no sender.",
    21606: "The sender is not a number of this Twilio account that can write to this country.",
    21608: "A trial account of Twilio writes to checked numbers only.",
    21609: "Twilio cannot reach the address that receipts go to. The hub's public address may be wrong.",
    21610: "They have opted out of messages from this sender.",
    21611: "The sender's line at Twilio is full.",
    21612: "This sender cannot write to this number.",
    21614: "The number is no mobile number.",
    21617: "The message is longer than 1,600 characters.",
    21619: "A message needs words, a file or a template.",
    21620: "Twilio cannot fetch the file.",
    21623: "Twilio takes no more than 10 files in a message.",
    21635: "The number is a landline, which takes no text messages.",
    21654: "Twilio does not know this template.",
    21655: "Twilio does not know this template.",
    21656: "The gaps of the template were filled in wrongly.",
    21659: "The sender is no number of this Twilio account.",
    21660: "The sender is no number of this Twilio account.",
    21661: "The sender cannot send text messages.",
    21703: "The messaging service has no number to send from.",
    21705: "Twilio does not know this messaging service.",
    30001: "Too many messages were waiting; this one was dropped.",
    30002: "This Twilio account was suspended.",
    30003: "The phone cannot be reached: switched off, or out of the network.",
    30004: "The recipient or their network blocks messages of this sender.",
    30005: "The number is unknown or no longer in use.",
    30006: "The number is a landline or its network takes no text messages.",
    30007: "The network took the message for spam.",
    30008: "The network did not say why it failed.",
    30009: "A part of the message was lost on the way.",
    30010: "The message would cost more than is allowed.",
    30011: "This network carries no picture messages.",
    30019: "The file is too large for this network.",
    30022: "The network limits how much this sender may send.",
    30023: "The network's daily limit for this sender is reached.",
    30024: "The sender is not set up for this network yet.",
    30032: "The toll-free number has not been verified.",
    30034: "The number is not registered for business messages in the United States (A2P 10DLC).",
    30035: "The messaging service's registration is not finished yet.",
    30036: "The message waited longer than it was valid.",
    30039: "The message was stopped since it would go round in circles.",
    30410: "The network did not answer Twilio in time.",
    30500: "Twilio failed; it may work later.",
    63001: "The channel could not sign in.",
    63003: "The recipient is not on WhatsApp.",
    63005: "WhatsApp did not take what the message says.",
    63007: "The WhatsApp sender of this account is not known to Twilio.",
    63012: "WhatsApp failed; it may work later.",
    63013: "WhatsApp's policy forbids this message.",
    63016: "It is outside the 24-hour window: only a template may be sent until they write again.",
    63018: "WhatsApp asks for patience.",
    63019: "WhatsApp could not fetch the file.",
    63021: "WhatsApp cannot carry this content.",
    63024: "The number is not on WhatsApp.",
    63027: "The template does not exist in this language.",
    63028: "The template has other gaps than were filled in.",
    63032: "WhatsApp does not deliver to this person now.",
    63033: "They have blocked messages of this business.",
    63036: "The number cannot be reached on WhatsApp.",
    63038: "The account's daily number of messages is used up.",
    63041: "The template was paused for its quality.",
    63049: "WhatsApp chose not to deliver this marketing message.",
}
_BROKEN: Final = frozenset({20003, 20005, 20403, 20404, 30002})
_LATER: Final = frozenset({14107, 20429, 21611, 63018})


def words_for(code: int | None) -> str:
    """What an error code means; a code without words of its own is named, so that it can be looked up."""
    if code is None:
        return "Twilio did not say why."
    return f"{_WORDS.get(code, 'Twilio could not deliver it.')} (Twilio {code})"


def reach_after(code: int | None) -> ReachState | None:
    """What a code says of the recipient, beyond the one message."""
    return ReachState.OPTED_OUT if code == OPTED_OUT else ReachState.BLOCKED if code in _BLOCKED else None


def consequence(status: int, code: int | None, *, retry_after: str = "") -> ChannelError:
    """What a refusal of the API leads to: 401 breaks the account, 429 waits, 5xx is unclear, the rest is final.

    `status` is HTTP's, `code` Twilio's, `retry_after` the header's value in seconds.
    """
    if status == 429 or code in _LATER:
        after = int(retry_after) * 1_000 if retry_after.isdecimal() and len(retry_after) < 6 else None
        return TryLater(words_for(code or 20429), after_ms=after)
    if status in (401, 403) or code in _BROKEN:
        return AccountBroken(words_for(code if code in _WORDS else 20003))
    if status >= 500:
        return Unclear("Twilio failed after it got the message; it may have gone out.")
    return Refused(words_for(code), reach=reach_after(code))
