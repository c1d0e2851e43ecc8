"""Every table of the house in one metadata: importing this module imports every noun's model."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import MetaData

from crm_core.accounts import model as accounts
from crm_core.calls import model as calls
from crm_core.cases import model as cases
from crm_core.contacts import model as contacts
from crm_core.conversations import model as conversations
from crm_core.files import model as files
from crm_core.staff import model as staff
from crm_core.store import counters, idempotency, jobs, journal, outbox, receipts
from crm_core.store.base import Base
from crm_core.work import model as work

MODULES: Final = (
    *(accounts, calls, cases, contacts, conversations, files, staff, work),
    *(counters, idempotency, jobs, journal, outbox, receipts),
)
METADATA: Final[MetaData] = Base.metadata

SEARCH: Final = ("entry_search", "person_search")
"""Full-text structures differ between the databases, so they are made by hand and have no model."""


def is_table_of_ours(_object: Any, name: str | None, kind: str, _reflected: bool, _compared: Any) -> bool:
    """Whether Alembic's comparison looks at this thing; FTS5 keeps its rows in tables of its own beside ours."""
    return kind != "table" or not (name or "").startswith(SEARCH)
