"""What a FETCH says of a mail (RFC 3501, 6.4.5 and 7.4.2), as far as this server speaks it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from channels.simulators.imap.choosing import MONTHS
from channels.simulators.imap.folders import Kept
from channels.simulators.imap.words import Bad
from crm_core.words.clock import as_datetime

_BODY: Final = re.compile(
    r"BODY(?P<peek>\.PEEK)?\[(?P<section>[^\]]*)\](?:<(?P<start>\d+)\.(?P<most>\d+)>)?", re.IGNORECASE
)
_FIELDS: Final = re.compile(r"HEADER\.FIELDS(?P<but>\.NOT)? \((?P<names>[^)]*)\)", re.IGNORECASE)
_FAST: Final = ("FLAGS", "INTERNALDATE", "RFC822.SIZE")
_WHOLE: Final = {"RFC822": "BODY[]", "RFC822.HEADER": "BODY.PEEK[HEADER]", "RFC822.TEXT": "BODY[TEXT]"}


def items_of(words: Sequence[str], *, by_uid: bool) -> list[str]:
    """What is asked for, the macro FAST taken apart; the UID always when it was asked for by UID."""
    items = [item for word in words for item in (_FAST if word.upper() == "FAST" else (word,))]
    return [*(["UID"] if by_uid and "UID" not in {item.upper() for item in items} else []), *items]


def marks_as_read(items: Sequence[str]) -> bool:
    """Whether asking for these is having read the mail."""
    bodies = [_BODY.fullmatch(_WHOLE.get(item.upper(), item)) for item in items]
    return any(body is not None and not body["peek"] for body in bodies)


def shown(number: int, kept: Kept, items: Sequence[str]) -> bytes:
    """One answer, without the end of its line. Raises Bad for what is not spoken here."""
    said = b" ".join(_item(kept, item) for item in items)
    return b"* %d FETCH (%b)" % (number, said)


def flags_of(flags: set[str]) -> bytes:
    """Flags in parentheses."""
    return f"({' '.join(sorted(flags))})".encode()


def _item(kept: Kept, item: str) -> bytes:
    name = item.upper()
    match name:
        case "UID":
            return b"UID %d" % kept.uid
        case "FLAGS":
            return b"FLAGS " + flags_of(kept.flags)
        case "RFC822.SIZE":
            return b"RFC822.SIZE %d" % len(kept.raw)
        case "INTERNALDATE":
            return b'INTERNALDATE "%b"' % _date(kept)
    body = _BODY.fullmatch(_WHOLE.get(name, item))
    if body is None:
        raise Bad(f"{name[:40]} is not spoken here.")
    content = _section(kept.raw, body["section"])
    label = name if name in _WHOLE else f"BODY[{body['section'].upper()}]"
    if body["start"] is not None:
        start, most = int(body["start"]), int(body["most"])
        content = content[start : start + most]
        label += f"<{start}>"
    return b"%b {%d}\r\n%b" % (label.encode(), len(content), content)


def _section(raw: bytes, section: str) -> bytes:
    header, separator, rest = raw.partition(b"\r\n\r\n")
    whole = header + separator
    match section.upper():
        case "":
            return raw
        case "HEADER":
            return whole
        case "TEXT":
            return rest
    fields = _FIELDS.fullmatch(section)
    if fields is None:
        raise Bad("Parts of a mail are not spoken here.")
    names = {name.lower().encode() for name in fields["names"].split()}
    lines = re.split(rb"\r\n(?![ \t])", header)
    kept = [line for line in lines if (line.partition(b":")[0].strip().lower() in names) is not bool(fields["but"])]
    return b"".join(line + b"\r\n" for line in kept) + b"\r\n"


def _date(kept: Kept) -> bytes:
    came = as_datetime(kept.came_at)
    return f"{came.day:2d}-{MONTHS[came.month - 1]}-{came.year:04d} {came:%H:%M:%S} +0000".encode()
