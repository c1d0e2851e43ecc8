"""What can be told of a mail that nobody could read: its first headers, by a reader too simple to fail. Pure."""

from __future__ import annotations

import re
from binascii import Error
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import parsedate_to_datetime
from typing import Final

from channels.email.mail import Named, ParsedMail
from crm_core.words.clock import Moment
from crm_core.words.text import one_line

_MOST_BYTES: Final = 64 * 1024
_MOST_VALUE: Final = 2_000
_ADDRESS: Final = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z0-9-]{2,63}")
_ID: Final = re.compile(r"<([^<>\s]{3,250})>")
_WANTED: Final = frozenset(
    {"from", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to", "auto-submitted"}
)


def glimpse(raw: bytes) -> ParsedMail:
    """From, To, Cc, Subject, Date and Message-ID where they are plain to see."""
    found = _headers(raw[:_MOST_BYTES])
    return ParsedMail(
        from_=_people(found.get("from", ""))[:1],
        reply_to=_people(found.get("reply-to", ""))[:1],
        to=_people(found.get("to", "")),
        cc=_people(found.get("cc", "")),
        subject=one_line(_words(found.get("subject", "")), most=300),
        date=_moment(found.get("date", "")),
        message_id="".join(_ID.findall(found.get("message-id", ""))[:1]),
        in_reply_to=_ID.findall(found.get("in-reply-to", ""))[:1],
        automatic=found.get("auto-submitted", "no").strip().lower() != "no",
    )


def _headers(raw: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    name = ""
    for line in raw.decode("utf-8", "replace").replace("\r\n", "\n").split("\n"):
        if not line.strip():
            break
        if line[0] in " \t":
            if name and len(found[name]) < _MOST_VALUE:
                found[name] += " " + line.strip()[:_MOST_VALUE]
            continue
        before, colon, value = line.partition(":")
        name = before.strip().lower() if colon else ""
        if name in _WANTED and name not in found:
            found[name] = value.strip()[:_MOST_VALUE]
        else:
            name = ""
    return found


def _people(value: str) -> list[Named]:
    return [Named("", address) for address in dict.fromkeys(_ADDRESS.findall(value))]


def _words(value: str) -> str:
    try:
        pieces = decode_header(value)
        return "".join(
            piece.decode(charset or "utf-8", "replace") if isinstance(piece, bytes) else piece
            for piece, charset in pieces
        )
    except (HeaderParseError, LookupError, ValueError, Error):
        return value


def _moment(value: str) -> Moment | None:
    try:
        return int(parsedate_to_datetime(value).timestamp() * 1000)
    except (ValueError, OverflowError, TypeError, IndexError, OSError):
        return None
