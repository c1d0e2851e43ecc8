"""What the door that gives out files' bytes asks, once a signed link has proven the right to read."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from crm_core.files.model import File
from crm_core.store.transaction import Tx
from crm_core.words.errors import NotFound


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
