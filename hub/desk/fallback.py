"""Another way for a message that did not get there: the account's fallback, and mail for a visitor who left.

A visitor's page shows a message or it does not: what it has not shown after ten minutes goes to the address they
left, if they left one, all of it in one message. The entries themselves say what became of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from channels.contract import Capabilities
from crm_core.accounts import queries as accounts
from crm_core.contacts import queries as contacts
from crm_core.contacts import reach
from crm_core.contacts.resolving import resolve
from crm_core.contacts.rules import claims
from crm_core.conversations import actions, participants, timeline
from crm_core.conversations.queries import row as conversation_row
from crm_core.store import jobs
from crm_core.store.transaction import Tx
from crm_core.words.addresses import MAILTO, TEL, Address
from crm_core.words.clock import MINUTE, Moment
from crm_core.words.content import DeliveryStatus, ReachState
from crm_core.words.values import Author, AuthorKind, Direction, EntryKind, EntryValue, Pressable
from hub.desk import carrying, machine
from hub.desk.allowed import is_open
from hub.desk.manners import read
from hub.desk.ways import Directory
from hub.machinery.accounts import Line
from hub.machinery.jobs import JobAction

JOB: Final = "fallback"
"""The kind of the job; its key is the id of the entry that did not arrive."""
UNUSABLE: Final = "fallback_unusable"
"""The notice that the account's fallback cannot be used for this person."""
WAIT: Final[Moment] = 10 * MINUTE


def failed(tx: Tx, entry_id: int) -> None:
    """A message failed for good: it is tried by the account's fallback, if it has one."""
    entry = timeline.value(tx, entry_id)
    if _named_for(tx, entry) is not None and not _is_instead(entry):
        _schedule(tx, entry_id, tx.now, DeliveryStatus.FAILED)


def left(tx: Tx, entry_id: int) -> None:
    """A message went by a way that loses visitors: whether it arrived is looked at later."""
    entry = timeline.value(tx, entry_id)
    if entry.identity_id is None or _is_instead(entry):
        return
    if _named_for(tx, entry) is not None or _elsewhere(tx, entry.identity_id):
        _schedule(tx, entry_id, tx.now + WAIT, DeliveryStatus.SENT)


def _is_instead(entry: EntryValue) -> bool:
    """Whether a message went for another one already: no circles."""
    return entry.details is not None and entry.details.instead_of_id is not None


def _named_for(tx: Tx, entry: EntryValue) -> int | None:
    """The account that somebody named as the fallback of the message's own; none where nobody did."""
    manner = None if entry.account_id is None else read(accounts.manner_of(tx, entry.account_id))
    return None if manner is None else manner.fallback_account_id


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
    if _said_stop(tx, entry.identity_id, entry.account_id):
        return None
    aim = _way(tx, entry, directory)
    if aim is None:
        _say_why_not(tx, entry)
        return None
    identity_id, account_id = aim
    lost = _lost_with(tx, entry)
    text, buttons = _said(lost, directory, account_id)
    files = _carried(lost, directory[account_id].capabilities)
    if not text and not files:
        return None
    participants.add(tx, entry.conversation_id, [identity_id])
    address = contacts.address_of(tx, identity_id)
    author = entry.author.name if entry.author.kind is AuthorKind.AGENT else ""
    said = machine.say(
        tx,
        entry.conversation_id,
        identity_id,
        account_id,
        f"{text}\n\n{author}".strip(),
        files,
        buttons=buttons,
        instead_of_id=entry.id,
        automatic=False,
    )
    for one in lost:
        actions.set_delivery(
            tx,
            one.id,
            DeliveryStatus.FAILED,
            reason=f"Not received; sent to {_spoken(tx, address, account_id)} instead.",
        )
    carrying.left_behind(tx, entry.conversation_id, [f.name for e in lost for f in e.files if f.id not in files])
    return said


def _schedule(tx: Tx, entry_id: int, due_at: Moment, stands: DeliveryStatus) -> None:
    jobs.schedule(tx, JOB, str(entry_id), {"entry_id": entry_id, "stands": stands}, due_at=due_at)


def _own_and_theirs(tx: Tx, identity_id: int) -> list[int]:
    """The identity itself, and the others of its contact, what the contact has first."""
    contact_id = contacts.identity_row(tx, identity_id).contact_id
    theirs = [] if contact_id is None else [i.id for i in contacts.get(tx, contact_id).identities]
    return [identity_id, *(i for i in theirs if i != identity_id)]


def _claimed(tx: Tx, identity_id: int) -> list[Address]:
    """Where else somebody said that they can be reached."""
    own = contacts.identity_row(tx, identity_id)
    return [a for a in claims(own.facts or {}) if a.scheme != own.scheme]


def _elsewhere(tx: Tx, identity_id: int) -> bool:
    """Whether there is any other address of theirs."""
    return len(_own_and_theirs(tx, identity_id)) > 1 or bool(_claimed(tx, identity_id))


def _way(tx: Tx, entry: EntryValue, directory: Directory) -> tuple[int, int] | None:
    """The identity and the account by which they are reached instead; the same address by another account, too."""
    assert entry.identity_id is not None
    named = _named_for(tx, entry)
    # Without an account named for it only what visitors are lost by goes on by itself, and only by mail.
    others = sorted(i for i, line in directory.items() if line.capabilities.subject and line.capabilities.can_start)
    for account_id in others if named is None else [named]:
        line = directory.get(account_id)
        if line is None or not line.writes or account_id == entry.account_id:
            continue
        for identity_id in _reached(tx, entry.identity_id, account_id, line):
            if is_open(tx, identity_id, account_id, line.capabilities):
                return identity_id, account_id
    return None


def _reached(tx: Tx, identity_id: int, account_id: int, line: Line) -> Iterator[int]:
    """Whom of theirs an account reaches: who wrote by it, then what it can write to first, then what they named."""
    theirs = _own_and_theirs(tx, identity_id)
    wrote = {w.identity_id for w in reach.of_identities(tx, theirs) if w.account_id == account_id and w.heard_at}
    yield from (i for i in theirs if i in wrote)
    if line.capabilities.can_start:
        yield from (i for i in theirs if i not in wrote and contacts.address_of(tx, i).scheme in line.reaches)
        for address in _claimed(tx, identity_id):
            if address.scheme in line.reaches:
                yield resolve(tx, address, "", {}).id


def _said_stop(tx: Tx, identity_id: int, account_id: int) -> bool:
    """Whether they asked for silence on the way that failed: then no other one is tried in its place."""
    way = reach.way(tx, identity_id, account_id)
    return way is not None and way.state is ReachState.OPTED_OUT


def _spoken(tx: Tx, address: Address, account_id: int) -> str:
    """Where it went, as people call it: an address, or for those that nobody reads the account."""
    is_readable = address.scheme in (MAILTO, TEL)
    return address.value if is_readable else str(accounts.row(tx, account_id).name)


def _say_why_not(tx: Tx, entry: EntryValue) -> None:
    """The account that was named as the fallback cannot be used for this person: said once, until it is another."""
    named = _named_for(tx, entry)
    if named is None:
        return
    facts: dict[str, str | int | None] = {"account": accounts.row(tx, named).name}
    if timeline.last_notice(tx, entry.conversation_id, UNUSABLE) != facts:
        by = Author(kind=AuthorKind.SYSTEM)
        actions.add_notice(tx, entry.conversation_id, UNUSABLE, facts, by=by)


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
