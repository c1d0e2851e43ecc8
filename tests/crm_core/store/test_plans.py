"""Questions that are asked all the time are answered from an index, also by SQLite's cautious planner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest
from sqlalchemy import event

from crm_core.calls import actions
from crm_core.calls import queries as calls
from crm_core.cases import opening
from crm_core.cases import queries as cases
from crm_core.cases.queries import CaseListing
from crm_core.contacts.resolving import KnownIdentity, resolve_many
from crm_core.conversations import queries as conversations
from crm_core.conversations import timeline
from crm_core.conversations.opening import Wanted, open_or_continue
from crm_core.conversations.queries import Listing, View
from crm_core.staff import queries as staff
from crm_core.store import outbox
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.addresses import Address, email
from crm_core.words.ids import Ids
from crm_core.words.permissions import Actor
from crm_core.words.values import CaseKind, EntryKind, Role
from crm_core.work import actions as work
from crm_core.work import queues

AGENT = Actor(1, "Olena", Role.AGENT, frozenset({10, 20}))
STRANGER = KnownIdentity(5, email("a@example.org"), "", None, "a@example.org")
KNOWN = KnownIdentity(6, email("b@example.org"), "", 7, "B")
QUESTIONS: dict[str, Callable[[Tx], Any]] = {
    "whose addresses": lambda tx: resolve_many(
        tx, [(email("a@example.org"), "", {}), (Address("visitor", "x", "shop"), "", {})]
    ),
    "seen before": lambda tx: timeline.seen_before(tx, [(1, "a"), (1, "b"), (2, "c")]),
    "continued": lambda tx: open_or_continue(
        tx, [Wanted(STRANGER, 1, "webchat", "t"), Wanted(KNOWN, 1, "webchat", "t")]
    ),
    "leads of who writes": lambda tx: opening.known(tx, [5, 6], [7]),
    "a caller": lambda tx: (
        actions.known(tx, 1, "CA1"),
        calls.phoning(tx, 1),
        calls.wrapping(tx, 1),
        calls.goes_on_in(tx, 1, 2),
        calls.calls_of(tx, 1),
        timeline.last_of(tx, 1, [EntryKind.CALL, EntryKind.MESSAGE], most=5),
    ),
    "work of a caller": lambda tx: (
        work.open_work(tx, 1),
        work.open_work_of_call(tx, 1, "talk"),
        work.open_work_of_calls(tx, [1, 2], "talk"),
        work.cooling_of(tx, [1, 2]),
        work.withdraw_of_work(tx, 1),
    ),
    "leads": lambda tx: cases.page(tx, AGENT, CaseListing(kind=CaseKind.LEAD, open=True)),
    "counts of leads": lambda tx: cases.counts(tx, AGENT),
    "cases of a contact": lambda tx: cases.of_contact(tx, AGENT, 7),
    "mine": lambda tx: conversations.page(tx, AGENT, Listing(view=View.MINE)),
    "my queues": lambda tx: conversations.page(tx, AGENT, Listing(view=View.QUEUE)),
    "one queue": lambda tx: conversations.page(tx, AGENT, Listing(view=View.QUEUE, queue_id=10)),
    "held": lambda tx: conversations.held_by(tx, 1),
    "capacity": lambda tx: work.units_held(tx, 1),
    "offers": lambda tx: (work.pending_offers(tx), work.due_offers(tx), work.next_deadline(tx)),
    "agents": lambda tx: staff.agents(tx),
    "deliveries": lambda tx: (outbox.claim(tx, 1, "t", 1, 10), outbox.lanes(tx), outbox.expired(tx)),
    "queue": lambda tx: queues.queues(tx),
}
ARRIVING = ("whose addresses", "seen before", "continued", "leads of who writes", "a caller", "work of a caller")
"""Questions of every message and every call, which many times a second ask the same."""
SMALL = ("agent", "queue", "queue_member")
"""Tables that have as many rows as people or queues: reading them whole is no harm."""


class NotingTx(Tx):
    """A transaction that notes the questions that are prepared for the driver."""

    def __init__(self, tx: Tx, asked: list[tuple[str, Any]]) -> None:
        super().__init__(tx.connection, tx.now, cast(Ids, tx.new_id))
        self.asked = asked

    def fetched(self, sql: str, parameters: Any) -> Sequence[tuple[Any, ...]]:
        self.asked.append((sql, parameters))
        return super().fetched(sql, parameters)


def plans(tx: Tx, question: Callable[[Tx], Any]) -> list[str]:
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if not many:
            asked.append((statement, parameters))

    event.listen(tx.connection, "before_cursor_execute", note)
    question(NotingTx(tx, asked))
    event.remove(tx.connection, "before_cursor_execute", note)
    raw = tx.connection.connection.dbapi_connection
    assert raw is not None
    found: list[str] = []
    for statement, parameters in asked:
        if statement.lstrip().upper().startswith(("SELECT", "WITH", "UPDATE")):
            found += [row[-1] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("name", QUESTIONS)
async def test_no_table_that_grows_is_read_whole(name: str, make_database: Callable[[str], str]) -> None:
    db = await Database.open(make_database("sqlite"))
    steps = await db.write(plans, QUESTIONS[name])
    await db.close()
    assert steps
    scans = [s for s in steps if s.startswith("SCAN ") and "CONSTANT ROW" not in s and "(subquery" not in s]
    whole = [s for s in scans if "USING INDEX" not in s and "USING COVERING INDEX" not in s]
    tables = [s.split()[1] for s in whole]
    assert [t for t in tables if t not in SMALL and not t.startswith("anon_")] == []


@pytest.mark.parametrize("name", ARRIVING)
async def test_what_arrives_is_not_compared_with_all_there_is_of_its_workspace(
    name: str, make_database: Callable[[str], str]
) -> None:
    db = await Database.open(make_database("sqlite"))
    steps = await db.write(plans, QUESTIONS[name])
    await db.close()
    assert steps
    assert [s for s in steps if s.startswith("SEARCH ") and s.endswith("(ws=?)")] == []
