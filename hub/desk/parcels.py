"""What an owed delivery is made of: the entry, where it goes, what it answers, and its laid-out form."""

from __future__ import annotations

from dataclasses import dataclass, replace

from channels.contract import OutboundMessage
from crm_core.contacts import queries as contacts
from crm_core.contacts import reach
from crm_core.conversations import timeline
from crm_core.conversations.queries import row as conversation_row
from crm_core.conversations.rows import entry_value
from crm_core.files.served import served
from crm_core.store import outbox, receipts
from crm_core.store.database import Database
from crm_core.store.outbox import Owed
from crm_core.store.transaction import AnyRow, Tx
from crm_core.words.content import Button, Content, ExternalId, FileRef, Recipient, Template, ThreadKey
from crm_core.words.errors import NotFound
from crm_core.words.values import EntryDetails, EntryValue, Named
from hub.machinery.media.store import FileStore


@dataclass(frozen=True, slots=True)
class Parcels:
    """Packs deliveries."""

    db: Database
    media: FileStore

    async def message(self, owed: Owed) -> OutboundMessage:
        """The message to send. Raises NotFound when its laid-out form is gone."""
        message = await self.db.read(packed, owed)
        details = message.entry.details
        if details is None or details.html_file_id is None:
            return message
        file = await self.db.read(served, details.html_file_id)
        html = b"".join([chunk async for chunk in self.media.read(file.stored_as, 0, file.size)])
        return replace(message, content=replace(message.content, html=html.decode("utf-8", "replace")))


def packed(tx: Tx, owed: Owed) -> OutboundMessage:
    """The message of a delivery, but for its laid-out form."""
    row = timeline.row(tx, owed.entry_id)
    entry = entry_value(row)
    conversation = conversation_row(tx, owed.conversation_id)
    identity = contacts.identity_row(tx, row["identity_id"])
    details = entry.details or EntryDetails()
    before = [n for i, n in _names(tx, owed) if i != entry.id]
    answers = _answers(tx, owed, details) or (before[-1] if before else None)
    return OutboundMessage(
        delivery=owed.id,
        entry=entry,
        thread=_thread(tx, conversation, identity.id, owed.account_id),
        to=contacts.address_in(identity),
        to_name=identity.name,
        content=_content(entry, details),
        conversation_id=owed.conversation_id,
        in_reply_to=None if answers is None else ExternalId(answers),
        references=tuple(ExternalId(n) for n in before),
        language=_language(tx, conversation, identity),
        automatic=details.automatic,
        tried_at=owed.tried_at,
        sent=_sent(tx, owed),
    )


def _sent(tx: Tx, owed: Owed) -> tuple[ExternalId, ...]:
    """What has gone of a message that stopped half way."""
    if not owed.parts:
        return ()
    first = outbox.names_of(tx, [owed.entry_id])[owed.entry_id]
    others = receipts.parts_of(tx, owed.account_id, owed.entry_id)
    return tuple(ExternalId(name) for name in [first, *others][: owed.parts])


def _content(entry: EntryValue, details: EntryDetails) -> Content:
    return Content(
        text=entry.text,
        subject=details.subject or None,
        files=tuple(FileRef(f.id) for f in entry.files),
        to=_recipients(details.to),
        cc=_recipients(details.cc),
        bcc=_recipients(details.bcc),
        buttons=tuple(Button(text=b.text, key=b.key, url=b.url) for b in details.buttons),
        template=Template(id=details.template, variables=details.variables) if details.template else None,
    )


def _recipients(people: list[Named]) -> tuple[Recipient, ...]:
    return tuple(Recipient(p.value, p.name) for p in people)


def _thread(tx: Tx, conversation: AnyRow, identity_id: int, account_id: int) -> ThreadKey:
    known = reach.way(tx, identity_id, account_id)
    if known is not None and known.thread:
        return ThreadKey(known.thread)
    is_same = (conversation.identity_id, conversation.account_id) == (identity_id, account_id)
    return ThreadKey(conversation.thread if is_same else "")


def _names(tx: Tx, owed: Owed) -> list[tuple[int, str]]:
    """By which names the messages before are known to this account's provider, oldest first."""
    ids = [i for i in timeline.spoken_by(tx, owed.conversation_id, owed.account_id) if i <= owed.entry_id]
    names = {**timeline.external_ids(tx, ids), **receipts.names_of(tx, ids), **outbox.names_of(tx, ids)}
    return [(i, names[i]) for i in ids if i in names]


def _answers(tx: Tx, owed: Owed, details: EntryDetails) -> str | None:
    if details.reply_to_id is None:
        return None
    ids = [details.reply_to_id]
    names = {**timeline.external_ids(tx, ids), **receipts.names_of(tx, ids), **outbox.names_of(tx, ids)}
    return names.get(details.reply_to_id)


def _language(tx: Tx, conversation: AnyRow, identity: AnyRow) -> str:
    if conversation.contact_id is not None:
        try:
            language = contacts.row(tx, conversation.contact_id).language
        except NotFound:
            language = ""
        if language:
            return str(language)
    return str((identity.facts or {}).get("language", ""))
