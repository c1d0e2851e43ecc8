"""Statements for many rows at once, compiled once and handed to the driver as they are.

SQLAlchemy works out the parameters of each row anew, which costs more than the row does. On the way of every
inbound message and of every signal of a call the statement is compiled once per database, a row's values are
picked by name, and the answer's rows come as plain dicts, or as the rows that `Tx.first` gives. Everywhere else
`Tx.execute` is quick enough and says more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, TypeAlias

from sqlalchemy import JSON, Dialect, Row, Select, Table, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import result_tuple
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate
from sqlalchemy.sql.elements import ClauseElement

from crm_core.store.transaction import Fields, Tx

Convert = Callable[[Any], Any]
AnySelect: TypeAlias = Select[*tuple[Any, ...]]
Answering: TypeAlias = AnySelect | ReturningInsert[*tuple[Any, ...]] | ReturningUpdate[*tuple[Any, ...]]
ONE_MORE: Final = object()
"""As a value for `ChangeOf`: what the column has, and one."""
_JSON: Final = JSON()


class ManyRows:
    """An INSERT, UPDATE or DELETE whose parameters are all bound by name; run for many rows.

    A parameter of an UPDATE ends with `_`, since SQLAlchemy keeps the columns' own names for itself; it is
    filled from the row's key without it.
    """

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._compiled: dict[str, _Writer] = {}

    def run(self, tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write the rows, each of which has every parameter (and may have more). No rows: nothing happens."""
        if not rows:
            return
        dialect = tx.connection.dialect
        writer = self._compiled.get(dialect.name)
        if writer is None:
            writer = self._compiled[dialect.name] = _Writer(self._statement, dialect)
        tx.run_many(writer.sql, writer.parameters(rows))


class _Writer:
    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        compiled = _compiled(statement, dialect)
        self.sql: Final = str(compiled)
        self._names = _names(compiled)
        keys = [name.removesuffix("_") for name in self._names]
        self._pick = itemgetter(*keys) if len(keys) > 1 else lambda row: (row[keys[0]],)
        self._is_positional = compiled.positiontup is not None
        converts = {name: _convert(compiled, name, dialect) for name in self._names}
        self._converts = [(at, f) for at, name in enumerate(self._names) if (f := converts[name]) is not None]

    def parameters(self, rows: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
        picked: Sequence[Sequence[Any]] = list(map(self._pick, rows))
        if self._converts:
            picked = [self._converted(values) for values in picked]
        return picked if self._is_positional else [dict(zip(self._names, values, strict=True)) for values in picked]

    def _converted(self, values: Sequence[Any]) -> Sequence[Any]:
        changed = list(values)
        for at, convert in self._converts:
            changed[at] = convert(changed[at])
        return changed


class RowsOf:
    """A SELECT by keys (lists of them, made with `one_of`), or a write that returns rows; `made` builds it for
    SQLite (true) or PostgreSQL."""

    def __init__(self, made: Callable[[bool], Answering]) -> None:
        self._made = made
        self._compiled: dict[str, _Reader] = {}

    def all(self, tx: Tx, keys: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The rows as dicts of columns. `keys` has a list for each `one_of`, a value for other parameters."""
        reader = self._reader(tx)
        return [dict(zip(reader.columns, row, strict=True)) for row in reader.fetched(tx, keys)]

    def rows(self, tx: Tx, keys: Mapping[str, Any]) -> list[Row[Any]]:
        """The rows as `Tx.all` gives them."""
        reader = self._reader(tx)
        return list(map(reader.row, reader.fetched(tx, keys)))

    def first(self, tx: Tx, keys: Mapping[str, Any]) -> Row[Any] | None:
        """The first row as `Tx.first` gives it, or none."""
        reader = self._reader(tx)
        found = reader.fetched(tx, keys)
        return reader.row(found[0]) if found else None

    def _reader(self, tx: Tx) -> _Reader:
        dialect = tx.connection.dialect
        reader = self._compiled.get(dialect.name)
        if reader is None:
            reader = self._compiled[dialect.name] = _Reader(self._made(tx.is_sqlite), dialect)
        return reader


class ChangeOf:
    """Sets columns of the row with an id, whichever they are, counts its version on, and gives the whole row back.

    The statement is compiled once for each set of columns.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._known: dict[tuple[tuple[str, bool], ...], RowsOf] = {}

    def row(self, tx: Tx, row_id: int, values: Mapping[str, Any], *, version: int | None = None) -> Fields | None:
        """The row after the change; none when there is none, or none of this version. A value may be `ONE_MORE`."""
        columns = tuple(sorted([(name, value is ONE_MORE) for name, value in values.items()]))
        if version is not None:
            columns = (("version", False), *columns)
        change = self._known.get(columns)
        if change is None:
            change = self._known[columns] = self._change(columns)
        given = {f"{name}_": value for name, value in values.items() if value is not ONE_MORE}
        rows = change.all(tx, given | {"id_": row_id, "version_": version})
        return rows[0] if rows else None

    def _change(self, columns: Sequence[tuple[str, bool]]) -> RowsOf:
        table = self._table
        new = {name: table.c[name] + 1 if is_more else bindparam(f"{name}_") for name, is_more in columns}
        is_of_version = new.pop("version", None) is not None
        changed = update(table).values(version=table.c.version + 1, **new).returning(*table.c)
        statement = changed.where(table.c.id == bindparam("id_"))
        if is_of_version:
            statement = statement.where(table.c.version == bindparam("version_"))
        return RowsOf(lambda _is_sqlite: statement)


class _Reader:
    def __init__(self, statement: Answering, dialect: Dialect) -> None:
        compiled = _compiled(statement, dialect)
        self._sql = str(compiled)
        self._names = _names(compiled)
        self._is_positional = compiled.positiontup is not None
        self._values = {name: compiled.params[name] for name in self._names}
        # Each once, however often the statement asks for it.
        once = dict.fromkeys(self._names)
        self._converts = [(name, f) for name in once if (f := _convert(compiled, name, dialect)) is not None]
        columns = list(statement.exported_columns)
        self.columns: Final = [str(column.key) for column in columns]
        self.row: Final = result_tuple(self.columns)
        self._reads = [
            (at, f)
            for at, column in enumerate(columns)
            if (f := column.type.dialect_impl(dialect).result_processor(dialect, None)) is not None
        ]

    def fetched(self, tx: Tx, keys: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        values = {**self._values, **keys}
        for name, convert in self._converts:
            values[name] = convert(values[name])
        parameters = tuple([values[n] for n in self._names]) if self._is_positional else values
        rows = tx.fetched(self._sql, parameters)
        return [self._read(row) for row in rows] if self._reads else rows

    def _read(self, row: Sequence[Any]) -> Sequence[Any]:
        read = list(row)
        for at, process in self._reads:
            read[at] = process(read[at])
        return read


def one_of(column: Any, name: str, *, is_sqlite: bool) -> ColumnElement[bool]:
    """Whether a column is one of a list given as the parameter `name`: the same statement for any length."""
    if is_sqlite:
        each = func.json_each(bindparam(name, type_=_JSON)).table_valued("value")
        found: ColumnElement[bool] = column.in_(select(each.c.value))
        return found
    same: ColumnElement[bool] = column == func.any(bindparam(name, type_=ARRAY(column.type)))
    return same


def held(statement: AnySelect, *, is_sqlite: bool) -> AnySelect:
    """The rows of this answer are held against other writers until the commit; SQLite has no others."""
    return statement if is_sqlite else statement.with_for_update()


def _compiled(statement: Executable, dialect: Dialect) -> SQLCompiler:
    assert isinstance(statement, ClauseElement)
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    return compiled


def _names(compiled: SQLCompiler) -> list[str]:
    return list(compiled.positiontup or compiled.bind_names.values())


def _convert(compiled: SQLCompiler, name: str, dialect: Dialect) -> Convert | None:
    bound = next(parameter for parameter, known in compiled.bind_names.items() if known == name)
    convert: Convert | None = bound.type.dialect_impl(dialect).bind_processor(dialect)
    return convert
