"""Columns and indexes as the versions spell them, with the names that crm_core.store.base gives."""

from __future__ import annotations

from typing import Any, TypeAlias

import sqlalchemy as sa
from alembic import op

Column: TypeAlias = sa.Column[Any]


def _column(name: str, kind: sa.types.TypeEngine[Any], **more: Any) -> Column:
    return sa.Column(name, kind, **{"nullable": False, **more})


def number(name: str, **more: Any) -> Column:
    """A whole number."""
    return _column(name, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, **more)


def opt_number(name: str) -> Column:
    """A whole number that may be missing."""
    return number(name, nullable=True)


def count(name: str) -> Column:
    """A whole number that begins at 0."""
    return number(name, server_default="0")


def words(name: str) -> Column:
    """Text."""
    return _column(name, sa.Text())


def opt_words(name: str) -> Column:
    """Text that may be missing."""
    return _column(name, sa.Text(), nullable=True)


def key(name: str) -> Column:
    """A short text that is part of a key."""
    return _column(name, sa.String())


def json(name: str) -> Column:
    """JSON."""
    return _column(name, sa.JSON())


def opt_json(name: str) -> Column:
    """JSON that may be missing."""
    return _column(name, sa.JSON(), nullable=True)


def flag(name: str) -> Column:
    """True or false."""
    return _column(name, sa.Boolean())


def index(name: str, table: str, *columns: str, where: str | None = None, unique: bool = False) -> None:
    """Add an index, for the rows of `where` only if it is given."""
    limit = None if where is None else sa.text(where)
    op.create_index(name, table, list(columns), unique=unique, sqlite_where=limit, postgresql_where=limit)


def unique_index(name: str, table: str, *columns: str, where: str | None = None) -> None:
    """Add an index that takes each value once."""
    index(name, table, *columns, where=where, unique=True)
