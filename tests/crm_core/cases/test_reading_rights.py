"""Who may read a case stands twice: as Python for one, as SQL for lists. They are one rule."""

from __future__ import annotations

import itertools

from crm_core.cases import opening, queries
from crm_core.cases.opening import NewCase
from crm_core.cases.queries import CaseListing, Sort
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.permissions import Actor, may_read_case
from crm_core.words.values import CaseValue, Role

ANN, BEA = 101, 102
SALES, SUPPORT, ELSEWHERE = 10, 20, 30
ACTORS = [
    Actor(agent_id, "Somebody", role, frozenset(queues))
    for agent_id, role, queues in itertools.product((ANN, BEA), Role, ((), (SALES,), (SALES, SUPPORT), (ELSEWHERE,)))
]


def every_kind(tx: Tx) -> list[CaseValue]:
    """A case in each queue or none, of each agent or nobody."""
    owners = itertools.product((None, SALES, SUPPORT), (None, ANN, BEA))
    new = [NewCase(who=f"{q} {o}", queue_id=q, owner_id=o, source="webchat" if q else "email") for q, o in owners]
    return opening.open_many(tx, new)


async def test_the_rule_in_sql_is_the_rule_in_python(db: Database) -> None:
    made = await db.write(every_kind)
    sizes = set()
    for actor in ACTORS:
        in_sql = {c.id for c in (await db.read(queries.page, actor, CaseListing())).items}
        assert in_sql == {c.id for c in made if may_read_case(actor, c)}, actor
        sizes.add(len(in_sql))
    assert min(sizes) < len(made) / 2
    assert max(sizes) == len(made)


async def test_pages_follow_each_other_in_every_order(db: Database) -> None:
    made = [c.id for c in await db.write(every_kind)]
    boss = Actor(1, "Boss", Role.SUPERVISOR)
    for sort, expected in ((Sort.NEWEST, made[::-1]), (Sort.OLDEST, made), (Sort.STAGE_SINCE, made)):
        seen: list[int] = []
        cursor = None
        while True:
            page = await db.read(queries.page, boss, CaseListing(sort=sort, cursor=cursor, limit=4))
            seen += [c.id for c in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert seen == expected, sort


async def test_lists_are_narrowed_and_counted(db: Database) -> None:
    made = await db.write(every_kind)
    ann = Actor(ANN, "Ann", Role.AGENT, frozenset({SALES}))

    async def ids(**wanted: object) -> set[int]:
        listing = CaseListing(**wanted)  # type: ignore[arg-type]
        return {c.id for c in (await db.read(queries.page, ann, listing)).items}

    readable = {c.id for c in made if may_read_case(ann, c)}
    assert await ids(owner_id=ANN) == {c.id for c in made if c.owner_id == ANN}
    assert await ids(owner_id=0) == {c.id for c in made if c.owner_id is None and c.queue_id == SALES}
    assert await ids(open=True) == readable
    assert await ids(open=False) == set()
    assert await ids(source="email") == {c.id for c in made if c.source == "email" and c.id in readable}
    assert await ids(text=f"#{made[3].number}") == {made[3].id} & readable
    assert await ids(text="nobody") == set()
    assert await db.read(queries.counts, ann) == {"new": len(readable), "mine": 3, "unowned": 1}
