"""Headers and parts of a mail, written. Pure.

No header ever holds CR, LF or NUL: whatever comes in is made one line, and what still has one is refused.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from crm_core.words.text import one_line

_PLAIN_PHRASE: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_ADDRESS: Final = re.compile(r"[^\s<>\"(),:;\\\[\]@\x00-\x20\x7f]+@[^\s<>\"(),:;\\@\x00-\x20\x7f]+")
_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9.+-]{0,80}/[a-z0-9][a-z0-9.+-]{0,80}")
_FORBIDDEN: Final = re.compile(r"[\r\n\x00]")
_WORD_BYTES: Final = 42
"""Of text in one encoded word: 75 characters at most when written."""
_LINE: Final = 76
_LONGEST_WORD: Final = 400


class Unwritable(ValueError):
    """Something that must not stand in a header."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a mail: its headers in order, and its body as it is sent."""

    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)

    def as_bytes(self) -> bytes:
        """Headers, an empty line, the body."""
        lines = [header(name, value) for name, value in self.headers]
        return b"".join(lines) + b"\r\n" + self.body


def header(name: str, value: str) -> bytes:
    """One header. Lines within `value` are folds: each but the first begins with a space. Raises Unwritable."""
    for number, line in enumerate(value.split("\r\n")):
        if _FORBIDDEN.search(line) or (number and (not line.startswith(" ") or not line.strip())):
            raise Unwritable(name)
    return f"{name}: {value}\r\n".encode()


def unstructured(text: str, *, most: int = 900) -> str:
    """A subject."""
    flat = one_line(text, most=most)
    words = flat.split(" ")
    if not flat.isascii() or "=?" in flat or any(len(word) > _LONGEST_WORD for word in words):
        return encoded(flat)
    return _folded(words)


def phrase(name: str) -> str:
    """A name before an address, so that nothing in it reads as an address."""
    flat = one_line(name, most=120)
    if not flat.isascii() or "=?" in flat:
        return encoded(flat)
    if _PLAIN_PHRASE.fullmatch(flat):
        return flat
    escaped = flat.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def mailbox(address: str, name: str = "") -> str:
    """One address with its name. Raises Unwritable for what is more, or less, than one address."""
    if not _ADDRESS.fullmatch(address):
        raise Unwritable("address")
    return f"{phrase(name)} <{address}>" if name.strip() else address


def mailboxes(people: Iterable[tuple[str, str]]) -> str:
    """Addresses with their names, one a line."""
    return ",\r\n ".join(mailbox(address, name) for address, name in people)


def ids(message_ids: Sequence[str]) -> str:
    """Message-IDs, one a line."""
    return "\r\n ".join(f"<{message_id}>" for message_id in message_ids)


def encoded(text: str) -> str:
    """Encoded words (RFC 2047) in UTF-8; no character is cut in two."""
    words: list[str] = []
    piece = b""
    for character in text:
        written = character.encode("utf-8", "replace")
        if len(piece) + len(written) > _WORD_BYTES:
            words.append(_word(piece))
            piece = b""
        piece += written
    return "\r\n ".join([*words, _word(piece)])


def text_part(text: str, subtype: str) -> Part:
    """A text in UTF-8: quoted-printable where most of it stays readable, else base 64."""
    raw = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode("utf-8", "replace")
    foreign = sum(byte > 126 for byte in raw)
    kind = ("Content-Type", f"text/{subtype}; charset=utf-8")
    if foreign * 6 > len(raw) or b"\0" in raw:
        return Part((kind, ("Content-Transfer-Encoding", "base64")), _base64_lines(raw))
    quoted = binascii.b2a_qp(raw, istext=True, header=False)
    return Part((kind, ("Content-Transfer-Encoding", "quoted-printable")), quoted)


def file_part(name: str, type: str, content: bytes, *, content_id: str = "") -> Part:
    """A file; with a `content_id` it is a picture of the text."""
    flat = one_line(name.replace("/", "_").replace("\\", "_"), most=180) or "file"
    # A message within a message may not be in base 64, and a multipart needs its boundary: they go as plain files.
    kind = type if _TYPE.fullmatch(type) and not type.startswith(("message/", "multipart/")) else _ANY
    how = "inline" if content_id else "attachment"
    headers = [
        ("Content-Type", kind),
        ("Content-Transfer-Encoding", "base64"),
        ("Content-Disposition", f"{how};\r\n {_file_name(flat)}"),
    ]
    if content_id:
        headers.append(("Content-ID", f"<{content_id}>"))
    return Part(tuple(headers), _base64_lines(content))


def multipart(subtype: str, parts: Sequence[Part], seed: str) -> Part:
    """Several parts in one; one alone stays itself. `seed` makes the boundary, so that the same mail has the same."""
    if len(parts) == 1:
        return parts[0]
    # `=_` is in no quoted-printable text and in no base 64.
    boundary = "=_" + hashlib.sha256(f"{subtype}{seed}".encode()).hexdigest()[:32]
    pieces = [b"--" + boundary.encode() + b"\r\n" + part.as_bytes() for part in parts]
    body = b"\r\n".join([*pieces, b"--" + boundary.encode() + b"--\r\n"])
    return Part((("Content-Type", f'multipart/{subtype};\r\n boundary="{boundary}"'),), body)


_ANY: Final = "application/octet-stream"


def _file_name(name: str) -> str:
    if name.isascii() and re.fullmatch(r"[A-Za-z0-9._ -]+", name) and len(name) < 60:
        return f'filename="{name}"'
    # RFC 2231: pieces that are short enough for a line.
    escaped = quote(name, safe="")
    pieces = re.findall(r"(?:%[0-9A-F]{2}|[^%]){1,20}", escaped)
    if len(pieces) == 1:
        return f"filename*=utf-8''{escaped}"
    pieces[0] = f"utf-8''{pieces[0]}"
    return ";\r\n ".join(f"filename*{number}*={piece}" for number, piece in enumerate(pieces))


def _word(piece: bytes) -> str:
    return f"=?utf-8?b?{b64encode(piece).decode('ascii')}?="


def _folded(words: Sequence[str]) -> str:
    lines, line = [], ""
    for word in words:
        if line and len(line) + 1 + len(word) > _LINE:
            lines.append(line)
            line = ""
        line = f"{line} {word}" if line else word
    return "\r\n ".join([*lines, line])


def _base64_lines(raw: bytes) -> bytes:
    written = b64encode(raw)
    return b"".join(written[start : start + _LINE] + b"\r\n" for start in range(0, len(written), _LINE))
