"""A call as a test tells it: what happens when, and what the house hears of it."""

from __future__ import annotations

from itertools import count
from typing import Any, TypeVar

from crm_core.calls.rules import advance, next_deadline, scene
from crm_core.calls.rules.call import Call, CallPlan, leg_of
from crm_core.calls.rules.signals import (
    AcceptedBy,
    Begun,
    Fact,
    InvitationAnswered,
    Joined,
    Placed,
    Signal,
    TimePassed,
    TransferWished,
)
from crm_core.words.calls import Hears, LegAnswered, Scene
from crm_core.words.values.calls import CallState, LegMode, LegRole, LegState, LegValue, PromptValue
from crm_core.words.values.marks import Direction

ADA, BOB, CLEO, SUE = 11, 12, 13, 19
"""Three agents and a supervisor."""
SALES, REPAIRS = 3, 4
START = 1_000_000
NUMBER = "+48500600700"

T = TypeVar("T")


def said(code: str, **more: Any) -> PromptValue:
    """A prompt."""
    return PromptValue(seq=0, code=code, text=code, **more)


class Story:
    """One call; `now` moves on as the test says. Ids of legs are told by `new_id`."""

    def __init__(
        self, plan: CallPlan | None = None, *, out: bool = False, mode: str = "timeout", number: str = NUMBER
    ) -> None:
        self._ids = count(100)
        self.now = START
        self.facts: list[Fact] = []
        direction = Direction.OUT if out else Direction.IN
        contact = LegValue(
            id=1, role=LegRole.CUSTOMER, state=LegState.CONNECTED, made_at=START, since=START, connected_at=START,
            external_id="CA1",
        )  # fmt: skip
        self.call = Call(
            id=1, conversation_id=1, account_id=7, channel="x", direction=direction, state=CallState.RINGING,
            number=number, identity_id=5, queue_id=SALES if out else None, started_at=START, since=START,
            plan=plan or CallPlan(queue_id=SALES, wrap_up=30_000), wrap_up_mode=mode,
            legs=[] if out else [contact], external_id="" if out else "CA1",
        )  # fmt: skip

    # --- what happens ---

    def hears(self, signal: Signal, *, late: int = 0) -> list[Fact]:
        """A signal, that happened `late` ms ago; what followed from it."""
        step = advance(self.call, signal, self.now - late, spare_id=self.new_id(), told_at=self.now)
        self.call = step.call
        self.facts += step.facts
        return list(step.facts)

    def passes(self, milliseconds: int) -> list[Fact]:
        """Time, with whatever is due meanwhile."""
        until, before = self.now + milliseconds, len(self.facts)
        while (due := next_deadline(self.call)) is not None and due <= until:
            self.now = max(self.now, due)
            version = self.call.version
            self.hears(TimePassed())
            assert self.call.version > version, "a deadline came and changed nothing"
        self.now = until
        return self.facts[before:]

    def new_id(self) -> int:
        """An id that nothing has yet."""
        return next(self._ids)

    def begun(self) -> Story:
        """The call came and stands where its plan sends it."""
        self.hears(Begun())
        return self

    def accepted(self, agent_id: int = ADA, device: str = "tab1") -> LegValue:
        """An agent says yes; their leg, that is being connected."""
        leg_id = self.new_id()
        self.hears(AcceptedBy(agent_id=agent_id, leg_id=leg_id, device=device, name="Ada"))
        return self.leg(leg_id)

    def connected(self, leg_id: int | None) -> list[Fact]:
        """A leg is answered."""
        return self.hears(LegAnswered(leg_id=leg_id))

    def talking(self, agent_id: int = ADA) -> Story:
        """The caller speaks with an agent since now."""
        self.begun()
        self.connected(self.accepted(agent_id).id)
        assert self.call.state is CallState.TALKING
        return self

    def calling_out(self, agent_id: int = ADA) -> Story:
        """An agent is connected, and the contact's number is being called."""
        leg_id = self.new_id()
        self.hears(Placed(agent_id=agent_id, leg_id=leg_id, device="tab1"))
        self.connected(leg_id)
        return self

    def handed(self, by: int = ADA, *, attended: bool = False, **target: Any) -> int:
        """An agent hands the call on; the id for the new leg."""
        leg_id = self.new_id()
        self.hears(TransferWished(agent_id=by, leg_id=leg_id, attended=attended, **target))
        return leg_id

    def asks(self, agent_id: int, by: int = ADA) -> LegValue:
        """An agent asks a colleague, who is there; the colleague's leg."""
        leg_id = self.handed(by, attended=True, to_agent_id=agent_id)
        self.hears(InvitationAnswered(agent_id=agent_id, yes=True, device="tab2"))
        self.connected(leg_id)
        return self.leg(leg_id)

    def listens(self, mode: LegMode = LegMode.MONITOR, *, announce: bool = False) -> LegValue:
        """The supervisor listens, and is connected."""
        leg_id = self.new_id()
        self.hears(Joined(agent_id=SUE, leg_id=leg_id, mode=mode, device="tab9", announce=announce))
        self.connected(leg_id)
        return self.leg(leg_id)

    # --- how it stands ---

    @property
    def scene(self) -> Scene:
        """What its provider shall bring about."""
        return scene(self.call)

    def contact_hears(self) -> Hears:
        """What the contact hears."""
        contact = self.scene.customer
        assert contact is not None, "the contact is gone"
        return contact.hears

    def leg(self, leg_id: int) -> LegValue:
        """A leg by its id."""
        return next(leg for leg in self.call.legs if leg.id == leg_id)

    def leg_of(self, agent_id: int) -> LegValue | None:
        """The living leg of an agent."""
        return leg_of(self.call, agent_id)

    def told(self, kind: type[T]) -> list[T]:
        """Everything of one kind that the house has heard."""
        return [fact for fact in self.facts if isinstance(fact, kind)]
