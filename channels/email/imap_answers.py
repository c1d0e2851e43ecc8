"""What a mailbox's server answers, read; and how a folder's name is written. Nothing here waits for anybody."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, Protocol

from channels.contract import Problem
from channels.email.connecting import Trouble
from crm_core.words.clock import Moment

_NUMBERS: Final = re.compile(rb"[0-9 ]*")
_VALIDITY: Final = re.compile(rb"UIDVALIDITY (\d{1,10})")
_NEXT: Final = re.compile(rb"UIDNEXT (\d{1,10})")
_UID: Final = re.compile(rb"\bUID (\d{1,10})")
_SIZE: Final = re.compile(rb"RFC822\.SIZE (\d{1,18})")
_CAME: Final = re.compile(rb'INTERNALDATE "([ \d]\d)-(\w{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"')
_SHORT_BODY: Final = re.compile(rb'BODY\[[^\]]*\](?:<\d+>)? "((?:[^"\\]|\\.)*)"')
_FOR_NOW: Final = re.compile(
    rb"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\]|too many|temporar|try again|rate limit", re.IGNORECASE
)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Answer(Protocol):
    """What a server said to one command."""

    @property
    def result(self) -> str: ...
    @property
    def lines(self) -> Sequence[bytes | bytearray]: ...


@dataclass(frozen=True, slots=True)
class Folder:
    """An opened folder. `next_uid` is none where the server does not say."""

    uid_validity: int
    next_uid: int | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A mail as the server lists it: bytes, and when it came."""

    uid: int
    size: int
    came_at: Moment | None


def folder_name(name: str) -> str:
    """A folder's name as IMAP writes it: quoted, in its own UTF-7 (RFC 3501, 5.1.3)."""
    written: list[str] = []
    foreign = ""
    for character in f"{name}\0":
        if " " <= character <= "~" or character == "\0":
            if foreign:
                code = b64encode(foreign.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
                written.append(f"&{code}-")
                foreign = ""
            written.append("&-" if character == "&" else character)
        else:
            foreign += character
    return quoted("".join(written[:-1]))


def quoted(text: str) -> str:
    """The text as a quoted string of IMAP."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def base64_text(text: str) -> str:
    """The text's UTF-8 in base 64."""
    return b64encode(text.encode()).decode("ascii")


def refusal(answer: Answer, problem: Problem, sentence: str, /, *, why: str, **facts: str | int) -> Trouble:
    """Why the server said NO: for now, or, in the words of a Trouble, until a person does something."""
    said = b" ".join(bytes(line) for line in answer.lines[-1:])
    if _FOR_NOW.search(said):
        return Trouble(Problem.LIMITED, "The mailbox's server asks for patience.", why="mailbox_patience")
    return Trouble(problem, sentence, why=why, needs_a_person=problem is not Problem.PROTOCOL, **facts)


def body(answer: Answer) -> bytes | None:
    """The one mail of a FETCH: a literal, or a quoted string where it is short."""
    lines = list(answer.lines)
    for line, following in zip(lines, [*lines[1:], b""], strict=True):
        if isinstance(line, bytearray) or b"BODY[" not in line:
            continue
        if isinstance(following, bytearray):
            return bytes(following)
        short = _SHORT_BODY.search(line)
        return re.sub(rb"\\(.)", rb"\1", short[1]) if short else b""
    return None


def listed_mail(line: bytes | bytearray) -> Listed | None:
    """One line of a FETCH of sizes and times; none for any other."""
    uid, size = _UID.search(line), _SIZE.search(line)
    if b"FETCH" not in line or not uid or not size:
        return None
    return Listed(int(uid[1]), int(size[1]), _came_at(line))


def _came_at(line: bytes | bytearray) -> Moment | None:
    """INTERNALDATE in milliseconds; none for a date that there is not."""
    found = _CAME.search(line)
    if found is None:
        return None
    day, month, year, hour, minute, second, sign, zone_hours, zone_minutes = (part.decode() for part in found.groups())
    away = timedelta(hours=int(zone_hours), minutes=int(zone_minutes)) * (-1 if sign == "-" else 1)
    try:
        zone = timezone(away) if away else UTC
        number = _MONTHS.index(month.capitalize()) + 1
        came = datetime(int(year), number, int(day), int(hour), int(minute), int(second), tzinfo=zone)
    except (ValueError, OverflowError):
        return None
    return int(came.timestamp() * 1000)


def numbers(answer: Answer) -> list[int]:
    """The numbers of a SEARCH, ascending, each once."""
    found: set[int] = set()
    for line in answer.lines[:-1]:
        if _NUMBERS.fullmatch(line):
            found.update(int(number) for number in line.split())
    return sorted(found)


def opened(answer: Answer) -> Folder:
    """What a SELECT says of its folder."""
    said = b"\n".join(bytes(line) for line in answer.lines)
    validity, following = _VALIDITY.search(said), _NEXT.search(said)
    return Folder(int(validity[1]) if validity else 0, int(following[1]) if following else None)
