"""A database's URL as people write it, in the one spelling that we use."""

from __future__ import annotations

import re

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError


def database_address(url: str) -> str:
    """The URL with our driver named. Raises ValueError, in words, for what cannot be the book of record."""
    try:
        parts = make_url(re.sub(r"^postgres://", "postgresql://", url))
    except ArgumentError:
        raise ValueError("is no address of a database") from None
    kind = parts.get_backend_name()
    if kind == "postgresql":
        return parts.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    if kind != "sqlite":
        raise ValueError(f"names {kind}; the hub keeps its records in SQLite or PostgreSQL")
    if not parts.database or parts.database == ":memory:":
        raise ValueError("names no file; what is only in memory would be lost at the next stop")
    return url
