"""The size of a picture from its header. Nothing is ever decoded: a header may promise any number of pixels."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, Final

from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

_READERS: Final[Mapping[str, Callable[[BinaryIO], ImageFile]]] = {
    "image/png": PngImageFile,
    "image/jpeg": JpegImageFile,
    "image/gif": GifImageFile,
}
_ORIENTATION: Final = 0x0112
_LYING: Final = (5, 6, 7, 8)
"""EXIF orientations that browsers show turned by a quarter."""


def size_of(path: Path, kind: str) -> tuple[int, int] | None:
    """Width and height in pixels as a browser shows them; none when the header cannot be read. Blocks."""
    try:
        return _webp_size(path) if kind == "image/webp" else _read_size(path, kind)
    except Exception:
        # Bytes of strangers meet a parser here, and a parser's complaint may be of any class.
        return None


def _read_size(path: Path, kind: str) -> tuple[int, int] | None:
    # The classes themselves, since Image.open warns of a large picture where we only want its size.
    with path.open("rb") as file, _READERS[kind](file) as picture:
        width, height = picture.size
        if kind == "image/jpeg" and picture.getexif().get(_ORIENTATION) in _LYING:
            width, height = height, width
    return (width, height) if width and height else None


def _webp_size(path: Path) -> tuple[int, int] | None:
    # By hand (RFC 9649): Pillow's reader makes room for the whole picture before it tells the size.
    with path.open("rb") as file:
        head = file.read(30)
    if len(head) < 30:
        return None
    form = head[12:16]
    if form == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if form == b"VP8L" and head[20] == 0x2F:
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if form == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", head[26:30])
        return (width & 0x3FFF, height & 0x3FFF) if width and height else None
    return None
