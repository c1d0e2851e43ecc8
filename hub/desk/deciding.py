"""A case in somebody's hands: who may decide about it, and what every decision leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from crm_core.cases import actions, queries, rules
from crm_core.cases.rows import case_value
from crm_core.cases.rules import Decision
from crm_core.conversations import actions as conversations
from crm_core.conversations import queries as conversation_queries
from crm_core.staff import queries as staff
from crm_core.store import jobs
from crm_core.store.transaction import AnyRow, Tx
from crm_core.words.errors import Conflict, Denied
from crm_core.words.permissions import Actor, Permission
from crm_core.words.values import Author, AuthorKind, CaseKind, CaseValue, StageCategory
from hub.desk.assignments import author_of

RETURN: Final = "return_lead"
"""The kind of the job that brings a lead back when its time has come; its key is the case's id."""

Facts: TypeAlias = Mapping[str, str | int | None]
"""What a line of the timeline tells besides its code."""

_SYSTEM: Final = Author(kind=AuthorKind.SYSTEM)


@dataclass(frozen=True, slots=True)
class Held:
    """A case as it was read, kept from other writers until the transaction ends. No actor: the machine decides."""

    tx: Tx
    actor: Actor | None
    row: AnyRow

    @classmethod
    def locked(cls, tx: Tx, actor: Actor, case_id: int) -> Held:
        """A case that the actor may read. Raises Denied, NotFound."""
        actor.must(Permission.WORK)
        known = queries.readable_row(tx, actor, case_id)
        if known.conversation_id is not None:
            # Conversations are locked before cases, as where both begin.
            conversation_queries.row(tx, known.conversation_id, lock=True)
        return cls(tx, actor, queries.readable_row(tx, actor, case_id, lock=True))

    @classmethod
    def taken(
        cls, tx: Tx, actor: Actor, case_id: int, version: int | None, *, decision: Decision | None = None
    ) -> Held:
        """A case that the actor may decide about: their own, nobody's, or with ASSIGN_OTHERS anybody's.

        Raises Denied, NotFound, and Conflict when it is not at `version` any more or does not take the decision.
        """
        held = cls.locked(tx, actor, case_id)
        if held.row.owner_id not in (None, actor.agent_id) and not actor.may(Permission.ASSIGN_OTHERS):
            raise Denied("This case is a colleague's. Ask them, or a supervisor.", why="colleagues_case")
        held.must_be(version)
        if decision is not None:
            held.must_allow(decision)
        return held

    @property
    def value(self) -> CaseValue:
        """The case as it was read."""
        return case_value(self.row._mapping)

    @property
    def owner_or_actor(self) -> int | None:
        """Whose the case is when a decision is made about it."""
        owner: int | None = self.row.owner_id
        return owner if owner is not None or self.actor is None else self.actor.agent_id

    def must_be(self, version: int | None) -> None:
        """Raises Conflict when the case is not at this version any more."""
        if version is not None and self.row.version != version:
            raise Conflict(version=self.row.version)

    def must_allow(self, decision: Decision) -> None:
        """Raises Conflict when the case does not take the decision as it stands."""
        rules.must_allow(decision, CaseKind(self.row.kind), StageCategory(self.row.category))

    def must_be_free(self) -> None:
        """Raises Conflict when a colleague has the case; the sentence says who."""
        owner = self.row.owner_id
        if self.actor is not None and owner not in (None, self.actor.agent_id):
            raise Conflict(
                "{name} has this case.", why="case_taken", name=staff.row(self.tx, owner).name, owner_id=owner
            )

    def must_be_only_lead(self) -> None:
        """Raises Conflict when another lead of the same address is open."""
        if self.row.identity_id is None or self.row.kind != CaseKind.LEAD:
            return
        other = queries.open_lead_of(self.tx, self.row.identity_id, but=self.row.id)
        if other is not None:
            raise Conflict("Another lead of theirs is open. Go on there.", why="other_lead", case_id=other)

    def into(self, category: StageCategory, key: str = "") -> dict[str, Any]:
        """The columns of the case in the stage of its pipeline that means this. Raises Conflict when it has none."""
        return actions.into(self.tx, actions.stage_of(self.tx, self.row, category, key))

    def forget_return(self) -> None:
        """The lead does not come back by itself any more."""
        jobs.cancel(self.tx, RETURN, str(self.row.id))

    def decide(
        self,
        decision: Decision,
        values: Mapping[str, Any],
        *,
        facts: Facts | None = None,
        also: Mapping[str, Any] | None = None,
    ) -> CaseValue:
        """Write a decision, and a line about it where the case began."""
        agent_id = None if self.actor is None else self.actor.agent_id
        case = actions.decide(self.tx, self.row, decision, agent_id, values, also=also)
        if self.row.conversation_id is not None:
            noun = "lead" if CaseKind.LEAD in (self.row.kind, case.kind) else "case"
            name = self.actor.name if self.actor else "Switchboard"
            said: Facts = {"agent": name, "number": case.number, "case_id": case.id, **(facts or {})}
            by = author_of(self.actor) if self.actor else _SYSTEM
            conversations.add_notice(self.tx, self.row.conversation_id, f"{noun}_{decision}", said, by=by)
        return case

    def lose(
        self,
        decision: Decision,
        values: Mapping[str, Any],
        *,
        facts: Facts | None = None,
        also: Mapping[str, Any] | None = None,
    ) -> CaseValue:
        """End a lead in the stage that is for such an end."""
        self.forget_return()
        ended = {**self.into(StageCategory.LOST, decision), "owner_id": self.owner_or_actor, **values}
        return self.decide(decision, ended, facts=facts, also=also)

    def set_case(self, case_id: int) -> None:
        """Let the conversation in which the case began be about this case, and record it."""
        changed = conversations.change(self.tx, self.row.conversation_id, case_id=case_id)
        conversations.changed(self.tx, changed)
