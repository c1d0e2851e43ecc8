"""A question for `hub doctor`: which secrets does the key of the house have to open?"""

from __future__ import annotations

from sqlalchemy import select

from crm_core.accounts.model import Account
from crm_core.store.transaction import Tx


def sealed_texts(tx: Tx) -> list[str]:
    """The sealed secrets of every account that has some."""
    rows = tx.all(select(Account.sealed).where(Account.ws == tx.ws, Account.sealed.is_not(None)).order_by(Account.id))
    return [row.sealed for row in rows]
