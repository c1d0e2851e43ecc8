"""The only commit in the house.

A write is a synchronous function `action(tx, …)` handed to `await db.write(action, …)`. One thread runs
what has queued while the last commit was on its way to the disk, each unit in a savepoint of its own, then
commits once and tells the callers. So a transaction never awaits, a failing unit fails alone, and a caller
that was told "stored" was told after the disk had it. A read is `await db.read(question, …)` on a
read-only connection of a small thread pool.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import structlog
from sqlalchemy import Connection, Engine

from crm_core.store.engine import make_engine, make_reader, translated
from crm_core.store.journal import Committed, append
from crm_core.store.transaction import Batch, Tx
from crm_core.words.clock import Clock, monotonic, system_clock
from crm_core.words.errors import HubError, Overloaded, StoreUnavailable
from crm_core.words.ids import Ids

P = ParamSpec("P")
R = TypeVar("R")

BATCH: Final = 256
"""Units in one commit, at most."""
WAITING: Final = 20_000
"""Units that may wait before callers are told Overloaded."""

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class _Unit:
    action: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None
    tries: int = field(default=0)
    since: float = field(default_factory=monotonic)

    @property
    def is_abandoned(self) -> bool:
        return self.future.cancelled()


class Database:
    """An open database. Make it with `Database.open`, end it with `close`."""

    def __init__(self, url: str, engine: Engine, clock: Clock, ids: Ids) -> None:
        self.url = url
        self.clock = clock
        self.ids = ids
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._engine = engine
        self._reader = make_reader(url)
        self._readers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="reader")
        self._turn: list[_Unit] = []
        """What was handed in during this turn of the event loop."""
        self._turns: queue.SimpleQueue[list[_Unit] | None] = queue.SimpleQueue()
        self._waiting = 0
        self._closing = False
        self._loop = asyncio.get_running_loop()
        self._listeners: list[Callable[[Sequence[Committed]], None]] = []
        self.measured: Callable[[int, float], None] = lambda _units, _seconds: None
        """Is told, in the event loop, the writes of each commit and the seconds that the longest of them took."""
        self._writer = threading.Thread(target=self._write_loop, name="writer", daemon=True)
        self._writer.start()

    @classmethod
    async def open(cls, url: str, *, clock: Clock = system_clock, node: int = 0) -> Database:
        """Open a migrated database. `node` (0–15) differs between processes that write to the same one.

        Raises StoreUnavailable when it cannot be reached.
        """
        engine = make_engine(url)
        try:
            await asyncio.to_thread(_touch, engine)
        except Exception as error:
            engine.dispose()
            raise translated(error) from error
        return cls(url, engine, clock, Ids(clock, node=node))

    @property
    def waiting(self) -> int:
        """Writes that were handed in and are not durable yet."""
        return self._waiting

    def subscribe(self, listener: Callable[[Sequence[Committed]], None]) -> None:
        """Call `listener` in the event loop with the events of each commit, in commit order."""
        self._listeners.append(listener)

    async def write(self, action: Callable[Concatenate[Tx, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `action` in a transaction; return its result once it is durable.

        What the action raises is raised here and nothing of it is stored. Raises StoreUnavailable
        (StoreFull, Overloaded) when the database cannot take it now.
        """
        if self._closing:
            raise StoreUnavailable("The hub is shutting down. Nothing was stored; try again in a moment.")
        if self._waiting >= WAITING:
            raise Overloaded
        unit = _Unit(action, args, kwargs, self._loop.create_future())
        self._waiting += 1
        if not self._turn:
            # One turn's writes go together: the writer is woken once for all that came in at the same time.
            self._loop.call_soon(self._hand_over)
        self._turn.append(unit)
        result: R = await unit.future
        return result

    async def read(self, question: Callable[Concatenate[Tx, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Answer a question from one consistent state of the database. The connection cannot write."""
        return await self._loop.run_in_executor(self._readers, lambda: self._ask(question, *args, **kwargs))

    async def close(self) -> None:
        """Finish what has queued, then let go of the database."""
        self._closing = True
        self._hand_over()
        self._turns.put(None)
        await asyncio.to_thread(self._writer.join)
        self._readers.shutdown(wait=True)
        self._engine.dispose()
        self._reader.dispose()

    def _ask(self, question: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with self._reader.connect() as connection, connection.begin():
                return question(Tx(connection, self.clock(), self.ids), *args, **kwargs)
        except HubError:
            raise
        except Exception as error:
            raise translated(error) from error

    # --- the writer thread ------------------------------------------------------------------------

    def _hand_over(self) -> None:
        if self._turn:
            turn, self._turn = self._turn, []
            self._turns.put(turn)

    def _write_loop(self) -> None:
        ending = False
        waiting: list[_Unit] = []
        while not ending or waiting:
            if not waiting and not ending:
                first = self._turns.get()
                ending = first is None
                waiting = first or []
            ending = self._take_queued(waiting) or ending
            units, waiting = waiting[:BATCH], waiting[BATCH:]
            if units:
                self._commit(units)

    def _take_queued(self, units: list[_Unit]) -> bool:
        while len(units) < BATCH:
            try:
                turn = self._turns.get_nowait()
            except queue.Empty:
                return False
            if turn is None:
                return True
            units += turn
        return False

    def _commit(self, units: list[_Unit]) -> None:
        committed: Sequence[Committed] = ()
        live = [unit for unit in units if not unit.is_abandoned]
        groups = _grouped(live)
        try:
            committed = self._alone(groups[0]) if len(groups) == 1 else self._together(groups)
        except Exception as error:
            reason = translated(error)
            if not isinstance(reason, StoreUnavailable):
                log.error("a commit failed", exc_info=error)
            for unit in live:
                unit.error, unit.result = reason, None
            committed = ()
        try:
            self._loop.call_soon_threadsafe(self._tell, units, committed)
        except RuntimeError:
            log.warning("the event loop ended before a commit could be told")

    def _together(self, groups: list[list[_Unit]]) -> Sequence[Committed]:
        with self._engine.connect() as connection, connection.begin():
            tx = Tx(connection, self.clock(), self.ids)
            for group in groups:
                _run_group(tx, group)
            return append(tx)

    def _alone(self, group: list[_Unit]) -> Sequence[Committed]:
        """Without a savepoint, for which SQLite keeps every page as it was: the transaction is undone instead."""
        with self._engine.connect() as connection, connection.begin() as transaction:
            tx = Tx(connection, self.clock(), self.ids)
            if _try_many(tx, group) if len(group) > 1 else _try(tx, group[0]):
                return append(tx)
            transaction.rollback()
        return self._together([[unit] for unit in group]) if len(group) > 1 else ()

    def _tell(self, units: list[_Unit], committed: Sequence[Committed]) -> None:
        self._waiting -= len(units)
        self.measured(len(units), monotonic() - units[0].since)
        if committed:
            for listener in self._listeners:
                try:
                    listener(committed)
                except Exception as error:
                    # The commit stands: whoever waits for it is told, whatever a listener made of it.
                    log.error("a listener failed", exc_info=error)
        for unit in units:
            if unit.future.done():
                continue
            if unit.error is not None:
                unit.future.set_exception(unit.error)
            else:
                unit.future.set_result(unit.result)


def _touch(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")


def _grouped(units: list[_Unit]) -> list[list[_Unit]]:
    """Units whose action can be done for many at once stand together; the rest alone, in order of arrival."""
    groups: list[list[_Unit]] = []
    by_action: dict[Callable[..., Any], list[_Unit]] = {}
    for unit in units:
        if not isinstance(unit.action, Batch) or unit.kwargs:
            groups.append([unit])
        elif unit.action in by_action:
            by_action[unit.action].append(unit)
        else:
            by_action[unit.action] = [unit]
            groups.append(by_action[unit.action])
    return groups


def _run_group(tx: Tx, group: list[_Unit]) -> None:
    if len(group) > 1:
        before = len(tx.events)
        tx.savepoint()
        if _try_many(tx, group):
            tx.release_savepoint()
            return
        tx.rollback_to_savepoint(before)
    for unit in group:
        _run_alone(tx, unit)


def _run_alone(tx: Tx, unit: _Unit) -> None:
    before = len(tx.events)
    tx.savepoint()
    if _try(tx, unit):
        tx.release_savepoint()
    else:
        tx.rollback_to_savepoint(before)


def _try_many(tx: Tx, group: list[_Unit]) -> bool:
    """Run units of a batch together; false when that cannot be, and all that was written has to be undone."""
    action = group[0].action
    assert isinstance(action, Batch), "what is not a batch is not grouped"
    try:
        results = action.many(tx, [unit.args for unit in group])
    except Exception:
        return False
    for unit, result in zip(group, results, strict=True):
        if isinstance(result, BaseException):
            unit.error = result
        else:
            unit.result = result
    return True


def _try(tx: Tx, unit: _Unit) -> bool:
    """Run one unit; false when it failed, which it is told, and what it wrote has to be undone."""
    try:
        unit.result = unit.action(tx, *unit.args, **unit.kwargs)
    except HubError as error:
        unit.error = error
    except Exception as error:
        if _ends_the_transaction(tx.connection, error):
            raise
        log.error("a write failed", exc_info=error)
        unit.error = translated(error)
    return unit.error is None


def _ends_the_transaction(connection: Connection, error: Exception) -> bool:
    """Disk full, lost connections and lock time-outs take the whole transaction with them."""
    return connection.invalidated or isinstance(translated(error), StoreUnavailable)
