"""The words of a mail and its files, put together from its parts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from channels.email.anatomy import html as markup
from channels.email.anatomy import html_text
from channels.email.anatomy.calendars import calendar_of, in_words
from channels.email.anatomy.charsets import decode
from channels.email.anatomy.encoded_words import decoded
from channels.email.anatomy.flowed import unflowed
from channels.email.anatomy.limits import MOST_HTML, MOST_TEXT, Defects
from channels.email.anatomy.names import made_up_name, safe_name
from channels.email.anatomy.selection import is_seen, selected
from channels.email.anatomy.structure import Part
from channels.email.anatomy.tnef import tnef_of
from channels.email.anatomy.transfer import unwrapped
from channels.email.mail import Attached, Calendar
from crm_core.words.text import storable

Forwarded = Callable[[bytes], str]
"""The words of a mail that another mail carries."""


@dataclass(slots=True)
class Bodies:
    """Words and files. `raw_html` is as it came, with the places of pictures put in."""

    text: str = ""
    raw_html: str = ""
    files: list[Attached] = field(default_factory=list)
    carried: list[str] = field(default_factory=list)
    """The words of mails within the mail."""
    calendar: Calendar | None = None
    is_text_of_html: bool = False
    """There were no plain words: they are read out of the HTML by the caller."""


def bodies(root: Part, forwarded: Forwarded, defects: Defects) -> Bodies:
    """Read the parts in their order. `forwarded` reads mails within the mail."""
    return _Building(defects, forwarded).build(root)


class _Building:
    """One mail's bodies; each part is decoded once."""

    def __init__(self, defects: Defects, forwarded: Forwarded) -> None:
        self._defects = defects
        self._forwarded = forwarded
        self._made = Bodies()
        self._words: dict[int, str] = {}
        self._unwrapped: list[tuple[str, bytes]] = []
        self._pictures: dict[int, str] = {}

    def build(self, root: Part) -> Bodies:
        chosen = selected(root)
        for number, part in enumerate(chosen.files):
            if part in chosen.html:
                self._pictures[id(part)] = part.content_id or f"part-{number + 1}.{part.start}@mail"
        html_parts = [p for p in chosen.html if p.type == "text/html"]
        texts = [self._text(p) for p in chosen.text if p.type == "text/plain"]
        self._made.text = "\n\n".join(t.strip("\n") for t in texts if t.strip())
        if html_parts:
            self._made.raw_html = self._html(chosen.html)
            self._made.is_text_of_html = not self._made.text.strip()
            if not self._made.is_text_of_html and any(p.type == "text/html" for p in chosen.text):
                # Words and HTML stand one after the other, not in two views: the order counts.
                said = [
                    self._text(p) if p.type == "text/plain" else html_text.text_of(self._markup(p))
                    for p in chosen.text
                    if p.type in {"text/plain", "text/html"}
                ]
                self._made.text = "\n\n".join(s.strip("\n") for s in said if s.strip())
        for part in chosen.files:
            self._file(part)
        for name, content in self._unwrapped:
            self._add(name, "application/octet-stream", content)
        if len(self._made.text) > MOST_TEXT:
            self._defects.note("text_cut")
        self._made.text = storable(self._made.text[:MOST_TEXT])
        return self._made

    def _text(self, part: Part) -> str:
        if id(part) not in self._words:
            content = part.content(self._defects)
            if b"\nbegin" in content or content.startswith(b"begin"):
                content, files = unwrapped(content)
                self._unwrapped += [(decode(f.name), f.content) for f in files]
            text = decode(self._bounded(content), part.charset, self._defects).replace("\r\n", "\n").replace("\r", "\n")
            if part.parameters.get("format", "").lower() == "flowed":
                text = unflowed(text, drops_space=part.parameters.get("delsp", "").lower() == "yes")
            self._words[id(part)] = text
        return self._words[id(part)]

    def _bounded(self, content: bytes) -> bytes:
        if len(content) > 4 * MOST_TEXT:
            self._defects.note("text_cut")
        return content[: 4 * MOST_TEXT]

    def _markup(self, part: Part) -> str:
        if id(part) not in self._words:
            content = self._bounded(part.content(self._defects))
            self._words[id(part)] = decode(content, part.charset or _meta_charset(content), self._defects)
        return self._words[id(part)]

    def _html(self, parts: list[Part]) -> str:
        said: list[str] = []
        whole = "".join(self._markup(p) for p in parts if p.type == "text/html")
        for part in parts:
            if part.type == "text/html":
                said.append(self._markup(part))
            elif part.type == "text/plain":
                if self._text(part).strip():
                    said.append(markup.of_text(self._text(part)))
            elif part.type.startswith("image/") and f"cid:{self._pictures[id(part)]}" not in whole:
                said.append(markup.picture(self._pictures[id(part)], part.file_name))
        return "\n".join(said)[: 2 * MOST_HTML]

    def _file(self, part: Part) -> None:
        content = part.content(self._defects)
        if part.type == "application/ms-tnef" or safe_name(part.file_name).lower() in {"winmail.dat", "win.dat"}:
            if self._outlook(content):
                return
        elif part.type == "text/calendar":
            self._invitation(part, content)
        elif part.type in {"message/rfc822", "message/global"}:
            self._carried(part, content)
            return
        elif part.main == "text" and not self._made.text and part.disposition.value != "attachment":
            self._other_text(part, content)
        self._add(part.file_name, part.type, content, part)

    def _other_text(self, part: Part, content: bytes) -> None:
        """`text/enriched` and its kin, where nothing else speaks."""
        if part.type in {"text/enriched", "text/richtext"} and not self._made.raw_html:
            self._made.text = html_text.text_of(decode(content, part.charset, self._defects).replace("<<", "&lt;"))

    def _invitation(self, part: Part, content: bytes) -> None:
        text = decode(content, part.charset, self._defects)
        calendar = calendar_of(text, part.parameters.get("method", ""))
        if calendar is not None and self._made.calendar is None:
            self._made.calendar = calendar

    def _carried(self, part: Part, content: bytes) -> None:
        """A mail within the mail: its words below the mail's own, the whole of it a file."""
        said = self._forwarded(content)
        if said:
            self._made.carried.append(said)
        self._add(part.file_name, part.type, content, part)

    def _outlook(self, content: bytes) -> bool:
        """What a winmail.dat holds stands in its place; False where it cannot be read."""
        read = tnef_of(content, self._defects)
        if read is None or not (read.files or read.text or read.html or read.rtf):
            self._defects.note("tnef_broken")
            return False
        for file in read.files:
            self._add(file.name, file.type or "application/octet-stream", file.content, content_id=file.content_id)
        if read.html and not self._made.raw_html:
            self._made.raw_html = read.html
            self._made.is_text_of_html = not self._made.text
        if read.text and not self._made.text:
            self._made.text, self._made.is_text_of_html = read.text, False
        if read.rtf and not read.html and not self._made.text.strip():
            self._add("message.rtf", "application/rtf", read.rtf)
        return True

    def _add(self, name: str, kind: str, content: bytes, part: Part | None = None, *, content_id: str = "") -> None:
        safe = safe_name(decoded(name, self._defects))
        number = len(self._made.files) + 1
        if part is not None:
            content_id = self._pictures.get(id(part)) or part.content_id
        is_inline = part is not None and (
            id(part) in self._pictures
            or (is_seen(kind) and part.inside == "multipart/related" and bool(content_id))
            or (part.disposition.value == "inline" and is_seen(kind))
        )
        self._made.files.append(
            Attached(
                name=safe or made_up_name(kind, number),
                is_named=bool(safe),
                type=kind,
                content=content,
                sha256=hashlib.sha256(content).hexdigest(),
                inline=is_inline,
                content_id=storable(content_id),
            )
        )


def with_carried(text: str, found: Bodies) -> str:
    """The words with the invitation in lines and the mails within the mail below them."""
    below = ([in_words(found.calendar)] if found.calendar is not None else []) + found.carried
    return storable("\n\n".join(t for t in (text.rstrip(), *below) if t))[:MOST_TEXT] if below else text


def _meta_charset(content: bytes) -> str:
    """What the HTML says of itself, in its first kilobytes."""
    head = content[:4_096].lower()
    at = head.find(b"charset=")
    if at < 0:
        return ""
    return (
        head[at + 8 : at + 48]
        .strip(b"\"' ")
        .split(b'"')[0]
        .split(b"'")[0]
        .split(b">")[0]
        .split(b";")[0]
        .decode("ascii", "ignore")
    )
