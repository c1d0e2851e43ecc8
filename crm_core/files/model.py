"""The table of files."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.store.base import At, Base, Id, OptionalRef, Ref, Words


class File(Base):
    """A stored file. Until it is part of an entry, only its uploader may use it, and it is swept after a day."""

    __tablename__ = "file"

    id: Mapped[Id]
    ws: Mapped[Ref]
    name: Mapped[Words]
    type: Mapped[Words]
    size: Mapped[Ref]
    width: Mapped[OptionalRef]
    height: Mapped[OptionalRef]
    sha256: Mapped[Words]
    stored_as: Mapped[Words]
    """Its random name in the file store: 128 bits, no extension."""
    uploader_kind: Mapped[Words]
    """agent or contact."""
    uploader_id: Mapped[Ref]
    """The agent's id, or the identity's."""
    conversation_id: Mapped[OptionalRef]
    entry_id: Mapped[OptionalRef]
    created_at: Mapped[At] = mapped_column()

    __table_args__ = (Index(None, "entry_id"), Index(None, "uploader_kind", "uploader_id"))
