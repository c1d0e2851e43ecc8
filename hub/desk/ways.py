"""By which ways a contact can be written to, and what stands against each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from channels.contract import Capabilities
from crm_core.accounts import queries as accounts
from crm_core.contacts import queries as contacts
from crm_core.contacts import reach
from crm_core.contacts.queries import identity_value
from crm_core.conversations import participants
from crm_core.conversations.queries import readable_row
from crm_core.store.transaction import AnyRow, Tx
from crm_core.words.addresses import NOWHERE, UNREADABLE
from crm_core.words.clock import HOUR, Moment
from crm_core.words.content import ReachState
from crm_core.words.errors import Invalid, NotFound
from crm_core.words.permissions import Actor
from crm_core.words.values import AccountValue, IdentityValue
from hub.machinery.accounts import Line

Directory = Mapping[int, Line]
"""The accounts that are open now, by id."""


class WayState(StrEnum):
    """How one may write by a way."""

    OPEN = "open"
    TEMPLATE = "template"
    """With a text that the provider has approved, and no other."""
    CLOSED = "closed"


class Why(StrEnum):
    """What stands against a way."""

    NOTHING = ""
    OPTED_OUT = "opted_out"
    BLOCKED = "blocked"
    BOUNCED = "bounced"
    CANNOT_START = "cannot_start"
    ACCOUNT_CLOSED = "account_closed"
    WINDOW = "window"
    NO_ADDRESS = "no_address"


_SENTENCES: Mapping[Why, str] = {
    Why.OPTED_OUT: "They asked not to be written to by this way.",
    Why.BLOCKED: "They have blocked us there.",
    Why.BOUNCED: "Messages to this address come back.",
    Why.CANNOT_START: "By this way they have to write first.",
    Why.ACCOUNT_CLOSED: "The channel account is not open.",
    Why.NO_ADDRESS: "They gave no address that can be answered.",
    Why.WINDOW: "They wrote too long ago: only an approved template may be sent now.",
}
NO_WAY_BACK: Final = frozenset({NOWHERE, UNREADABLE})
"""Schemes of senders of whom nothing is known but what they wrote."""
STANDING = {
    ReachState.OK: Why.NOTHING,
    ReachState.OPTED_OUT: Why.OPTED_OUT,
    ReachState.BLOCKED: Why.BLOCKED,
    ReachState.BOUNCED: Why.BOUNCED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """An address of the contact and an account that reaches it."""

    identity: IdentityValue
    account_id: int
    channel: str
    account_name: str
    state: WayState
    why: Why = Why.NOTHING
    window_until: Moment | None = None
    is_default: bool = False
    is_guest: bool = False
    """Leads to somebody else who wrote here, such as a colleague of theirs on copy."""
    carries: Capabilities = field(default_factory=Capabilities)

    def must_be_open(self, *, has_template: bool) -> None:
        """Raises Invalid, in words for the agent, when one may not write so.

        An account that is not open now (the hub has just started, its provider is away) is no reason: the
        message waits for it.
        """
        if self.why is Why.ACCOUNT_CLOSED:
            return
        if self.state is WayState.CLOSED or (self.state is WayState.TEMPLATE and not has_template):
            raise Invalid(_SENTENCES[self.why], why=self.why)


def ways(tx: Tx, actor: Actor, directory: Directory, conversation_id: int) -> list[Way]:
    """Every way to whom a readable conversation is with; the one their last words came by first. Raises NotFound."""
    return of_row(tx, directory, readable_row(tx, actor, conversation_id))


def of_row(tx: Tx, directory: Directory, row: AnyRow) -> list[Way]:
    """The ways of a conversation's row, those to others who wrote in it last."""
    people = _identities(tx, row)
    guests = participants.who_wrote(tx, row.id, but=[p.id for p in people])
    others = [identity_value(contacts.identity_row(tx, i)) for i in sorted({i for i, _ in guests})]
    known = {(w.identity_id, w.account_id): w for w in reach.of_identities(tx, [p.id for p in [*people, *others]])}
    usable = [account for account in accounts.accounts(tx) if not account.disabled and _writes(directory, account.id)]
    found = [
        _way(tx, row, person, account, directory.get(account.id), known.get((person.id, account.id)))
        for person in people
        for account in usable
        if _may_reach(row, person, account, directory, known)
    ]
    # A guest is answered where they wrote: what else their own card says is no matter of this conversation.
    found += [
        replace(
            _way(tx, row, guest, account, directory.get(account.id), known.get((guest.id, account.id))), is_guest=True
        )
        for guest in others
        for account in usable
        if (guest.id, account.id) in guests
    ]
    return sorted(found, key=_rank)


def _writes(directory: Directory, account_id: int) -> bool:
    """Whether an account carries messages at all; of one that is closed now nobody can tell."""
    line = directory.get(account_id)
    return line is None or line.writes


def first_open(tx: Tx, directory: Directory, row: AnyRow) -> Way | None:
    """The way an answer takes when the last words came by a line that carries none: the first that is open."""
    return next((way for way in of_row(tx, directory, row) if way.state is WayState.OPEN and not way.is_guest), None)


def _rank(way: Way) -> tuple[bool, bool, bool, int, int]:
    return (not way.is_default, way.is_guest, way.state is not WayState.OPEN, way.account_id, way.identity.id)


def chosen(tx: Tx, directory: Directory, row: AnyRow, identity_id: int, account_id: int) -> Way:
    """One way of a conversation. Raises NotFound when there is no such way."""
    for way in of_row(tx, directory, row):
        if (way.identity.id, way.account_id) == (identity_id, account_id):
            return way
    raise NotFound("There is no such way to this contact.")


def _identities(tx: Tx, row: AnyRow) -> Sequence[IdentityValue]:
    own = identity_value(contacts.identity_row(tx, row.identity_id))
    if row.contact_id is None:
        return [own]
    theirs = contacts.get(tx, row.contact_id).identities
    return theirs if any(i.id == own.id for i in theirs) else [own, *theirs]


def _may_reach(
    row: AnyRow,
    person: IdentityValue,
    account: AccountValue,
    directory: Directory,
    known: Mapping[tuple[int, int], reach.Way],
) -> bool:
    if (person.id, account.id) in known or (row.identity_id, row.account_id) == (person.id, account.id):
        return True
    line = directory.get(account.id)
    return line is not None and person.scheme in line.reaches


# house: parameters because a way is where four things meet, and each comes from elsewhere
def _way(
    tx: Tx, row: AnyRow, person: IdentityValue, account: AccountValue, line: Line | None, known: reach.Way | None
) -> Way:
    is_default = (row.identity_id, row.account_id) == (person.id, account.id)
    facts: dict[str, Any] = {
        "identity": person,
        "account_id": account.id,
        "channel": account.kind,
        "account_name": account.name,
        "is_default": is_default,
    }
    if line is None:
        return Way(**facts, state=WayState.CLOSED, why=Why.ACCOUNT_CLOSED)
    facts["carries"] = line.capabilities
    if person.scheme in NO_WAY_BACK:
        return Way(**facts, state=WayState.CLOSED, why=Why.NO_ADDRESS)
    standing = STANDING[known.state] if known is not None else Why.NOTHING
    if standing is not Why.NOTHING:
        return Way(**facts, state=WayState.CLOSED, why=standing)
    heard_at = known.heard_at if known is not None else (tx.now if is_default else None)
    if heard_at is None and not line.capabilities.can_start:
        return Way(**facts, state=WayState.CLOSED, why=Why.CANNOT_START)
    return _within_window(tx, facts, line.capabilities, heard_at)


def _within_window(tx: Tx, facts: dict[str, Any], carries: Capabilities, heard_at: Moment | None) -> Way:
    if carries.window_hours is None:
        return Way(**facts, state=WayState.OPEN)
    until = (heard_at or 0) + carries.window_hours * HOUR
    if tx.now < until:
        return Way(**facts, state=WayState.OPEN, window_until=until)
    state = WayState.TEMPLATE if carries.templates else WayState.CLOSED
    return Way(**facts, state=state, why=Why.WINDOW)
