"""Recordings: when they run, and what became of each stretch."""

from __future__ import annotations

from crm_core.calls.rules import ending
from crm_core.calls.rules.call import RECORDING, is_over, leg_of
from crm_core.calls.rules.hand import Hand
from crm_core.calls.rules.signals import RecordingWished, VoicemailLeft
from crm_core.words.calls import RecordingFailed, RecordingStarted, RecordingStored
from crm_core.words.values.calls import (
    CallOutcome,
    CallState,
    KeptState,
    LegMode,
    LegRole,
    LegState,
    RecordingState,
    RecordingValue,
)

_UNANSWERED = (None, CallOutcome.MISSED, CallOutcome.ABANDONED, CallOutcome.FAILED)
"""What a message that the caller left makes a voicemail of."""


def wish(hand: Hand, wished: RecordingWished) -> None:
    """Begin to record, pause, or go on, as an agent wishes who speaks with the contact.

    A recording that waits until the contact was told of it is given up by pausing.
    """
    call = hand.call
    own = leg_of(call, wished.agent_id, LegRole.AGENT)
    if call.state not in (CallState.TALKING, CallState.HELD) or own is None:
        return
    if own.state is not LegState.CONNECTED or own.mode is not LegMode.TALK:
        return
    if wished.on and call.recording is RecordingState.OFF:
        ask_for(hand, wished.agent_id)
    elif wished.on:
        hand.set(recording=RecordingState.ON)
    elif call.recording is RecordingState.ON:
        hand.set(recording=RecordingState.PAUSED)
    else:
        hand.set(notices=[one for one in call.notices if one.code != RECORDING])


def ask_for(hand: Hand, agent_id: int | None) -> None:
    """Record from now on, or as soon as a contact who shall be told of it was told."""
    call = hand.call
    if not call.plan.may_record:
        return
    if call.plan.recording_prompt is None or call.knows_recording:
        begin(hand, agent_id)
    elif not any(one.code == RECORDING for one in call.notices):
        hand.owe(RECORDING, agent_id)


def begin(hand: Hand, agent_id: int | None) -> None:
    """A stretch of recording begins; the provider gives it a name when it has begun."""
    if hand.call.recording is not RecordingState.OFF or is_over(hand.call):
        return
    hand.set(recording=RecordingState.ON)
    _add(hand, agent_id=agent_id)


def started(hand: Hand, said: RecordingStarted) -> None:
    """The provider records, and calls it so: what was wished, or one more stretch, as after a transfer."""
    call = hand.call
    if not said.external_id or _named(hand, said.external_id) is not None:
        return
    known = _named(hand, "") or _add(hand, is_voicemail=call.state is CallState.VOICEMAIL)
    hand.set_recording(known, external_id=said.external_id)
    _seek(hand)


def failed(hand: Hand, said: RecordingFailed) -> None:
    """It will not come. If that was the only one that ran, nothing is recorded any more, and agents see it."""
    known = _named(hand, said.external_id)
    if known is None or known.state is KeptState.STORED:
        return
    if known.external_id:
        hand.set_recording(known, state=KeptState.MISSING)
    else:
        # It never began, so there is none that could be missed: the call was over at the same moment, say.
        hand.set(recordings=[one for one in hand.call.recordings if one.id != known.id])
    if not any(one.state is KeptState.RUNNING and not one.is_voicemail for one in hand.call.recordings):
        hand.set(recording=RecordingState.OFF)
    _seek(hand)


def stored(hand: Hand, said: RecordingStored) -> None:
    """A stretch is a file of ours now, also one that nobody has heard of, or that was given up."""
    known = _named(hand, said.external_id)
    if known is None and not said.voicemail:
        known = _named(hand, "")
    if known is None and not said.external_id:
        # What has no name cannot be known again when it is told a second time.
        return
    if known is None:
        known = _add(hand, is_voicemail=said.voicemail, agent_id=said.agent_id)
        hand.set_recording(known, since=max(hand.call.started_at, hand.now - said.duration))
        known = hand.call.recordings[-1]
    if known.state is KeptState.STORED:
        return
    hand.set_recording(
        known, state=KeptState.STORED, external_id=said.external_id, file_id=said.file_id,
        duration=max(0, said.duration), is_voicemail=said.voicemail, agent_id=said.agent_id or known.agent_id,
    )  # fmt: skip
    if said.voicemail:
        _message_left(hand, said)
    _seek(hand)


def missing(hand: Hand) -> None:
    """What did not come in time is told to be missing."""
    if hand.call.sought and hand.call.sought <= hand.now:
        for one in hand.call.recordings:
            if one.state is KeptState.AWAITED:
                hand.set_recording(one, state=KeptState.MISSING)
        hand.set(sought=0)


def _message_left(hand: Hand, said: RecordingStored) -> None:
    call = hand.call
    was_left = is_over(call) or call.state is CallState.VOICEMAIL
    if was_left and call.answered_at is None and call.outcome in _UNANSWERED:
        hand.set(outcome=CallOutcome.VOICEMAIL)
    hand.tell(VoicemailLeft(file_id=said.file_id, duration=max(0, said.duration)))
    if call.state is CallState.VOICEMAIL:
        ending.over(hand, "done")


def _add(hand: Hand, *, agent_id: int | None = None, is_voicemail: bool = False) -> RecordingValue:
    call = hand.call
    new = RecordingValue(
        id=max((one.id for one in call.recordings), default=0) + 1,
        state=KeptState.AWAITED if is_over(call) else KeptState.RUNNING, since=hand.now,
        agent_id=agent_id, is_voicemail=is_voicemail,
    )  # fmt: skip
    hand.set(recordings=[*call.recordings, new])
    return new


def _named(hand: Hand, external_id: str) -> RecordingValue | None:
    """The recording that the provider calls so; for no name the first that has none yet."""
    of_that_name = [one for one in hand.call.recordings if one.external_id == external_id]
    if not external_id:
        of_that_name = [one for one in of_that_name if one.state in (KeptState.RUNNING, KeptState.AWAITED)]
    return next(iter(of_that_name), None)


def _seek(hand: Hand) -> None:
    call = hand.call
    if not is_over(call):
        return
    is_awaited = any(one.state is KeptState.AWAITED for one in call.recordings)
    if not is_awaited:
        hand.set(sought=0)
    elif not call.sought:
        hand.set(sought=hand.now + ending.RECORDING_SOUGHT)
