"""Our message as a mail: bytes that are the same however often they are written. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from html.parser import HTMLParser
from typing import Final

from channels.contract import Kept, OutboundMessage
from channels.email import writing
from channels.email.settings import EmailSettings
from channels.email.threading_ import own_id, plus_address, written_id
from crm_core.words.clock import Moment
from crm_core.words.content import ExternalId, Recipient

_MOST_REFERENCES: Final = 20
_OUR_FILE: Final = re.compile(r"hub-file:(\d{1,16})")
_BLOCKS: Final = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "blockquote", "table", "ul", "ol"})


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail and its envelope."""

    message_id: ExternalId
    sender: str
    recipients: tuple[str, ...]
    content: bytes = field(repr=False)
    copies: frozenset[str] = frozenset()
    """Those of the recipients who only have it on copy."""

    @property
    def needs_utf8(self) -> bool:
        """Whether an address has letters that only newer mail systems carry (RFC 6531)."""
        return not all(address.isascii() for address in (self.sender, *self.recipients))


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes: the mailbox, and the mark by which it knows its own mail."""

    settings: EmailSettings
    loop_key: str


def letter(message: OutboundMessage, writer: Writer, token: str, files: Mapping[int, Kept]) -> Letter:
    """The mail of a message; `files` by id, as many as the message names. Raises Unwritable."""
    settings, content = writer.settings, message.content
    message_id = own_id(token, message.delivery, settings.domain)
    to = _once([Recipient(message.to.value, message.to_name), *content.to], besides=())
    cc = _once(content.cc, besides=to)
    bcc = _once(content.bcc, besides=(*to, *cc))
    body = _body(message, settings, message_id, files)
    headers = [
        ("Date", format_datetime(_when(message))),
        ("From", writing.mailbox(settings.address, settings.name)),
        ("To", writing.mailboxes((person.value, person.name) for person in to)),
    ]
    if cc:
        headers.append(("Cc", writing.mailboxes((person.value, person.name) for person in cc)))
    if settings.plus_addressing:
        headers.append(("Reply-To", writing.mailbox(plus_address(settings.address, token), settings.name)))
    headers += [("Subject", writing.unstructured(content.subject or "")), ("Message-ID", f"<{message_id}>")]
    headers += _belonging(message)
    if message.automatic:
        headers += [("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All"), ("Precedence", "bulk")]
    headers += [("X-Switchboard-Loop", writer.loop_key), ("MIME-Version", "1.0")]
    whole = writing.Part((*headers, *body.headers), body.body)
    recipients = tuple(person.value for person in (*to, *cc, *bcc))
    copies = frozenset(person.value for person in (*cc, *bcc))
    return Letter(ExternalId(message_id), settings.address, recipients, whole.as_bytes(), copies)


def from_text(text: str) -> str:
    """HTML that shows a plain text as it was written."""
    paragraphs = html.escape(text.strip("\n"), quote=False).split("\n\n")
    return "".join("<p>" + paragraph.strip("\n").replace("\n", "<br>") + "</p>" for paragraph in paragraphs)


def as_text(markup: str) -> str:
    """The words of our own HTML, a line a block."""
    reader = _Words()
    reader.feed(markup)
    reader.close()
    lines = [re.sub(r"[ \t\u00a0]+", " ", line).strip() for line in "".join(reader.words).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS - {"br", "li"}:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        self.words.append(data.replace("\n", " "))


def _body(
    message: OutboundMessage, settings: EmailSettings, message_id: str, files: Mapping[int, Kept]
) -> writing.Part:
    content = message.content
    signature = "" if message.automatic else settings.signature
    markup = content.html if content.html is not None else from_text(content.text)
    plain = content.text if content.text.strip() else as_text(markup)
    if signature:
        markup += f"<div>-- <br>{signature}</div>"
        plain += f"\n\n-- \n{as_text(signature)}"
    if content.folded.strip():
        markup += f"<blockquote>{from_text(content.folded)}</blockquote>"
        plain += f"\n\n{content.folded}"
    shown = [int(found) for found in dict.fromkeys(_OUR_FILE.findall(markup)) if int(found) in files]
    names = {file_id: f"file{file_id}.{message_id}" for file_id in shown}
    markup = _OUR_FILE.sub(lambda found: f"cid:{names[int(found[1])]}" if int(found[1]) in names else "", markup)
    pictures = [_file(files[file_id], content_id=names[file_id]) for file_id in shown]
    attached = [_file(kept) for file_id, kept in files.items() if file_id not in names]
    page = writing.multipart("related", [writing.text_part(_page(markup), "html"), *pictures], message_id)
    both = writing.multipart("alternative", [writing.text_part(plain, "plain"), page], message_id)
    return writing.multipart("mixed", [both, *attached], message_id)


def _page(markup: str) -> str:
    return f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head><body>\n{markup}\n</body></html>\n'


def _file(kept: Kept, *, content_id: str = "") -> writing.Part:
    return writing.file_part(kept.name, kept.type, kept.content, content_id=content_id)


def _belonging(message: OutboundMessage) -> list[tuple[str, str]]:
    """In-Reply-To and References: the first mail and the latest, for whoever sorts by them."""
    answered = written_id(message.in_reply_to or "")
    before = [known for known in map(written_id, message.references) if known]
    chain = list(dict.fromkeys([*before, *([answered] if answered else [])]))
    if len(chain) > _MOST_REFERENCES:
        chain = [chain[0], *chain[1 - _MOST_REFERENCES :]]
    found = [("In-Reply-To", writing.ids([answered]))] if answered else []
    return [*found, ("References", writing.ids(chain))] if chain else found


def _once(people: Sequence[Recipient], besides: Sequence[Recipient]) -> tuple[Recipient, ...]:
    found: dict[str, Recipient] = {}
    for person in people:
        if all(person.value != known.value for known in besides):
            found.setdefault(person.value, person)
    return tuple(found.values())


def _when(message: OutboundMessage) -> datetime:
    """When the agent wanted it sent: the same at every try."""
    details = message.entry.details
    moment: Moment = (details.send_at if details else None) or message.entry.at
    return datetime.fromtimestamp(moment // 1000, UTC)
