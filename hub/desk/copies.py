"""Who an answer to all would go to besides the contact."""

from __future__ import annotations

from crm_core.accounts import queries as accounts
from crm_core.conversations import timeline
from crm_core.store.transaction import Tx
from crm_core.words.values import Direction, EntryDetails, EntryKind, EntryValue, Named


def of_last(tx: Tx, conversation_id: int) -> list[dict[str, str]]:
    """Everybody named by the newest inbound message that named somebody, but our own addresses.

    Where its writer wants the answer comes first. Anybody can write that: an agent sees it and decides.
    """
    newest = timeline.newest(tx, [conversation_id], most=50, kinds=[EntryKind.MESSAGE])
    entry = next((e for e in reversed(newest) if e.direction is Direction.IN and _names_people(e)), None)
    if entry is None or entry.details is None:
        return []
    ours = {str(a.settings.get("address", "")).lower() for a in accounts.accounts(tx)}
    people = {p.value: p.name for p in _people(entry.details)}
    return [{"value": value, "name": name} for value, name in people.items() if value not in ours]


def _names_people(entry: EntryValue) -> bool:
    return entry.details is not None and bool(_people(entry.details))


def _people(details: EntryDetails) -> list[Named]:
    return [*details.answer_to, *details.to, *details.cc]
