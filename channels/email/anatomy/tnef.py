"""Outlook's `winmail.dat` (MS-OXTNEF): the files and the words in it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from channels.email.anatomy.charsets import decode
from channels.email.anatomy.limits import Defects

SIGNATURE: Final = b"\x78\x9f\x3e\x22"

_ATTACHMENT_BEGINS: Final = 0x9002
_ATTACHMENT_TITLE: Final = 0x8010
_ATTACHMENT_BYTES: Final = 0x800F
_ATTACHMENT_PROPERTIES: Final = 0x9005
_MESSAGE_PROPERTIES: Final = 0x9003
_MESSAGE_BODY: Final = 0x800C
_CODE_PAGE: Final = 0x9007

_FILE_NAME: Final = 0x3704
_LONG_FILE_NAME: Final = 0x3707
_DATA: Final = 0x3701
_MIME_TAG: Final = 0x370E
_CONTENT_ID: Final = 0x3712
_BODY: Final = 0x1000
_COMPRESSED_RTF: Final = 0x1009
_HTML: Final = 0x1013

_SIZES: Final = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0xA: 4, 0xB: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_VARIABLE: Final = frozenset((0xD, 0x1E, 0x1F, 0x102))
_MOST_FILES: Final = 200
_MOST_PROPERTIES: Final = 2_000


@dataclass(slots=True)
class TnefFile:
    """A file within a winmail.dat."""

    name: str = ""
    type: str = ""
    content_id: str = ""
    content: bytes = b""


@dataclass(slots=True)
class Tnef:
    """What a winmail.dat holds. `rtf` is uncompressed."""

    files: list[TnefFile] = field(default_factory=list)
    text: str = ""
    html: str = ""
    rtf: bytes = b""


class _Property(NamedTuple):
    id: int
    kind: int
    value: bytes


def tnef_of(raw: bytes, defects: Defects) -> Tnef | None:
    """What stands in it; None when these bytes are no TNEF. One that breaks off gives what came before."""
    if not raw.startswith(SIGNATURE):
        return None
    read = Tnef()
    charset = "cp1252"
    at = 6
    while at + 9 <= len(raw):
        tag, length = struct.unpack_from("<HxxI", raw, at + 1)
        content = raw[at + 9 : at + 9 + length]
        if len(content) < length:
            defects.note("tnef_cut")
        at += 9 + length + 2
        if tag == _CODE_PAGE and len(content) >= 4:
            charset = f"cp{struct.unpack_from('<I', content)[0]}"
        elif tag == _ATTACHMENT_BEGINS and len(read.files) < _MOST_FILES:
            read.files.append(TnefFile())
        elif tag == _MESSAGE_PROPERTIES:
            _take_message(read, content, charset)
        elif tag == _MESSAGE_BODY and not read.text:
            read.text = decode(content.rstrip(b"\0"), charset)
        elif read.files:
            _take_file(read.files[-1], tag, content, charset)
    read.files = [f for f in read.files if f.content or f.name]
    return read


def _take_file(file: TnefFile, tag: int, content: bytes, charset: str) -> None:
    if tag == _ATTACHMENT_TITLE:
        file.name = file.name or decode(content.rstrip(b"\0"), charset)
    elif tag == _ATTACHMENT_BYTES:
        file.content = content
    elif tag == _ATTACHMENT_PROPERTIES:
        for said in _properties(content):
            if said.id == _LONG_FILE_NAME or (said.id == _FILE_NAME and not file.name):
                file.name = _string(said, charset) or file.name
            elif said.id == _MIME_TAG:
                file.type = _string(said, charset).lower()
            elif said.id == _CONTENT_ID:
                file.content_id = _string(said, charset).strip("<>")
            elif said.id == _DATA and not file.content:
                # An embedded object carries a 16-byte class id before it.
                file.content = said.value[16:] if said.kind == 0xD else said.value


def _take_message(read: Tnef, content: bytes, charset: str) -> None:
    for said in _properties(content):
        if said.id == _BODY and not read.text:
            read.text = _string(said, charset)
        elif said.id == _HTML:
            read.html = decode(said.value.rstrip(b"\0"), charset)
        elif said.id == _COMPRESSED_RTF:
            read.rtf = _uncompressed(said.value)


def _string(said: _Property, charset: str) -> str:
    if said.kind == 0x1F:
        return said.value.decode("utf-16-le", "replace").rstrip("\0")
    return decode(said.value.rstrip(b"\0"), charset)


def _properties(raw: bytes) -> Iterator[_Property]:
    """The MAPI properties of a block; a block that does not add up ends there."""
    try:
        (count,) = struct.unpack_from("<I", raw)
        at = 4
        for _ in range(min(count, _MOST_PROPERTIES)):
            kind, number = struct.unpack_from("<HH", raw, at)
            at += 4
            if number >= 0x8000:
                at = _past_name(raw, at)
            base = kind & 0x0FFF
            if base in _VARIABLE or kind & 0x1000:
                (values,) = struct.unpack_from("<I", raw, at)
                at += 4
            else:
                values = 1
            for _ in range(min(values, _MOST_PROPERTIES)):
                if base in _VARIABLE:
                    (length,) = struct.unpack_from("<I", raw, at)
                    value = raw[at + 4 : at + 4 + length]
                    at += 4 + length + -length % 4
                else:
                    size = _SIZES.get(base, 4)
                    value = raw[at : at + size]
                    at += size
                yield _Property(number, base, value)
            if at > len(raw):
                return
    except struct.error:
        return


def _past_name(raw: bytes, at: int) -> int:
    """Past the name of a named property: a class id, and a number or a text."""
    (is_text,) = struct.unpack_from("<I", raw, at + 16)
    if not is_text:
        return at + 24
    (length,) = struct.unpack_from("<I", raw, at + 20)
    return int(at + 24 + length + -length % 4)


_PRELOAD: Final = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
    b"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_MOST_RTF: Final = 8 * 1024 * 1024


def _uncompressed(raw: bytes) -> bytes:
    """Compressed RTF (MS-OXRTFCP): a window of 4 KB that begins with common words."""
    if len(raw) < 16:
        return b""
    size, kind = struct.unpack_from("<II", raw, 4)
    if kind == 0x414C454D:
        return raw[16 : 16 + size]
    if kind != 0x75465A4C:
        return b""
    window = bytearray(_PRELOAD.ljust(4096, b"\0"))
    write = len(_PRELOAD)
    said = bytearray()
    at = 16
    while at < len(raw) and len(said) < min(size, _MOST_RTF):
        control = raw[at]
        at += 1
        for bit in range(8):
            if not control >> bit & 1:
                if at >= len(raw):
                    return bytes(said)
                run = raw[at : at + 1]
                at += 1
            else:
                if at + 2 > len(raw):
                    return bytes(said)
                (token,) = struct.unpack_from(">H", raw, at)
                at += 2
                if token >> 4 == write:
                    return bytes(said)
                run = _copied(window, token >> 4, (token & 15) + 2, write)
            for byte in run:
                window[write] = byte
                write = (write + 1) % 4096
            said += run
    return bytes(said)


def _copied(window: bytearray, read: int, length: int, write: int) -> bytes:
    """A run out of the window, which may reach into what it is just writing."""
    distance = (write - read) % 4096 or 4096
    return bytes(window[(read + n % distance) % 4096] for n in range(length))
