"""What a file is, by its bytes alone. What a sender's Content-Type or a name's ending says is not asked.

The list is short on purpose: a type that is not named here is `application/octet-stream`, and only
pictures, sound and film that browsers show without running anything of it are ever shown in place.
Source of the signatures: the WHATWG MIME Sniffing standard and each format's own specification.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

HEAD: Final = 4096
"""Bytes from the beginning that are looked at."""
TAIL: Final = 65_536
"""Bytes from the end that are looked at, where a ZIP keeps the names of what is in it."""
MOST_PIXELS: Final = 40_000_000
"""A larger picture is kept but not shown: it would take a browser 160 MB to open."""

UNKNOWN: Final = "application/octet-stream"
PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_PLAYED: Final = frozenset(
    {f"audio/{kind}" for kind in ("aac", "flac", "mp4", "mpeg", "ogg", "wav", "webm")}
    | {f"video/{kind}" for kind in ("mp4", "ogg", "webm")}
)
_RUNS: Final = frozenset({"text/html", "image/svg+xml", "application/xml"})
"""What a browser would run or style with the sender's words; sent as bytes of no kind."""

_STARTS: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
    (b"{\\rtf", "application/rtf"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"\xff\xf1", "audio/aac"),
    (b"\xff\xf9", "audio/aac"),
    (b"fLaC", "audio/flac"),
    (b"#!AMR", "audio/amr"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-cfb"),
)
_BRANDS: Final = {
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"avif": "image/avif",
    b"avis": "image/avif",
}
_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
_ZIPPED: Final = (
    (b"word/document.xml", _OFFICE + "wordprocessingml.document"),
    (b"xl/workbook.xml", _OFFICE + "spreadsheetml.sheet"),
    (b"ppt/presentation.xml", _OFFICE + "presentationml.presentation"),
)
_ODF: Final = re.compile(rb"mimetype(application/(?:vnd\.oasis\.opendocument\.[a-z]+|epub\+zip))")
_UNPRINTED: Final = re.compile(rb"[\0-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")


class TextTest:
    """Whether a stream is text: UTF-8 throughout, without control characters. Fed chunk by chunk."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._holds = True

    def feed(self, chunk: bytes) -> None:
        if self._holds:
            self._holds = not _UNPRINTED.search(chunk) and self._decodes(chunk, final=False)

    @property
    def passed(self) -> bool:
        """Ask once, after the last chunk."""
        return self._holds and self._decodes(b"", final=True)

    def _decodes(self, chunk: bytes, *, final: bool) -> bool:
        try:
            self._decoder.decode(chunk, final)
        except UnicodeDecodeError:
            return False
        return True


def kind_of(head: bytes, tail: bytes, *, is_text: bool) -> str:
    """The type of a file whose first HEAD and last TAIL bytes these are."""
    # Text first: a message that begins with BM or ID3 is no picture and no song.
    if is_text:
        return _text_kind(head)
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/3gpp" if head[8:10] == b"3g" else "video/mp4")
    if head.startswith(b"PK\x03\x04"):
        return _zip_kind(head, tail)
    return _container_kind(head)


def may_show(kind: str, width: int | None, height: int | None) -> bool:
    """Whether a browser may show a file in place: a picture that can be read and is not huge, sound or film."""
    if kind in PICTURES:
        return width is not None and height is not None and 0 < width * height <= MOST_PIXELS
    return kind in _PLAYED


def served_as(kind: str) -> str:
    """The Content-Type to serve a file of ours with."""
    if kind in _RUNS:
        return UNKNOWN
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def _container_kind(head: bytes) -> str:
    if head.startswith(b"RIFF"):
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}.get(head[8:12], UNKNOWN)
    if head.startswith(b"OggS"):
        return "video/ogg" if b"\x80theora" in head else "audio/ogg"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return _matroska_kind(head)
    return UNKNOWN


def _matroska_kind(head: bytes) -> str:
    if b"webm" not in head[:64]:
        return "video/x-matroska"
    # A browser's voice recording has an audio track only; its codec's name stands in the head.
    return "audio/webm" if b"A_OPUS" in head and b"V_" not in head else "video/webm"


def _zip_kind(head: bytes, tail: bytes) -> str:
    if named := _ODF.match(head, 30):
        return named[1].decode("ascii")
    return next((kind for name, kind in _ZIPPED if name in head or name in tail), "application/zip")


def _text_kind(head: bytes) -> str:
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if head.startswith(b"{\\rtf"):
        return "application/rtf"
    start = head.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if start.startswith(b"<"):
        if b"<svg" in start:
            return "image/svg+xml"
        return "application/xml" if start.startswith(b"<?xml") else "text/html"
    if start.startswith(b"begin:vcard"):
        return "text/vcard"
    return "text/calendar" if start.startswith(b"begin:vcalendar") else "text/plain"
