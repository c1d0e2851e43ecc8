"""Another way for a message that did not get there: the account's fallback, and mail for a visitor who left.

A visitor's page shows a message or it does not: what it has not shown after ten minutes goes to the address they
left, if they left one, all of it in one message. The entries themselves say what became of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from channels.contract import Capabilities
from crm_core.accounts import queries as accounts
from crm_core.contacts import queries as contacts
from crm_core.contacts.resolving import resolve
from crm_core.contacts.rules import claims
from crm_core.conversations import actions, participants, timeline
from crm_core.conversations.queries import row as conversation_row
from crm_core.store import jobs
from crm_core.store.transaction import Tx
from crm_core.words.addresses import Address
from crm_core.words.clock import MINUTE, Moment
from crm_core.words.content import DeliveryStatus
from crm_core.words.values import AuthorKind, Direction, EntryKind, EntryValue, Pressable
from hub.desk import carrying, machine
from hub.desk.allowed import is_open
from hub.desk.manners import read
from hub.desk.ways import Directory
from hub.machinery.jobs import JobAction

JOB: Final = "fallback"
"""The kind of the job; its key is the id of the entry that did not arrive."""
WAIT: Final[Moment] = 10 * MINUTE


def failed(tx: Tx, entry_id: int) -> None:
    """A message failed for good: it is tried by the account's fallback, if it has one."""
    entry = timeline.value(tx, entry_id)
    manner = None if entry.account_id is None else read(accounts.manner_of(tx, entry.account_id))
    is_one_already = entry.details is not None and entry.details.instead_of_id is not None
    if manner is not None and manner.fallback_account_id is not None and not is_one_already:
        _schedule(tx, entry_id, tx.now, DeliveryStatus.FAILED)


def left(tx: Tx, entry_id: int) -> None:
    """A message went by a way that loses visitors: whether it arrived is looked at later."""
    entry = timeline.value(tx, entry_id)
    if entry.identity_id is not None and _addresses(tx, entry.identity_id):
        _schedule(tx, entry_id, tx.now + WAIT, DeliveryStatus.SENT)


def action(directory: Callable[[], Directory]) -> JobAction:
    """The job that sends by another way what did not arrive."""

    def act(tx: Tx, payload: Mapping[str, Any]) -> None:
        instead(tx, payload["entry_id"], directory(), DeliveryStatus(payload["stands"]))

    return act


def instead(tx: Tx, entry_id: int, directory: Directory, stands: DeliveryStatus) -> EntryValue | None:
    """Send by another way everything that did not arrive with this entry; none when there is no such way.

    Nor when the way carries nothing of it, or the entry stands no longer where it `stands`: it arrived, or went
    along with another one.
    """
    conversation_row(tx, timeline.value(tx, entry_id).conversation_id, lock=True)
    entry = timeline.value(tx, entry_id)
    if entry.delivery is not stands or entry.account_id is None or entry.identity_id is None:
        return None
    aim = _way(tx, entry, directory)
    if aim is None:
        return None
    address, account_id = aim
    lost = _lost_with(tx, entry)
    text, buttons = _said(lost, directory, account_id)
    files = _carried(lost, directory[account_id].capabilities)
    if not text and not files:
        return None
    identity = resolve(tx, address, "", {})
    participants.add(tx, entry.conversation_id, [identity.id])
    author = entry.author.name if entry.author.kind is AuthorKind.AGENT else ""
    said = machine.say(
        tx,
        entry.conversation_id,
        identity.id,
        account_id,
        f"{text}\n\n{author}".strip(),
        files,
        buttons=buttons,
        instead_of_id=entry.id,
        automatic=False,
    )
    for one in lost:
        actions.set_delivery(
            tx, one.id, DeliveryStatus.FAILED, reason=f"Not received; sent to {address.value} instead."
        )
    carrying.left_behind(tx, entry.conversation_id, [f.name for e in lost for f in e.files if f.id not in files])
    return said


def _schedule(tx: Tx, entry_id: int, due_at: Moment, stands: DeliveryStatus) -> None:
    jobs.schedule(tx, JOB, str(entry_id), {"entry_id": entry_id, "stands": stands}, due_at=due_at)


def _addresses(tx: Tx, identity_id: int) -> list[Address]:
    """Where else somebody said they can be reached, what their contact has first."""
    identity = contacts.identity_row(tx, identity_id)
    known: list[Address] = []
    if identity.contact_id is not None:
        known = [Address(i.scheme, i.value) for i in contacts.get(tx, identity.contact_id).identities]
    return [a for a in [*known, *claims(identity.facts or {})] if a.scheme != identity.scheme]


def _way(tx: Tx, entry: EntryValue, directory: Directory) -> tuple[Address, int] | None:
    assert entry.account_id is not None
    assert entry.identity_id is not None
    manner = read(accounts.manner_of(tx, entry.account_id))
    preferred = [] if manner is None or manner.fallback_account_id is None else [manner.fallback_account_id]
    # Without an account named for it only what visitors are lost by goes on by itself, and only by mail.
    others = sorted(i for i, line in directory.items() if line.capabilities.subject and line.capabilities.can_start)
    for account_id in preferred or others:
        line = directory.get(account_id)
        if line is None or not line.capabilities.can_start or account_id == entry.account_id:
            continue
        for address in _addresses(tx, entry.identity_id):
            if address.scheme in line.reaches and _is_open(tx, address, account_id, line.capabilities):
                return address, account_id
    return None


def _is_open(tx: Tx, address: Address, account_id: int, carries: Capabilities) -> bool:
    return is_open(tx, resolve(tx, address, "", {}).id, account_id, carries)


def _said(lost: Sequence[EntryValue], directory: Directory, account_id: int) -> tuple[str, list[Pressable]]:
    """What these messages say, and their buttons; what those say is among the words where the way carries them not."""
    pressable = [b for e in lost for b in _buttons(e)]
    words = [carrying.words_of(e, directory) for e in lost]
    fit = len(pressable) <= directory[account_id].capabilities.buttons and any(w.strip() for w in words)
    lines = ["" if fit else carrying.as_lines(_buttons(e)) for e in lost]
    said = ["\n".join(part for part in both if part.strip()) for both in zip(words, lines, strict=True)]
    return "\n\n".join(one for one in said if one), pressable if fit else []


def _buttons(entry: EntryValue) -> list[Pressable]:
    return [] if entry.details is None else entry.details.buttons


def _carried(lost: Sequence[EntryValue], carries: Capabilities) -> list[int]:
    """The files of these messages that fit the other way; a notice names the others."""
    fit = [f.id for e in lost for f in e.files if f.size <= carries.max_file_bytes]
    return fit if carries.max_files is None else fit[: carries.max_files]


def _lost_with(tx: Tx, entry: EntryValue) -> Sequence[EntryValue]:
    """The messages of this way that did not arrive either, in a row before and after this one."""
    newest = timeline.newest(tx, [entry.conversation_id], most=50, kinds=[EntryKind.MESSAGE])
    if entry.delivery is DeliveryStatus.FAILED:
        return [entry]
    lost = [
        e
        for e in newest
        if e.direction is Direction.OUT and e.account_id == entry.account_id and e.delivery is DeliveryStatus.SENT
    ]
    return lost or [entry]
