"""How identities are reached by accounts: threads to answer in, silences, and what stands against writing."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from crm_core.contacts.model import Reach
from crm_core.store.prepared import ManyRows, RowsOf, one_of
from crm_core.store.transaction import Tx
from crm_core.words.clock import MINUTE, Moment
from crm_core.words.content import ReachState
from crm_core.words.text import one_line

HEARD_EVERY: Final = 5 * MINUTE
"""How exact `heard_at` is: who writes ten messages a minute is not a write more for each."""

UNREACHABLE: Final = frozenset({ReachState.BLOCKED, ReachState.BOUNCED})
"""What was found out about an address, and not asked for by whoever has it."""

_TABLE = Reach.__table__
_insert = ManyRows(insert(Reach))
_insert_if_first = ManyRows(postgresql.insert(Reach).on_conflict_do_nothing())
_hear = ManyRows(
    update(Reach)
    .where(Reach.identity_id == bindparam("identity_id_"), Reach.account_id == bindparam("account_id_"))
    .values(thread=bindparam("thread_"), heard_at=bindparam("heard_at_"))
)
_of = RowsOf(lambda is_sqlite: select(*_TABLE.c).where(one_of(Reach.identity_id, "identities", is_sqlite=is_sqlite)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """An identity and an account that reaches it."""

    identity_id: int
    account_id: int
    thread: str
    heard_at: Moment | None
    state: ReachState
    reason: str
    said_at: Moment | None
    answered_at: Moment | None


def heard_many(tx: Tx, heard: Sequence[tuple[int, int, str]]) -> Set[tuple[int, int]]:
    """Note that identities wrote: (identity id, account id, thread). One statement when nothing changed.

    The answer: of which it was thought that nothing reaches them there, as (identity id, account id).
    """
    newest = {(identity_id, account_id): thread for identity_id, account_id, thread in heard}
    known = {(w.identity_id, w.account_id): w for w in of_identities(tx, [identity_id for identity_id, _ in newest])}
    missing: list[dict[str, Any]] = []
    stale: list[dict[str, Any]] = []
    for (identity_id, account_id), thread in newest.items():
        way = known.get((identity_id, account_id))
        if way is None:
            missing.append(_new(tx, identity_id, account_id, thread=thread, heard_at=tx.now))
        elif way.thread != thread or way.heard_at is None or tx.now - way.heard_at >= HEARD_EVERY:
            stale.append({"identity_id": identity_id, "account_id": account_id, "thread": thread, "heard_at": tx.now})
    (_insert if tx.is_sqlite else _insert_if_first).run(tx, missing)
    _hear.run(tx, sorted(stale, key=lambda row: (row["identity_id"], row["account_id"])))
    return {pair for pair in newest if pair in known and known[pair].state in UNREACHABLE}


def of_identities(tx: Tx, identity_ids: Sequence[int]) -> list[Way]:
    """Every way that was used to or from these identities."""
    if not identity_ids:
        return []
    return [_way(row) for row in _of.all(tx, {"identities": sorted(set(identity_ids))})]


def way(tx: Tx, identity_id: int, account_id: int) -> Way | None:
    """One way; none when nothing ever came or went by it."""
    found = [w for w in of_identities(tx, [identity_id]) if w.account_id == account_id]
    return found[0] if found else None


# house: parameters because a way is an identity and an account, and its state has a time and a reason
def set_state(
    tx: Tx, identity_id: int, account_id: int, state: ReachState, reason: str = "", *, at: Moment | None = None
) -> bool:
    """Note what stands against writing, or nothing any more. False when it was so before, or is outdated.

    `at`: when it was said, now if nobody knows. What comes late, after something that was said later, changes
    nothing; a time to come counts as now, since it would silence all that follows.
    """
    said_at = tx.now if at is None else min(at, tx.now)
    known = way(tx, identity_id, account_id)
    if known is not None and known.said_at is not None and said_at < known.said_at:
        return False
    if known is not None and known.state is state:
        if known.said_at != said_at:
            _upsert(tx, identity_id, account_id, said_at=said_at)
        return False
    _upsert(tx, identity_id, account_id, state=state, reason=one_line(reason, most=200), said_at=said_at)
    return True


def answered(tx: Tx, identity_id: int, account_id: int) -> None:
    """Note that a machine of ours answered them now."""
    _upsert(tx, identity_id, account_id, answered_at=tx.now)


def _upsert(tx: Tx, identity_id: int, account_id: int, **values: Any) -> None:
    insert_one = sqlite.insert(Reach) if tx.is_sqlite else postgresql.insert(Reach)
    row = insert_one.values(**{**_new(tx, identity_id, account_id), **values})
    tx.execute(row.on_conflict_do_update(index_elements=["identity_id", "account_id"], set_=values))


def _new(
    tx: Tx, identity_id: int, account_id: int, *, thread: str = "", heard_at: Moment | None = None
) -> dict[str, Any]:
    return {
        "identity_id": identity_id,
        "account_id": account_id,
        "ws": tx.ws,
        "thread": thread,
        "heard_at": heard_at,
        "state": ReachState.OK,
        "reason": "",
        "said_at": None,
        "answered_at": None,
    }


def _way(row: dict[str, Any]) -> Way:
    return Way(
        identity_id=row["identity_id"],
        account_id=row["account_id"],
        thread=row["thread"],
        heard_at=row["heard_at"],
        state=ReachState(row["state"]),
        reason=row["reason"],
        said_at=row["said_at"],
        answered_at=row["answered_at"],
    )
