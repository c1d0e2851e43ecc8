"""A call in hand: one signal's worth of changes, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace as changed

from crm_core.calls.rules.call import Call, leg, living
from crm_core.calls.rules.signals import Fact
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


@dataclass(slots=True)
class Hand:
    """The call as it becomes. `now` is when the signal happened, never before what is known already."""

    call: Call
    now: Moment
    spare_id: int
    """An id that nothing has yet, for a leg that the signal makes necessary."""
    facts: list[Fact] = field(default_factory=list)

    def set(self, **values: Any) -> None:
        """Change the call."""
        self.call = changed(self.call, **values)

    def tell(self, fact: Fact) -> None:
        """Note what follows for the rest of the house."""
        self.facts.append(fact)

    def move(self, state: CallState) -> None:
        """Come into a state; the time in the one before is counted. The same state again changes nothing."""
        call = self.call
        if call.state is state:
            return
        self.set(state=state, since=self.now, **self.counted())

    def counted(self) -> dict[str, int]:
        """The bucket of the state that ends now, with its time."""
        call = self.call
        bucket = _BUCKETS.get(call.state)
        if call.state is CallState.CONNECTING:
            bucket = "wait" if call.direction is Direction.IN else "ring"
        return {} if bucket is None else {bucket: getattr(call, bucket) + max(0, self.now - call.since)}

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
            values["since"] = self.now
            if known.state is LegState.CONNECTED:
                values["talk"] = known.talk + max(0, self.now - known.since)
            if state is LegState.CONNECTED:
                values.setdefault("connected_at", known.connected_at or self.now)
                values["until"] = None
        new = changed(known, **values)
        self.set(legs=[new if other.id == known.id else other for other in self.call.legs])
        return new

    def end_leg(self, known: LegValue, reason: str, by: EndedBy | None = None) -> LegValue:
        """A leg is over. One that is over already stays as it ended."""
        if known.state is LegState.ENDED:
            return known
        return self.set_leg(
            known, state=LegState.ENDED, ended_at=self.now, reason=reason, ended_by=by, until=None, muted=False
        )

    def agents(self) -> list[LegValue]:
        """Living legs of agents."""
        return [one for one in living(self.call) if one.role is LegRole.AGENT]

    def talkers(self) -> list[LegValue]:
        """Those with whom the contact speaks or may soon speak: agents and numbers, not who is only asked."""
        return [
            one
            for one in living(self.call)
            if one.role in (LegRole.AGENT, LegRole.THIRD)
            and one.mode is LegMode.TALK
            and one.state is not LegState.INVITED
        ]

    def owner_leg(self) -> LegValue | None:
        """The living leg of the agent whose call it is."""
        mine = [one for one in self.agents() if one.agent_id == self.call.agent_id and one.mode is LegMode.TALK]
        return mine[-1] if mine else None

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
        )

    def hush(self) -> None:
        """Nothing is said any more."""
        if self.call.prompt is not None or self.call.prompts or self.call.after_prompts:
            self.set(prompt=None, prompts=[], after_prompts="")

    # --- transfers and recordings ---

    def transfer(self) -> TransferValue | None:
        """The transfer that is under way."""
        last = self.call.transfers[-1] if self.call.transfers else None
        return last if last is not None and not last.result else None

    def end_transfer(self, result: str) -> None:
        """The transfer under way came to this."""
        if self.transfer() is not None:
            *rest, last = self.call.transfers
            self.set(transfers=[*rest, changed(last, result=result)])

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
        """What came of it, unless that is known already."""
        if self.call.outcome is None:
            self.set(outcome=outcome)


@dataclass(frozen=True, slots=True)
class Step:
    """The call after a signal, and what follows; `call` is the very same object when nothing changed."""

    call: Call
    facts: tuple[Fact, ...] = ()
