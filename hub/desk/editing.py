"""What a contact changes of what they wrote, or takes back, where their channel lets them."""

from __future__ import annotations

from channels.contract import MessageEdited, MessageWithdrawn
from crm_core.conversations import actions, timeline
from crm_core.store.transaction import Tx
from crm_core.words.text import MAX_MESSAGE, storable
from crm_core.words.values import EntryValue


def edit(tx: Tx, account_id: int, event: MessageEdited) -> EntryValue | None:
    """The entry with its new words; none when it never reached us, or was edited later than this."""
    found = timeline.seen_before(tx, [(account_id, event.external_id)])
    if not found:
        return None
    row = next(iter(found.values()))
    details = row["details"] or {}
    if (details.get("edited_at") or 0) >= event.at or details.get("withdrawn_at"):
        return None
    text = storable(event.content.text)[:MAX_MESSAGE]
    return actions.change_details(tx, row["id"], text, edited_at=event.at)


def withdraw(tx: Tx, account_id: int, event: MessageWithdrawn) -> EntryValue | None:
    """The entry without its words; none when it never reached us."""
    found = timeline.seen_before(tx, [(account_id, event.external_id)])
    if not found:
        return None
    row = next(iter(found.values()))
    if (row["details"] or {}).get("withdrawn_at"):
        return timeline.value(tx, row["id"])
    return actions.change_details(tx, row["id"], "", withdrawn_at=event.at, folded="", html_file_id=None)
