"""Whatever was merged with whatever: undone in reverse, everything stands where it stood (CRM.md, I4)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, TypeAlias

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from crm_core.cases.model import Case
from crm_core.contacts import actions as rows
from crm_core.contacts import merging as merges
from crm_core.contacts import queries
from crm_core.contacts.actions import NewAddress, NewContact
from crm_core.contacts.model import Contact, Identity, Merge
from crm_core.conversations.model import Conversation
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.addresses import email
from hub.desk import merging
from tests.hub.desk.two_cards import CHIEF, a_case, a_conversation, merge_of

FIELDS = st.dictionaries(st.sampled_from(merges.FIELDS), st.sampled_from(list(merges.Side)), max_size=4)


def a_crowd(tx: Tx) -> list[int]:
    """Five people with an address, an open and a closed conversation and a case each; one has none of it."""
    people: list[int] = []
    for n in range(5):
        address = email(f"p{tx.new_id()}@example.org")
        wanted = NewContact(name=f"P{n}", company="Firm" if n % 2 else "", tags=[f"t{n}"], fields={f"f{n}": "x"})
        people.append(rows.add(tx, wanted))
        rows.attach_address(tx, people[-1], NewAddress(address))
        if n:
            a_conversation(tx, address)
            a_conversation(tx, address, is_closed=True)
            a_case(tx, people[-1])
    # A closed conversation whose address went to somebody else afterwards keeps the contact it was with.
    wanderer = rows.attach_address(tx, people[1], NewAddress(email(f"w{tx.new_id()}@example.org")))
    a_conversation(tx, queries.address_of(tx, wanderer), is_closed=True)
    rows.detach(tx, people[1], wanderer)
    rows.attach(tx, people[2], wanderer)
    return people


def state(tx: Tx, people: Sequence[int]) -> dict[str, Any]:
    """All that a merge may touch, but for versions."""

    def rows_of(theirs: Any, *columns: Any) -> list[tuple[Any, ...]]:
        return [tuple(r) for r in tx.all(select(*columns).where(theirs.in_(people)).order_by(columns[0]))]

    columns = [c for c in Contact.__table__.c if c.name != "version"]
    identities = (Identity.id, Identity.contact_id, Identity.is_primary)
    return {
        "contacts": rows_of(Contact.id, *columns),
        "identities": rows_of(Identity.contact_id, *identities),
        "conversations": rows_of(Conversation.contact_id, Conversation.id, Conversation.contact_id, Conversation.who),
        "cases": rows_of(Case.contact_id, Case.id, Case.contact_id, Case.who),
        "shown": [(c.name, c.root_id, [i.id for i in c.identities]) for c in queries.get_many(tx, people)],
    }


Step: TypeAlias = tuple[int, int, dict[str, str]] | None
"""Merge two of those who stand for themselves (the first by its place, the second by how many places further on) by
these choices, or undo the last merge."""


def there_and_back(tx: Tx, plan: Sequence[Step]) -> int:
    """Merge and undo as planned, then undo the rest in reverse; how many stood at once."""
    people = a_crowd(tx)
    stood: list[tuple[int, dict[str, Any]]] = []
    most = 0

    def undo() -> None:
        merge_id, before = stood.pop()
        merging.unmerge(tx, CHIEF, merge_id)
        assert state(tx, people) == before

    for step in plan:
        standing = [i for i in people if queries.row(tx, i).root_id is None]
        if step is not None and len(standing) > 1:
            place, further, choices = step
            at = place % len(standing)
            absorbed = standing[(at + 1 + further % (len(standing) - 1)) % len(standing)]
            before = state(tx, people)
            merging.merge(tx, CHIEF, standing[at], absorbed, choices)
            stood.append((merge_of(tx, standing[at]), before))
            most = max(most, len(stood))
            must_be_flat(tx, people, len(stood))
        elif step is None and stood:
            undo()
    while stood:
        undo()
    return most


def must_be_flat(tx: Tx, people: Sequence[int], merged: int) -> None:
    """Each merge makes one contact less that stands for itself, and whoever stands for another does."""
    found = tx.all(select(Contact.id, Contact.root_id).where(Contact.id.in_(people), Contact.root_id.is_not(None)))
    assert len(found) == merged
    assert not {r.root_id for r in found} & {r.id for r in found}


async def test_any_merges_undone_in_reverse_leave_everything_as_it_was(db: Database) -> None:
    loop = asyncio.get_running_loop()
    person = st.integers(0, 4)
    sizes: list[int] = []

    @settings(
        max_examples=25,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(plan=st.lists(st.tuples(person, person, FIELDS) | st.none(), max_size=12))
    def holds(plan: list[Step]) -> None:
        sizes.append(asyncio.run_coroutine_threadsafe(db.write(there_and_back, plan), loop).result(60))

    await asyncio.to_thread(holds)
    assert max(sizes) >= 3
    assert await db.read(lambda tx: tx.first(select(Merge.id).where(Merge.undone_at.is_(None)))) is None
