"""What the door that gives out files' bytes asks, once a signed link has proven the right to read."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from crm_core.files.model import File
from crm_core.store.transaction import Tx
from crm_core.words.errors import NotFound

LAID_OUT = "application/x-hub-message"
"""The type of a laid-out message, which no file that anybody sends ever has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A file's facts and the name under which its bytes are kept."""

    stored_as: str
    name: str
    type: str
    size: int
    sha256: str
    width: int | None
    height: int | None


def beside(tx: Tx, file_id: int) -> frozenset[int]:
    """The files of the entry that this one is part of: the only ones that a laid-out message may show."""
    entry = select(File.entry_id).where(File.id == file_id, File.entry_id.is_not(None)).scalar_subquery()
    return frozenset(r.id for r in tx.all(select(File.id).where(File.ws == tx.ws, File.entry_id == entry)))


def served(tx: Tx, file_id: int) -> Served:
    """A file by its id. Raises NotFound when it was deleted. Asks for no right: the link was proof of it."""
    columns = (File.stored_as, File.name, File.type, File.size, File.sha256, File.width, File.height)
    row = tx.first(select(*columns).where(File.ws == tx.ws, File.id == file_id))
    if row is None:
        raise NotFound
    return Served(
        stored_as=row.stored_as,
        name=row.name,
        type=row.type,
        size=row.size,
        sha256=row.sha256,
        width=row.width,
        height=row.height,
    )
