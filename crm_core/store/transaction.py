"""What an action holds while it writes, and a question while it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Concatenate, Generic, ParamSpec, TypeAlias, TypeVar

from sqlalchemy import Connection, Executable, Row, RowMapping
from sqlalchemy.engine import CursorResult

from crm_core.store.base import WORKSPACE
from crm_core.words.clock import Moment
from crm_core.words.events import AnyEvent
from crm_core.words.ids import Ids

P = ParamSpec("P")
R = TypeVar("R")

AnyRow: TypeAlias = Row[Any]
"""A row of an answer, for those who may not import SQLAlchemy."""

Fields: TypeAlias = Mapping[str, Any] | RowMapping
"""Columns by name: a row of an answer, or one that is still to be written."""


class Tx:
    """An open transaction: statements, the time it began, new ids, and the events it records."""

    __slots__ = ("_raw", "connection", "events", "is_sqlite", "new_id", "now", "ws")

    def __init__(self, connection: Connection, now: Moment, ids: Ids) -> None:
        self.connection = connection
        self.now = now
        self.new_id: Callable[[], int] = ids
        self.ws = WORKSPACE
        self.is_sqlite = connection.dialect.name == "sqlite"
        self.events: list[AnyEvent] = []
        self._raw: Any = connection.connection.dbapi_connection

    def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        """Run one statement; a list of parameter sets runs it for each."""
        return self.connection.execute(statement, parameters)

    def all(self, statement: Executable, parameters: Any = None) -> Sequence[Row[Any]]:
        """Every row of the answer."""
        return self.connection.execute(statement, parameters).all()

    def first(self, statement: Executable, parameters: Any = None) -> Row[Any] | None:
        """The first row, or none."""
        return self.connection.execute(statement, parameters).first()

    def scalar(self, statement: Executable, parameters: Any = None) -> Any:
        """The first column of the first row, or none."""
        return self.connection.execute(statement, parameters).scalar()

    def changed(self, statement: Executable, parameters: Any = None) -> int:
        """Run an UPDATE or DELETE; how many rows it met. Compare-and-set is `if not tx.changed(…): raise`."""
        return self.connection.execute(statement, parameters).rowcount

    def fetched(self, sql: str, parameters: Any) -> Sequence[tuple[Any, ...]]:
        """Every row of the answer to the driver's own SQL, as the driver gives it. For `crm_core.store.prepared`."""
        cursor = self._raw.cursor()
        try:
            cursor.execute(sql, parameters)
            rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
        finally:
            cursor.close()
        return rows

    def run_many(self, sql: str, parameters: Sequence[Any]) -> None:
        """Run the driver's own SQL for each parameter set. For `crm_core.store.prepared`."""
        cursor = self._raw.cursor()
        try:
            cursor.executemany(sql, parameters)
        finally:
            cursor.close()

    def record(self, event: AnyEvent) -> None:
        """Write an event into the journal with this transaction, and tell the world after the commit."""
        self.events.append(event)

    def savepoint(self) -> None:
        # Straight to the driver: SQLAlchemy's nested transactions cost more than the statements they guard.
        self._raw.execute("SAVEPOINT unit")

    def release_savepoint(self) -> None:
        self._raw.execute("RELEASE SAVEPOINT unit")

    def rollback_to_savepoint(self, events_before: int) -> None:
        self._raw.execute("ROLLBACK TO SAVEPOINT unit")
        self._raw.execute("RELEASE SAVEPOINT unit")
        del self.events[events_before:]


class Batch(Generic[P, R]):
    """An action that can be done for many callers in a few statements.

    `many` takes a list of argument tuples and gives a result, or an exception, for each, in order. Its
    effect is that of running `one` for each in turn; where that is not certain it raises, and the writer
    runs them one by one.
    """

    def __init__(
        self,
        one: Callable[Concatenate[Tx, P], R],
        many: Callable[[Tx, Sequence[tuple[Any, ...]]], Sequence[R | BaseException]],
    ) -> None:
        self.one = one
        self.many = many
        self.__name__ = getattr(one, "__name__", "batch")
        self.__doc__ = one.__doc__

    def __call__(self, tx: Tx, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.one(tx, *args, **kwargs)
