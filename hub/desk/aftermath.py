"""What a message brings about: people on copy let in, addresses recognised, a machine's answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from channels.contract import MessageArrived, ReachChanged
from crm_core.contacts import reach
from crm_core.contacts.evidence import bring_along, witness
from crm_core.contacts.families import roots_of
from crm_core.contacts.holding import give
from crm_core.contacts.resolving import KnownIdentity, Seen, resolve_many
from crm_core.conversations import participants
from crm_core.conversations.opening import Opened
from crm_core.store.transaction import Tx
from crm_core.words.addresses import MAILTO, Address
from crm_core.words.content import ReachState, Recipient
from crm_core.words.text import one_line
from hub.desk import machine, receipts
from hub.desk.contacts import attached
from hub.desk.manners import Manner
from hub.desk.manners import answer as answered_with
from hub.desk.ways import NO_WAY_BACK

MOST_LET_IN: Final = 40
"""People on copy who become participants; a mail to five hundred makes no five hundred identities."""


def let_in(tx: Tx, opened: Opened, identity: KnownIdentity, event: MessageArrived) -> None:
    """People on copy of a message may answer in its conversation, if its sender provably has it with us.

    From is what anybody can write: whoever is let in on its word reads along with the contact. So only mail that
    is vouched for and bears the conversation's own reply token brings anybody in, and never a guest's.
    """
    has_token = event.conversation_id is not None and event.conversation_id == opened.row["id"]
    if has_token and not event.unverified and not opened.is_new and not opened.has_guest(identity):
        _add(tx, opened.row, [*event.content.to, *event.content.cc])


def _add(tx: Tx, conversation: Mapping[str, Any], people: Sequence[Recipient]) -> None:
    seen: list[Seen] = [(Address(MAILTO, p.value), one_line(p.name, most=80), {}) for p in people[:MOST_LET_IN]]
    identities = resolve_many(tx, seen)
    participants.add(tx, conversation["id"], [i.id for i in identities.values()])


def recognise(tx: Tx, identity: KnownIdentity, event: MessageArrived, invited: int | None) -> None:
    """Addresses that a message proves or names may tell whose it is; an invitation tells it outright."""
    if invited is not None and identity.contact_id is None:
        for root in roots_of(tx, [invited]):
            give(tx, root, identity.id, identity.address.scheme, proved_by="invitation")
            bring_along(tx, root, identity.id)
            attached(tx, root, identity.id)
    if event.proves or event.mentions:
        source = "vouched" if event.proves else "mentioned"
        # Whoever writes under an address that is not vouched for proves nothing with it.
        proves = () if event.unverified else event.proves
        found = witness(tx, identity, proves=proves, mentions=event.mentions, source=source)
        if found is not None:
            attached(tx, found, identity.id)


def reachable(tx: Tx, account_id: int, event: MessageArrived) -> None:
    """Whoever writes by a way that was thought closed is tried there again: the bot is let in, the mailbox emptied.

    Not where they asked for silence themselves: that only they take back, in so many words.
    """
    told = ReachChanged(address=event.sender, state=ReachState.OK, at=event.sent_at, reason="They wrote again.")
    receipts.reach_changed(tx, account_id, told)


def explain(tx: Tx, opened: Opened, identity: KnownIdentity, account_id: int, text: str) -> None:
    """The account's answer to HELP, unless there is none, or they are not to be written to."""
    way = reach.way(tx, identity.id, account_id)
    if text and (way is None or way.state is ReachState.OK):
        machine.say(tx, opened.row["id"], identity.id, account_id, text)


def answer(tx: Tx, opened: Opened, identity: KnownIdentity, account_id: int, manner: Manner) -> None:
    """A greeting or an absence note, if one is due."""
    row = opened.row
    if identity.address.scheme in NO_WAY_BACK:
        return
    way = reach.way(tx, identity.id, account_id)
    is_first = opened.is_new and row["entry_count"] == 1
    text = answered_with(manner, way, row.get("language") or machine.language_of(tx, identity), tx.now, is_new=is_first)
    if text:
        machine.say(tx, row["id"], identity.id, account_id, text)
        reach.answered(tx, identity.id, account_id)
