"""A mail's bytes to what it says: pure, never raising for anything that strangers can send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeVar

import msgspec

from channels.email.anatomy import html as markup
from channels.email.anatomy import html_text
from channels.email.anatomy.addresses import mailboxes
from channels.email.anatomy.automatic import is_automatic
from channels.email.anatomy.bodies import Bodies, bodies, with_carried
from channels.email.anatomy.bounces import Letter, bounce_of
from channels.email.anatomy.dates import moment_of
from channels.email.anatomy.encoded_words import unfolded
from channels.email.anatomy.headers import Headers
from channels.email.anatomy.limits import (
    MOST_BYTES,
    MOST_FORWARDED,
    MOST_HEADER_BYTES,
    MOST_ID,
    MOST_REFERENCES,
    MOST_SUBJECT,
    Defects,
)
from channels.email.anatomy.quoting import Folded, fold
from channels.email.anatomy.structure import tree
from channels.email.mail import Named, ParsedMail
from crm_core.words.text import one_line, storable

T = TypeVar("T")
_DELIVERED: Final = ("delivered-to", "x-original-to", "envelope-to")


class Within(Protocol):
    """Runs something within a time of its own; gives `instead()` and says so where it takes longer."""

    def __call__(self, work: Callable[[], T], instead: Callable[[], T], /) -> tuple[T, bool]: ...


def however_long(work: Callable[[], T], instead: Callable[[], T], /) -> tuple[T, bool]:
    """No limit: for callers that have their own around the whole."""
    return work(), True


def parse(raw: bytes, within: Within = however_long) -> ParsedMail:
    """Read a whole mail of RFC 5322, or anything that was meant to be one.

    Of a mail beyond 25 MB only the headers are read (`too_large`). `within` limits the two steps whose time depends
    most on what strangers wrote, cleaning HTML and folding quotes; where they take too long, the text is shown plain
    and whole (`html_too_slow`, `quotes_too_slow`).
    """
    defects = Defects()
    if len(raw) > MOST_BYTES:
        defects.note("too_large")
        raw = raw[: MOST_HEADER_BYTES + 1]
        cut = max(raw.find(b"\n\n"), raw.find(b"\r\n\r\n"))
        raw = raw[: cut + 4] if cut > 0 else raw
    return _Reading(raw, within, defects).mail()


class _Reading:
    """One mail."""

    def __init__(self, raw: bytes, within: Within, defects: Defects) -> None:
        self._defects = defects
        self._within = within
        self._root = tree(raw, defects)
        self._headers = self._root.headers

    def mail(self) -> ParsedMail:
        headers, defects = self._headers, self._defects
        found = bodies(self._root, lambda raw: _forwarded(raw, 1), defects)
        senders, subject = self._people("from"), one_line(headers.text("subject", defects), most=MOST_SUBJECT)
        if not headers.fields:
            defects.note("headers_missing")
        own_text, marked, html = self._words(found)
        folded = self._folded(own_text, marked, subject)
        bounce = bounce_of(Letter(self._root, senders, subject, own_text), defects)
        return msgspec.structs.replace(
            self._addressed(),
            from_=senders,
            subject=subject,
            text=with_carried(own_text, found),
            trimmed=with_carried(folded.trimmed, found),
            folded=folded.folded,
            html=html,
            attachments=found.files,
            automatic=bounce is not None or is_automatic(headers, senders, subject),
            bounce=bounce,
            calendar=found.calendar,
            defects=defects.codes(),
        )

    def _addressed(self) -> ParsedMail:
        """What the headers say of people, time and way."""
        headers = self._headers
        return ParsedMail(
            sender=next(iter(self._people("sender")), None),
            reply_to=self._people("reply-to"),
            to=self._people("to"),
            cc=self._people("cc"),
            bcc=self._people("bcc"),
            date=moment_of(headers.text("date")),
            message_id=next(iter(_ids(headers, "message-id")), ""),
            in_reply_to=_ids(headers, "in-reply-to"),
            references=_ids(headers, "references"),
            list_id=headers.text("list-id")[:MOST_ID],
            auto_submitted=headers.flat("auto-submitted")[:MOST_ID],
            precedence=headers.flat("precedence")[:MOST_ID],
            return_path=None if headers.first("return-path") is None else _return_path(headers),
            loops=_values(headers, "x-switchboard-loop"),
            x_loop=_values(headers, "x-loop"),
            delivered_to=[v for name in _DELIVERED for v in _values(headers, name)],
            authentication_results=_values(headers, "authentication-results"),
        )

    def _people(self, name: str) -> list[Named]:
        """Everybody that the fields of that name say, each address once."""
        said: dict[Named, None] = {}
        for value in self._headers.every(name)[:20]:
            for named in mailboxes(self._headers.letters(value, self._defects), self._defects):
                said.setdefault(named)
        return list(said)

    def _words(self, found: Bodies) -> tuple[str, str, str | None]:
        """The text, the text with the marks of quote containers in it, and harmless HTML."""
        raw = found.raw_html
        if not raw:
            return found.text, "", None
        html, in_time = self._within(lambda: markup.cleaned(raw), lambda: None)
        if html is None or not in_time:
            self._defects.note("html_too_slow" if not in_time else "html_too_large")
            return storable(found.text or html_text.roughly(raw)), "", None
        marked, in_time = self._within(lambda: html_text.marked_text_of(raw), lambda: "")
        if not in_time:
            self._defects.note("html_too_slow")
            return storable(found.text or html_text.roughly(raw)), "", html
        marked = storable(marked)
        text = marked.replace(html_text.QUOTE, "") if found.is_text_of_html else found.text
        return text, marked, html

    def _folded(self, text: str, marked: str, subject: str) -> Folded:
        found, in_time = self._within(lambda: _fold(text, marked, subject), lambda: Folded(text, ""))
        if not in_time:
            self._defects.note("quotes_too_slow")
        return found


def _fold(text: str, marked: str, subject: str) -> Folded:
    """By the lines of the text; where they tell nothing, by the containers that mail programs put around quotes."""
    found = fold(text, subject)
    before, mark, after = marked.partition(html_text.QUOTE)
    if found.folded or not mark or not before.strip() or not after.strip():
        return found
    whole = fold(marked.replace(html_text.QUOTE, "\n"), subject)
    if whole.folded:
        return found
    first = after.strip().splitlines()[0]
    if fold(f"x\n{first}\n{after}", subject).folded or not fold(after, "fwd: " + subject).folded:
        own = fold(before, subject)
        rest = "\n".join(t for t in (own.folded, after.strip("\n").replace(html_text.QUOTE, "")) if t)
        return Folded(own.trimmed, rest)
    return found


def _forwarded(raw: bytes, level: int) -> str:
    """The words of a carried mail, its sender and subject above them."""
    defects = Defects()
    root = tree(raw, defects)
    headers = root.headers

    def deeper(inner: bytes) -> str:
        return _forwarded(inner, level + 1) if level < MOST_FORWARDED else ""

    found = bodies(root, deeper, defects)
    text = with_carried(found.text or (html_text.roughly(found.raw_html) if found.raw_html else ""), found)
    rows = [
        f"{name}: {one_line(headers.text(name.lower()), most=300)}"
        for name in ("From", "Date", "Subject", "To")
        if headers.first(name.lower()) is not None
    ]
    return "\n".join(["---------- Forwarded message ----------", *rows, "", text.strip("\n")]).rstrip()


def _ids(headers: Headers, name: str) -> list[str]:
    """Message ids without their brackets, each once; one without brackets counts when it stands alone."""
    said: dict[str, None] = {}
    for value in headers.every(name)[:20]:
        text = storable(unfolded(headers.letters(value)))
        at = 0
        while (opened := text.find("<", at)) >= 0 and len(said) < MOST_REFERENCES:
            closed = text.find(">", opened)
            if closed < 0:
                break
            _note_id(said, text[opened + 1 : closed])
            at = closed + 1
        if "<" not in text:
            words = text.split()
            for word in words if name != "in-reply-to" or len(words) == 1 else [w for w in words if "@" in w]:
                if len(said) < MOST_REFERENCES:
                    _note_id(said, word)
    return list(said)


def _note_id(said: dict[str, None], raw: str) -> None:
    bare = "".join(raw.split())[:MOST_ID]
    if bare and bare.isprintable():
        said.setdefault(bare)


def _return_path(headers: Headers) -> str:
    return one_line(unfolded(headers.bare("return-path")), most=320).strip("<> ")


def _values(headers: Headers, name: str) -> list[str]:
    return [one_line(unfolded(headers.letters(v)), most=2_000) for v in headers.every(name)[:20]]
