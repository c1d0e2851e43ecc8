"""A call in hand: one signal's worth of changes, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace as changed

from crm_core.calls.rules.call import Announcement, Call, leg, living
from crm_core.calls.rules.signals import ConsultOver, Fact
from crm_core.words.clock import Moment
from crm_core.words.values.calls import (
    CallOutcome,
    CallState,
    EndedBy,
    KeptState,
    LegMode,
    LegRole,
    LegState,
    LegValue,
    PromptValue,
    RecordingState,
    RecordingValue,
    TransferKind,
    TransferValue,
)
from crm_core.words.values.marks import Direction

_BUCKETS = {
    CallState.RINGING: "ring",
    CallState.GREETING: "greet",
    CallState.QUEUED: "wait",
    CallState.OFFERED: "wait",
    CallState.TALKING: "talk",
    CallState.HELD: "hold",
    CallState.VOICEMAIL: "greet",
    CallState.WRAP_UP: "wrap_up",
}


IN_LINE = (CallState.QUEUED, CallState.OFFERED)


@dataclass(slots=True)
class Hand:
    """The call as it becomes. `now` is when the signal happened, never before what is known already."""

    call: Call
    now: Moment
    spare_id: int
    """An id that nothing has yet, for a leg that the signal makes necessary."""
    happened: Moment
    """When it happened by the word of whoever told, though more may be known already."""
    told_at: Moment
    """When the hub was told."""
    facts: list[Fact] = field(default_factory=list)

    def set(self, **values: Any) -> None:
        """Change the call."""
        self.call = changed(self.call, **values)

    def tell(self, fact: Fact) -> None:
        """Note what follows for the rest of the house."""
        self.facts.append(fact)

    def move(self, state: CallState, at: Moment | None = None) -> None:
        """Come into a state; the time in the one before is counted. The same state again changes nothing.

        `at`: when it was, if that is not now.
        """
        call = self.call
        if call.state is state:
            return
        at = max(call.since, self.now if at is None else at)
        self.set(state=state, since=at, **self._counted(at))
        if state not in IN_LINE and self.call.position is not None:
            self.set(position=None)

    def _counted(self, at: Moment) -> dict[str, int]:
        call = self.call
        bucket = _BUCKETS.get(call.state)
        if call.state is CallState.CONNECTING:
            called_out = call.direction is Direction.OUT and call.answered_at is None
            bucket = "ring" if called_out else "wait"
        elif self.is_left_alone():
            bucket = "hold"
        return {} if bucket is None else {bucket: getattr(call, bucket) + at - call.since}

    def is_left_alone(self) -> bool:
        """Whether the contact hears music in the middle of a talk: the devices of all they spoke with are lost."""
        return self.call.state is CallState.TALKING and not any(
            one.state is LegState.CONNECTED for one in self.talkers()
        )

    # --- legs ---

    def leg(self, leg_id: int | None) -> LegValue | None:
        """A leg; the contact's for none."""
        return leg(self.call, leg_id)

    def add_leg(self, leg_id: int, role: LegRole, state: LegState, **more: Any) -> LegValue:
        """Call somebody in."""
        new = LegValue(id=leg_id, role=role, state=state, made_at=self.now, since=self.now, **more)
        self.set(legs=[*self.call.legs, new])
        return new

    def set_leg(self, known: LegValue, **values: Any) -> LegValue:
        """Change a leg; the time it was connected is counted when it stops being so."""
        state = values.get("state", known.state)
        if state is not known.state:
            at = max(self.now, known.since)
            values["since"] = at
            if known.state is LegState.CONNECTED:
                values["talk"] = known.talk + at - known.since
            if state is LegState.CONNECTED:
                values["connected_at"] = known.connected_at or at
                values["until"] = None
            if state is LegState.ENDED:
                values["ended_at"] = at
        new = changed(known, **values)
        was_left_alone, counted = self.is_left_alone(), self._counted(max(self.now, self.call.since))
        self.set(legs=[new if other.id == known.id else other for other in self.call.legs])
        if self.is_left_alone() is not was_left_alone:
            self.set(since=max(self.now, self.call.since), **counted)
        return new

    def end_leg(self, known: LegValue, reason: str, by: EndedBy | None = None) -> LegValue:
        """A leg is over. One that is over already stays as it ended."""
        if known.state is LegState.ENDED:
            return known
        return self.set_leg(
            known, state=LegState.ENDED, reason=reason, ended_by=by, until=None, muted=False, away_since=None
        )

    def talkers(self) -> list[LegValue]:
        """Those with whom the contact speaks or may soon speak: agents and numbers, not who is only asked."""
        return [
            one
            for one in living(self.call)
            if one.role in (LegRole.AGENT, LegRole.THIRD)
            and one.mode is LegMode.TALK
            and one.state is not LegState.INVITED
        ]

    def consulted(self) -> list[LegValue]:
        """Living legs of those who are asked for advice."""
        return [one for one in living(self.call) if one.mode is LegMode.CONSULT]

    # --- prompts ---

    def say(self, *prompts: PromptValue, then: str = "") -> None:
        """Have these said, in order, instead of whatever is being said; `then` names what comes after."""
        numbered = [changed(p, seq=self.call.prompt_seq + 1 + i) for i, p in enumerate(prompts)]
        first = numbered[0] if numbered else None
        self.set(
            prompt=first,
            prompts=numbered[1:],
            after_prompts=then,
            prompt_seq=self.call.prompt_seq + len(numbered),
            prompt_at=self.now,
        )

    def say_next(self) -> None:
        """The next of what is still to be said."""
        first, *rest = self.call.prompts
        self.set(prompt=first, prompts=rest, prompt_at=self.now)

    def hush(self) -> None:
        """Nothing is said any more."""
        if self.call.prompt is not None or self.call.prompts or self.call.after_prompts:
            self.set(prompt=None, prompts=[], after_prompts="")

    def owe(self, code: str, agent_id: int | None = None) -> None:
        """The contact is to be told this. Owed twice is told once."""
        new = Announcement(code=code, agent_id=agent_id)
        if new not in self.call.notices:
            self.set(notices=[*self.call.notices, new])

    # --- transfers and recordings ---

    def transfer(self) -> TransferValue | None:
        """The transfer that is under way."""
        last = self.call.transfers[-1] if self.call.transfers else None
        return last if last is not None and not last.result else None

    def end_transfer(self, result: str) -> None:
        """The transfer under way came to this; a queue that was asked for advice is asked no more."""
        known = self.transfer()
        if known is None:
            return
        self.set_transfer(known, result=result)
        if known.kind is TransferKind.ATTENDED and known.to_queue_id is not None:
            self.tell(ConsultOver())

    def set_transfer(self, known: TransferValue, **values: Any) -> None:
        """Change the transfer that is under way."""
        self.set(transfers=[*self.call.transfers[:-1], changed(known, **values)])

    def set_recording(self, known: RecordingValue, **values: Any) -> None:
        """Change a recording."""
        new = changed(known, **values)
        self.set(recordings=[new if other.id == known.id else other for other in self.call.recordings])

    def stop_recording(self) -> None:
        """Whatever is being recorded ends, and is awaited from the provider for a while."""
        for one in self.call.recordings:
            if one.state is KeptState.RUNNING:
                self.set_recording(one, state=KeptState.AWAITED)
        self.set(recording=RecordingState.OFF)

    # --- the end ---

    def decide(self, outcome: CallOutcome) -> None:
        """What came of it, unless that is known already. Who spoke with somebody was answered, whatever came then."""
        if self.call.outcome is None:
            self.set(outcome=CallOutcome.ANSWERED if self.call.answered_at is not None else outcome)


@dataclass(frozen=True, slots=True)
class Step:
    """The call after a signal, and what follows; `call` is the very same object when nothing changed."""

    call: Call
    facts: tuple[Fact, ...] = ()
