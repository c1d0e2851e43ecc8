"""Whose a case is, when contacts get names, become one, and become two again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from crm_core.cases.actions import TABLE, change
from crm_core.cases.model import Case
from crm_core.store.transaction import Tx


def name(tx: Tx, contact_id: int, who: str) -> None:
    """Let a contact's cases carry their name, and tell of those that did not."""
    for row in tx.all(select(*TABLE.c).where(Case.contact_id == contact_id, Case.who != who).order_by(Case.id)):
        change(tx, row, who=who)


def move(tx: Tx, giver_id: int, taker_id: int, taker_name: str) -> dict[str, Any]:
    """Give the cases of one contact, and those with it as their company, to another; JSON for `put_back`."""
    own = tx.all(select(*TABLE.c).where(Case.contact_id == giver_id).order_by(Case.id))
    for row in own:
        change(tx, row, contact_id=taker_id, who=taker_name)
    firm = tx.all(select(*TABLE.c).where(Case.company_id == giver_id).order_by(Case.id))
    for row in firm:
        change(tx, row, company_id=taker_id)
    return {"contact": [[r.id, r.who] for r in own], "company": [r.id for r in firm], "upto": tx.new_id()}


def put_back(
    tx: Tx, kept: Mapping[str, Any], holder_id: int, back: tuple[int, str], identity_ids: Sequence[int]
) -> None:
    """Give back what `move` gave and is the holder's still, and what came by these identities since."""
    moved, theirs = dict(kept["contact"]), set(identity_ids)
    for row in tx.all(select(*TABLE.c).where(Case.contact_id == holder_id).order_by(Case.id)):
        if row.id in moved or (row.identity_id in theirs and row.id > kept["upto"]):
            change(tx, row, contact_id=back[0], who=moved.get(row.id, back[1]))
    firm = select(*TABLE.c).where(Case.company_id == holder_id, Case.id.in_(kept["company"])).order_by(Case.id)
    for row in tx.all(firm):
        change(tx, row, company_id=back[0])
