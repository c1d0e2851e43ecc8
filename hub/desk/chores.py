"""Jobs of the house: what happens at a time rather than because of somebody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crm_core.files.actions import sweep_unused
from crm_core.staff.sessions import sweep_sessions
from crm_core.store import idempotency, journal
from crm_core.store.transaction import Tx
from crm_core.words.clock import DAY, HOUR, Moment
from hub.desk import cases, conversations
from hub.desk.deciding import RETURN
from hub.machinery.jobs import JobAction

JOURNAL_KEPT: Final[Moment] = 30 * DAY
"""How long events stay in the journal; a console may resume within a day of them (RELIABILITY.md)."""


def _wake(tx: Tx, payload: Mapping[str, Any]) -> None:
    conversations.wake(tx, payload["conversation_id"])


def _return_lead(tx: Tx, payload: Mapping[str, Any]) -> None:
    cases.come_back(tx, payload["case_id"])


def _sweep(tx: Tx, _payload: Mapping[str, Any]) -> list[str]:
    """Forget what nobody needs; the names under which swept files' bytes lie."""
    idempotency.sweep(tx)
    sweep_sessions(tx)
    journal.forget(tx, before=tx.now - JOURNAL_KEPT)
    return sweep_unused(tx)


SWEEP: Final = "sweep"
ACTIONS: Final[Mapping[str, JobAction]] = {
    conversations.WAKE: _wake,
    RETURN: _return_lead,
    SWEEP: _sweep,
}
EVERY: Final[Mapping[str, Moment]] = {SWEEP: HOUR}
