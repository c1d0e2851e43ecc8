"""What a contact is told while they speak with somebody: that they are recorded, that a supervisor is there.

What is owed is kept in the call until it was said to its end, or its time was over: a prompt that plays, a hold or a
transfer only delays it.
"""

from __future__ import annotations

from crm_core.calls.rules import recordings
from crm_core.calls.rules.call import LISTENING, RECORDING, Announcement, Call, is_over, leg_of
from crm_core.calls.rules.hand import Hand
from crm_core.words.values.calls import CallState, PromptValue

_AMONG_PEOPLE = (CallState.TALKING, CallState.HELD)


def tell(hand: Hand) -> None:
    """Say what is owed, as soon as the contact is among people and nothing else is said."""
    owed = [one for one in hand.call.notices if _is_due(hand.call, one)]
    if owed != hand.call.notices:
        hand.set(notices=owed)
    prompt = _words(hand.call, owed[0]) if owed else None
    if prompt is not None and hand.call.prompt is None and hand.call.state in _AMONG_PEOPLE:
        hand.say(prompt)


def heard(hand: Hand) -> None:
    """The prompt that plays is over: what it tells is known now, and a recording that waited for it begins."""
    prompt = hand.call.prompt
    if prompt is None:
        return
    told = next((one for one in hand.call.notices if one.code == prompt.code), None)
    if told is not None:
        hand.set(notices=[one for one in hand.call.notices if one != told])
    if prompt.code == RECORDING:
        hand.set(knows_recording=True)
        if told is not None:
            recordings.begin(hand, told.agent_id)


def _is_due(call: Call, owed: Announcement) -> bool:
    """Nobody is told of a supervisor who has left, and nothing after the call."""
    if is_over(call) or _words(call, owed) is None:
        return False
    return owed.code != LISTENING or (owed.agent_id is not None and leg_of(call, owed.agent_id) is not None)


def _words(call: Call, owed: Announcement) -> PromptValue | None:
    return {RECORDING: call.plan.recording_prompt, LISTENING: call.plan.listening_prompt}.get(owed.code)
