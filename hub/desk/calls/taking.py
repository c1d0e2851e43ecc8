"""Offers taken, whatever they are about: a conversation, a call in line, a question of a colleague, a call back."""

from __future__ import annotations

from collections.abc import Callable

from crm_core.calls import queries
from crm_core.store.transaction import Tx
from crm_core.words.errors import Conflict
from crm_core.words.permissions import Actor
from crm_core.words.values import OfferState, OfferValue
from crm_core.work import actions as work
from hub.desk import assignments
from hub.desk.calls import acting, aftercall, dialling
from hub.desk.calls.dialling import Line
from hub.desk.calls.following import CALLBACK

Lines = Callable[[int], Line | None]
"""The open accounts that carry calls, by id."""


def to_be_called(tx: Tx, actor: Actor, offer_id: int) -> tuple[int, str] | None:
    """The account and the number that taking an offer calls; none when it calls nobody. Raises NotFound."""
    offered = work.offer_row(tx, offer_id)
    if offered.agent_id != actor.agent_id or offered.state != OfferState.PENDING or not acting.is_callback(offered):
        return None
    return dialling.account_of(tx, offered), dialling.number_of(tx, offered)


def cannot_be_called(tx: Tx, actor: Actor, offer_id: int, why: str) -> None:
    """Whom this offer is about cannot be called back: it goes to nobody else, and somebody decides how to reach them.

    `why` is the code of a `DialRefused`, or empty. Raises Gone when the offer ended, NotFound when it is not one's own.
    """
    offered = work.offer_row(tx, offer_id)
    if offered.state == OfferState.ACCEPTED:
        return
    assignments.accept(tx, actor, offer_id)
    asked = queries.whole(tx, offered.call_id)
    work.finish_of_call(tx, asked.id, CALLBACK)
    aftercall.waits(tx, asked, "callback_failed", why=why)


def accept(tx: Tx, actor: Actor, offer_id: int, tab: str, lines: Lines) -> OfferValue:
    """Take an offer. Raises Gone when it ended or nobody waits any more, NotFound when it is somebody else's,
    Conflict when the one to be called back cannot be."""
    offered = work.offer_row(tx, offer_id)
    was_taken = offered.state == OfferState.ACCEPTED
    value = assignments.accept(tx, actor, offer_id)
    if value.call_id is None or was_taken:
        return value
    if not acting.is_callback(offered):
        acting.accept(tx, actor, offered, tab)
        return value
    account_id = dialling.account_of(tx, offered)
    line = lines(account_id)
    if line is None:
        raise Conflict("The line for this call is closed now.", why="line_closed")
    dialling.call_back(tx, actor, line, offered, tab)
    return value
