"""The header block: split from the body, unfolded, cut where it is too long."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from channels.email.anatomy.charsets import decode
from channels.email.anatomy.encoded_words import FOLD, decoded, unfolded
from channels.email.anatomy.limits import MOST_HEADER_BYTES, MOST_HEADERS, Defects
from crm_core.words.text import storable

_FIELD = re.compile(rb"[!-9;-~]{1,200}[ \t]*:")
_USUAL = re.compile(
    rb"(?i)(?:from|to|cc|subject|date|received|reply-to|message-id|mime-version|content-[a-z-]+|x-[a-z0-9-]+):"
)
_BLANK = re.compile(rb"\r\n\r?\n|\n\r?\n|\r\r(?!\n)")


class Field(NamedTuple):
    """One header field; `value` has folds marked (FOLD) and no space around it."""

    name: str
    value: bytes


class Headers:
    """The fields of a block, in their order."""

    def __init__(self, fields: Sequence[Field], *, charset: str = "") -> None:
        self.fields = fields
        self.charset = charset
        """What letters above 127 that stand bare in a field are read as, where they are no UTF-8."""

    def first(self, name: str) -> bytes | None:
        """The value of the first field of that name (lower case), as it came."""
        for field in self.fields:
            if field.name == name:
                return field.value
        return None

    def every(self, name: str) -> list[bytes]:
        """The values of all fields of that name, as they came."""
        return [field.value for field in self.fields if field.name == name]

    def bare(self, name: str, defects: Defects | None = None) -> str:
        """The first value as text, encoded words left as they are and folds marked; empty where there is none."""
        value = self.first(name)
        return "" if value is None else self.letters(value, defects)

    def text(self, name: str, defects: Defects | None = None) -> str:
        """The first value as people read it, on one line."""
        return decoded(self.bare(name, defects), defects).strip()

    def flat(self, name: str) -> str:
        """The first value on one line, lower case: for fields of keywords."""
        return storable(unfolded(self.bare(name))).strip().lower()

    def letters(self, value: bytes, defects: Defects | None = None) -> str:
        """Bytes of a field as text."""
        if value.isascii() and b"\x1b" not in value:
            return value.decode("ascii")
        if defects is not None and not _is_utf8(value):
            defects.note("header_8bit")
        return decode(value, "" if _is_utf8(value) else self.charset)


def split_block(raw: bytes, start: int, end: int, defects: Defects) -> tuple[Headers, int]:
    """The header block that begins at `start`, and where the body begins (at most `end`).

    A block without a blank line after it ends at the first line that cannot be a field. One longer than 256 KB is
    cut there (`headers_cut`), its body is found all the same.
    """
    stop = min(end, start + MOST_HEADER_BYTES)
    newline = _line_end(raw, start, stop)
    fields: list[list[bytes]] = []
    at = _past_envelope(raw, start, stop, newline)
    while at < stop:
        close = raw.find(newline, at, stop)
        following = stop if close < 0 else close + 1
        line = raw[at : stop if close < 0 else close].rstrip(b"\r\n")
        if not line:
            return _as_headers(fields, defects), following
        if close < 0 and stop < end:
            break
        if line[:1] in b" \t" and fields:
            # A line of nothing but white space is often meant to be the blank one; a field after it says otherwise.
            fields[-1].append(line.strip())
        elif _FIELD.match(line):
            fields.append([line])
        elif fields and _goes_on(raw, following, stop, newline, is_open=fields[-1][-1].endswith(b";")):
            defects.note("header_broken")
            fields[-1].append(line.strip())
        else:
            defects.note("header_end_missing")
            return _as_headers(fields, defects), at
        if len(fields) >= MOST_HEADERS:
            break
        at = following
    if at >= end:
        return _as_headers(fields, defects), end
    defects.note("headers_cut")
    blank = _BLANK.search(raw, at, end)
    return _as_headers(fields, defects), end if blank is None else blank.end()


def _line_end(raw: bytes, start: int, stop: int) -> bytes:
    """What ends a line here: mails of old Macintoshes know only carriage returns."""
    return b"\n" if raw.find(b"\n", start, stop) >= 0 or raw.find(b"\r", start, stop) < 0 else b"\r"


def _past_envelope(raw: bytes, start: int, stop: int, newline: bytes) -> int:
    """Past blank lines and the `From ` line of a mailbox file."""
    at = start
    while at < stop and raw[at : at + 1] in (b"\r", b"\n"):
        at += 1
    if at > start and _FIELD.match(raw, at, min(stop, at + 300)) is None:
        return start
    for mark in (b"From ", b">From "):
        if raw.startswith(mark, at) and (close := raw.find(newline, at, stop)) >= 0:
            return close + 1
    return at


def _goes_on(raw: bytes, at: int, stop: int, newline: bytes, *, is_open: bool) -> bool:
    """Whether a line that is no field is the rest of the one before it, which lost its indentation.

    So when the field before it was to go on and the blank line comes now, or when a field of a usual name comes within
    a few lines.
    """
    for line in range(6):
        close = raw.find(newline, at, stop)
        said = raw[at : min(at + 300, stop if close < 0 else close)]
        if not said.strip():
            return is_open and line == 0
        if (_FIELD if line == 0 else _USUAL).match(said):
            return True
        if close < 0:
            return False
        at = close + 1
    return False


def _as_headers(fields: list[list[bytes]], defects: Defects) -> Headers:
    made = []
    for lines in fields:
        name, _, rest = lines[0].partition(b":")
        value = FOLD.encode().join([rest.strip(), *(line for line in lines[1:] if line)])
        if b"\0" in value:
            defects.note("header_nul")
        made.append(Field(name.strip().decode("ascii").lower(), value.replace(b"\r", b" ")))
    return Headers(made)


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\x1b" not in value
