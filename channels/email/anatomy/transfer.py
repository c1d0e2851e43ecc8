"""Content transfer encodings, read as far as they can be: broken base64 gives what it still says."""

from __future__ import annotations

import binascii
import quopri
import re
from typing import Final, NamedTuple

from channels.email.anatomy.limits import Defects

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_LETTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_OTHERS: Final = bytes(b for b in range(256) if b not in _LETTERS)
_BEGIN: Final = re.compile(rb"^begin(?:-base64)? ([0-7]{3,4}) ([^\r\n]{1,255})\r?$", re.MULTILINE)
_MOST_RUNS: Final = 1_000
"""Pieces of base64 that are read each on its own; more of them are no base64 any more."""
_MOST_BEGINNINGS: Final = 200
_PLAIN: Final = frozenset(
    ("", "7bit", "8bit", "binary", "none", "unencoded", "usascii", "utf8", "8bits", "7bits", "plain")
)
_UUENCODED: Final = frozenset(("xuuencode", "uuencode", "xuue", "uue"))


class Unwrapped(NamedTuple):
    """A file that stood as uuencoded lines within a text."""

    name: bytes
    content: bytes


def transferred(body: bytes, encoding: str, defects: Defects) -> bytes:
    """The bytes of a body, its encoding taken off; `Quoted - Printable;` is understood as well."""
    name = "".join(c for c in encoding.partition(";")[0][:80] if c.isalnum()).lower()
    if name == "base64":
        return base64_bytes(body, defects)
    if name in {"quotedprintable", "quotedprinted", "qp"}:
        return _quoted_printable(body, defects)
    if name in _UUENCODED:
        _, files = unwrapped(body)
        if files:
            return files[0].content
        defects.note("uuencode_broken")
        return body
    if name not in _PLAIN:
        defects.note("encoding_unknown")
    return body


def base64_bytes(body: bytes, defects: Defects) -> bytes:
    """Base64, letters that do not belong left out; padding within ends a run and another may follow."""
    said = bytearray()
    for run in _runs(body, defects):
        keep = len(run) - 1 if len(run) % 4 == 1 else len(run)
        if keep != len(run):
            defects.note("base64_broken")
        said += binascii.a2b_base64(run[:keep] + b"=" * (-keep % 4))
    return bytes(said)


def _runs(body: bytes, defects: Defects) -> list[bytes]:
    packed = body.translate(None, b" \t\r\n")
    bare = packed.rstrip(b"=")
    if _NOT_BASE64.search(bare) is None:
        return [bare]
    defects.note("base64_broken")
    return [run.translate(None, _OTHERS) for run in bare.split(b"=", _MOST_RUNS)]


def _quoted_printable(body: bytes, defects: Defects) -> bytes:
    said = quopri.decodestring(body)
    if b"=" in said and re.search(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?\n|[ \t]*$)", body):
        defects.note("quoted_printable_broken")
    return said


def unwrapped(text: bytes) -> tuple[bytes, list[Unwrapped]]:
    """A text without the uuencoded files that stand in it, and those files."""
    files: list[Unwrapped] = []
    rest: list[bytes] = []
    at = 0
    for _ in range(_MOST_BEGINNINGS):
        begin = _BEGIN.search(text, at)
        if begin is None:
            break
        is_base64 = begin[0].startswith(b"begin-base64")
        content, stop = _uu_lines(text, begin.end() + 1, is_base64=is_base64)
        if content is None:
            rest.append(text[at : begin.end()])
            at = begin.end()
            continue
        rest.append(text[at : begin.start()])
        files.append(Unwrapped(begin[2].strip(), content))
        at = stop
    rest.append(text[at:])
    return b"".join(rest), files


def _uu_lines(text: bytes, at: int, *, is_base64: bool) -> tuple[bytes | None, int]:
    """The bytes of the lines up to `end`, and where the text goes on; None where these are no such lines."""
    said = bytearray()
    while at < len(text):
        close = text.find(b"\n", at)
        close = len(text) if close < 0 else close
        line = text[at:close].rstrip(b"\r")
        at = close + 1
        if line in (b"end", b"===="):
            return bytes(said), at
        try:
            said += binascii.a2b_base64(line) if is_base64 else _uu_line(line)
        except binascii.Error:
            return None, at
    # Without an end it is a file only when something was read; a sentence that begins with "begin" is none.
    return (bytes(said) if said else None), at


def _uu_line(line: bytes) -> bytes:
    if not line or line == b"`":
        return b""
    if len(line) > ((line[0] - 32) & 63) * 4 // 3 + 8:
        raise binascii.Error("longer than it says")
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        # Writers that pad wrongly: as many letters as the length at the start of the line says.
        length = ((line[0] - 32) & 63) * 4 // 3 + 5
        return binascii.a2b_uu(line[:length].ljust(length - 4))
