"""Messages that visitors leave on a call: whose they are, while they are recorded, and what of them is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from channels.contract import CallReported
from crm_core.calls import actions
from crm_core.calls.rules.call import Call
from crm_core.store.transaction import Tx
from crm_core.words.calls import RecordingStarted
from crm_core.words.clock import MINUTE, SECOND, Moment
from crm_core.words.errors import Gone, NotFound
from crm_core.words.values import CallOutcome, CallState, KeptState
from hub.desk.calls.moving import report
from hub.machinery.media.kinds import kind_of

SHORTEST: Final = SECOND
"""Whoever said less said nothing."""
SILENT: Final = 20 * SECOND
"""After so long without a piece the page is gone; pieces come every second. It is over before the call is given up."""
LATE: Final = 10 * MINUTE
"""How long after its call the rest of a message is taken: it was being sent, or the line was away."""
MOST_BYTES: Final = 16 * 1024 * 1024
"""Of a message: ten minutes, the longest that an account lets it be, as the least thrifty browser records them."""
_OPEN: Final = (KeptState.RUNNING, KeptState.AWAITED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A visitor, as the account knows them."""

    account_id: int
    identity_id: int


def begin(tx: Tx, caller: Caller, call_id: int, name: str, duration: Moment) -> str:
    """The name of the call's one message: this one's, or that of another that has begun before.

    `duration` is ms up to the end of what has come. Raises NotFound for a call that is not the caller's, Gone where
    no message can be left (any more).
    """
    call = actions.locked(tx, call_id)
    if (call.account_id, call.identity_id) != (caller.account_id, caller.identity_id):
        raise NotFound
    begun = next((one for one in call.recordings if one.is_voicemail), None)
    if not _takes(call, tx.now) or (begun is not None and begun.state not in _OPEN):
        raise Gone("No message can be left on this call now.")
    if begun is None and duration >= SHORTEST:
        signal = RecordingStarted(external_id=name)
        key = f"{call.id}:{name}:started"
        report(tx, call.account_id, CallReported(signal=signal, key=key, at=tx.now, call_id=call.id))
    return name if begun is None else begun.external_id


def ending(head: bytes) -> str:
    """How the name of a file ends that begins so, such as `webm`; empty for what is neither sound nor film."""
    medium, _, ending = kind_of(head, b"", is_text=False).partition("/")
    return ending if medium in ("audio", "video") else ""


def _takes(call: Call, now: Moment) -> bool:
    if call.state is CallState.VOICEMAIL:
        return True
    was_left = call.answered_at is None and call.outcome in (CallOutcome.MISSED, CallOutcome.VOICEMAIL)
    return was_left and call.ended_at is not None and now - call.ended_at <= LATE
