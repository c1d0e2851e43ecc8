"""Another way for a message that did not get there: by mail to a visitor who left, by the account's fallback."""

from __future__ import annotations

from crm_core.store.transaction import Tx


def failed(tx: Tx, entry_id: int) -> None:
    """A message failed for good."""


def left(tx: Tx, entry_id: int) -> None:
    """A message went: by a way that loses visitors it may never arrive."""
