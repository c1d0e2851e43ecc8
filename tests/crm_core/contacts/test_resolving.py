from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Executable, func, select
from sqlalchemy.engine import CursorResult

from crm_core.contacts import actions, queries
from crm_core.contacts.actions import NewAddress, NewContact
from crm_core.contacts.model import Identity
from crm_core.contacts.resolving import SEEN_EVERY, Seen, resolve, resolve_many
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.addresses import EXTERNAL, VISITOR, Address, email, phone
from crm_core.words.ids import Ids
from tests.peers.clock import VirtualClock

TARAS = email("taras@example.org")
MOBILE = phone("+380671234567")


def count(tx: Tx) -> int:
    found: int = tx.scalar(select(func.count()).select_from(Identity))
    return found


class CountingTx(Tx):
    """A transaction that counts its statements."""

    def __init__(self, tx: Tx) -> None:
        super().__init__(tx.connection, tx.now, cast(Ids, tx.new_id))
        self.statements = 0

    def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        self.statements += 1
        return super().execute(statement, parameters)

    def fetched(self, sql: str, parameters: Any) -> Sequence[tuple[Any, ...]]:
        self.statements += 1
        return super().fetched(sql, parameters)

    def run_many(self, sql: str, parameters: Sequence[Any]) -> None:
        self.statements += 1
        super().run_many(sql, parameters)


def resolve_counting(tx: Tx, people: Sequence[Seen]) -> int:
    counting = CountingTx(tx)
    resolve_many(counting, people)
    return counting.statements


async def test_an_address_is_one_identity_however_often_it_is_seen(db: Database) -> None:
    first = await db.write(resolve_many, [(TARAS, "Taras", {}), (MOBILE, "", {}), (TARAS, "", {})])
    again = await db.write(resolve_many, [(MOBILE, "", {}), (TARAS, "", {})])
    assert {a: k.id for a, k in first.items()} == {a: k.id for a, k in again.items()}
    assert again[TARAS].shown_name == "Taras"
    assert again[MOBILE].shown_name == "+380 67 123 4567"
    assert await db.read(count) == 2


async def test_the_same_value_in_another_scope_is_somebody_else(db: Database) -> None:
    shop, blog = Address(EXTERNAL, "17", "shop"), Address(EXTERNAL, "17", "blog")
    found = await db.write(resolve_many, [(shop, "A", {}), (blog, "B", {})])
    assert found[shop].id != found[blog].id


async def test_a_new_name_and_new_facts_are_kept_and_found(db: Database) -> None:
    await db.write(resolve, TARAS, "Taras", {"page": "/a", "language": "uk"})
    await db.write(resolve, TARAS, "", {"page": "/b"})
    known = await db.write(resolve, TARAS, "Тарас", {})
    value = await db.read(queries.identity, known.id)
    assert (value.name, value.facts) == ("Тарас", {"page": "/b", "language": "uk"})
    assert await db.read(queries.ids_named, "тарас") == [known.id]


async def test_last_seen_is_exact_to_five_minutes(db: Database, clock: VirtualClock) -> None:
    first = clock()
    known = await db.write(resolve, TARAS, "", {})
    clock.advance(SEEN_EVERY - 1)
    await db.write(resolve, TARAS, "", {})
    assert (await db.read(queries.identity, known.id)).last_seen == first
    clock.advance(1)
    await db.write(resolve, TARAS, "", {})
    assert (await db.read(queries.identity, known.id)).last_seen == clock()


async def test_the_name_shown_is_the_contacts(db: Database) -> None:
    contact = await db.write(actions.add, NewContact(name="Taras Shevchenko"))
    await db.write(actions.attach_address, contact, NewAddress(TARAS))
    known = await db.write(resolve, TARAS, "T.", {})
    assert (known.contact_id, known.shown_name) == (contact, "Taras Shevchenko")


async def test_a_browser_without_a_name_is_a_visitor(db: Database) -> None:
    known = await db.write(resolve, Address(VISITOR, "x7Qa", "shop"), "", {})
    assert known.shown_name == "Visitor"


async def test_a_batch_of_known_people_is_one_statement(db: Database) -> None:
    people = [(email(f"p{i}@example.org"), f"P{i}", {}) for i in range(50)]
    assert await db.write(resolve_counting, people) <= 4
    assert await db.write(resolve_counting, people) == 1
