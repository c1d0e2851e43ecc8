"""Leads for people nobody knows yet who write, on the way of every inbound message."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from crm_core.contacts.resolving import KnownIdentity
from crm_core.contacts.rules import SENDER_NAME, claims
from crm_core.conversations.opening import Opened
from crm_core.store.transaction import Tx
from crm_core.words.addresses import EXTERNAL, NOWHERE, UNREADABLE, VISITOR
from crm_core.words.text import one_line, preview
from hub.desk import leads
from hub.desk.leads import Stranger

_NO_WAY_BACK: Final = frozenset({VISITOR, EXTERNAL, SENDER_NAME, UNREADABLE, NOWHERE})
"""Addresses at which nobody is found again once they have gone."""

_GREETING: Final = re.compile(r"/start(?:@\w+)?(?: \S+)?\s*")
"""What a messenger sends when somebody opens a bot: the lead opens with the first words of their own."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who wrote, in which conversation, by which kind of channel. `asks`: a person wants something."""

    identity: KnownIdentity
    opened: Opened
    kind: str
    text: str
    asks: bool
    facts: Mapping[str, str] = field(default_factory=dict)
    queue_id: int | None = None
    """The queue of the account they wrote to: a new conversation stands in none yet."""
    subject: str = ""

    @property
    def contactable(self) -> bool:
        """Whether they can be reached again when this conversation is over."""
        return self.identity.address.scheme not in _NO_WAY_BACK or bool(claims(self.facts))


def open_leads(tx: Tx, newcomers: Sequence[Newcomer]) -> None:
    """Give conversations of strangers their lead, and those of whom a case is open that case. Rows in hand only."""
    wanted: dict[int, Stranger] = {}
    opened: dict[int, Opened] = {}
    for one in newcomers:
        row = one.opened.row
        may_be_due = one.opened.is_new or (one.identity.contact_id is None and row["identity_id"] == one.identity.id)
        wants = one.asks and not _GREETING.fullmatch(one.text)
        if not wants or row["case_id"] is not None or not one.contactable or not may_be_due:
            continue
        opened[row["id"]] = one.opened
        wanted.setdefault(row["id"], _stranger(one))
    for conversation_id, case_id in leads.open_for(tx, list(wanted.values())).items():
        opened[conversation_id].row["case_id"] = case_id


def _stranger(one: Newcomer) -> Stranger:
    row = one.opened.row
    return Stranger(
        conversation_id=row["id"],
        identity_id=one.identity.id,
        who=one.identity.shown_name,
        source=one.kind,
        account_id=row["account_id"],
        contactable=True,
        contact_id=one.identity.contact_id,
        queue_id=row["queue_id"] or one.queue_id,
        first_words=preview(one.text),
        title=one_line(one.subject, most=160),
    )
