"""The hub's side of calls, as it looks from a channel: a desk that keeps them in memory and moves them by the rules.

Nothing is routed here: tests say who takes a call. `deliver` is handed to the channel, `settle` has the channel
arrange what changed, as the hub would after every change.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from channels.contract import (
    AccountBroken,
    CallArrived,
    CallReported,
    CarriesCalls,
    ChannelEvent,
    Refused,
    Stored,
)
from crm_core.calls.rules import advance, next_deadline, scene
from crm_core.calls.rules.call import Call, CallPlan, MenuChoice, leg_of, living, shown
from crm_core.calls.rules.signals import AcceptedBy, Begun, Cleared, Fact, Held, Placed, Signal, TimePassed
from crm_core.words.calls import Scene
from crm_core.words.clock import Clock
from crm_core.words.errors import StoreUnavailable
from crm_core.words.values.calls import CallState, CallValue, LegRole, LegState, LegValue, PromptValue
from crm_core.words.values.marks import Direction

QUEUE = 3
MENU = CallPlan(
    queue_id=QUEUE,
    opening=[PromptValue(seq=0, code="greeting", text="Welcome to Fern & Clay.")],
    menu=[
        MenuChoice(digit="1", label="Sales"),
        MenuChoice(digit="2", label="Leave a message", then="voicemail"),
    ],
    menu_prompt=PromptValue(seq=0, code="menu", text="For sales press 1. To leave a message press 2."),
    goodbye=PromptValue(seq=0, code="goodbye", text="Goodbye."),
    offers_callback=True,
)
"""A greeting, a menu, and a line."""
LINE = CallPlan(queue_id=QUEUE, offers_callback=True)
"""Straight into the line."""


class CallDesk:
    """A `Deliver` and a `Calls` over memory."""

    def __init__(self, now: Clock, *, plan: CallPlan = LINE) -> None:
        self.now = now
        self.plan = plan
        self.calls: dict[int, Call] = {}
        self.facts: list[Fact] = []
        self.events: list[ChannelEvent] = []
        self.keys: set[str] = set()
        self.away = False
        """The store is away."""
        self._dirty: dict[int, None] = {}
        self._ids = count(100)

    async def __call__(self, event: ChannelEvent, /) -> Stored:
        """Deliver."""
        if self.away:
            raise StoreUnavailable
        self.events.append(event)
        if isinstance(event, CallArrived):
            return self._arrived(event)
        assert isinstance(event, CallReported), event
        call = self._of(event)
        if call is None:
            return Stored()
        repeated = event.key in self.keys
        if not repeated:
            self.keys.add(event.key)
            call = self._advance(call, event.signal, event.at)
        return Stored(repeated=repeated, scene=scene(call))

    async def live(self) -> Sequence[Scene]:
        """Scenes of the calls that are not over."""
        return [scene(call) for call in self.calls.values() if call.state not in (CallState.ENDED, CallState.WRAP_UP)]

    def do(self, call_id: int, signal: Signal) -> Call:
        """Somebody of the house does something."""
        return self._advance(self.calls[call_id], signal, self.now())

    def accept(self, call_id: int, agent_id: int = 7, *, device: str = "tab1", address: str = "") -> LegValue:
        """An agent takes a call; their new leg."""
        leg_id = next(self._ids)
        self.do(call_id, AcceptedBy(agent_id=agent_id, leg_id=leg_id, device=device, address=address))
        leg = leg_of(self.calls[call_id], agent_id, LegRole.AGENT)
        assert leg is not None
        return leg

    def hold(self, call_id: int, agent_id: int = 7, *, on: bool) -> None:
        """An agent holds the contact, or goes on."""
        self.do(call_id, Held(agent_id=agent_id, on=on))

    def place(self, number: str, agent_id: int = 7, *, line: str = "", device: str = "tab1", **more: Any) -> Call:
        """An agent calls a number."""
        call_id = next(self._ids)
        self.calls[call_id] = Call(
            id=call_id, conversation_id=1, account_id=7, channel="x", direction=Direction.OUT,
            state=CallState.CONNECTING, number=number, line=line, identity_id=5, queue_id=QUEUE,
            started_at=self.now(), since=self.now(), plan=self.plan,
        )  # fmt: skip
        return self.do(call_id, Placed(agent_id=agent_id, leg_id=next(self._ids), device=device, **more))

    def new_id(self) -> int:
        """An id that nothing has yet."""
        return next(self._ids)

    def call(self, external_id: str = "") -> Call:
        """The call with this name at the provider; the newest one for none."""
        if not external_id:
            return list(self.calls.values())[-1]
        return next(call for call in self.calls.values() if call.external_id == external_id)

    def leg(self, call_id: int, agent_id: int) -> LegValue:
        """The newest living leg of an agent."""
        return [leg for leg in living(self.calls[call_id]) if leg.agent_id == agent_id][-1]

    def connected(self, call_id: int) -> set[int | None]:
        """Who speaks or listens: agents' ids, none for the contact and numbers outside."""
        return {leg.agent_id for leg in living(self.calls[call_id]) if leg.state is LegState.CONNECTED}

    def records(self) -> list[CallValue]:
        """Every call as its record shows it."""
        return [shown(call) for call in self.calls.values()]

    async def settle(self, channel: CarriesCalls) -> None:
        """Have the channel arrange what changed, until nothing changes any more."""
        for _ in range(50):
            if not self._dirty:
                return
            call_id = next(iter(self._dirty))
            del self._dirty[call_id]
            try:
                await channel.arrange(scene(self.calls[call_id]), self)
            except (Refused, AccountBroken):
                self.do(call_id, Cleared(reason="failed"))
        raise AssertionError("the call never comes to rest")

    def pass_time(self) -> None:
        """What is due by now, as the house's deadlines have it."""
        for call in list(self.calls.values()):
            due = next_deadline(call)
            if due is not None and due <= self.now():
                self.do(call.id, TimePassed())

    def stir(self, call_id: int) -> None:
        """Have the call arranged again although nothing changed, as after a restart."""
        self._dirty[call_id] = None

    def _arrived(self, event: CallArrived) -> Stored:
        known = next((call for call in self.calls.values() if call.external_id == event.external_id), None)
        if known is not None:
            return Stored(repeated=True, scene=scene(known))
        call_id = next(self._ids)
        leg = LegValue(
            id=next(self._ids), role=LegRole.CUSTOMER, state=LegState.CONNECTED, external_id=event.external_id,
            made_at=event.at, since=event.at, connected_at=event.at,
        )  # fmt: skip
        new = Call(
            id=call_id, conversation_id=1, account_id=7, channel="x", direction=Direction.IN,
            state=CallState.RINGING, number=event.sender.value if event.sender else "", who=event.sender_name,
            line=event.called, identity_id=5, started_at=event.at, since=event.at, plan=self.plan,
            external_id=event.external_id, legs=[leg], queue_id=self.plan.queue_id,
        )  # fmt: skip
        self.calls[call_id] = new
        return Stored(scene=scene(self._advance(new, Begun(), event.at)))

    def _of(self, event: CallReported) -> Call | None:
        if event.call_id is not None:
            return self.calls.get(event.call_id)
        return next((call for call in self.calls.values() if call.external_id == event.call), None)

    def _advance(self, call: Call, signal: Signal, at: int) -> Call:
        step = advance(call, signal, at, spare_id=next(self._ids))
        self.facts += step.facts
        if step.call.version != call.version:
            self.calls[call.id] = step.call
            self._dirty[call.id] = None
        return step.call
