"""`Content-Type` and `Content-Disposition`: a value and its parameters (RFC 2045, 2231), in one pass."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from channels.email.anatomy.charsets import decode
from channels.email.anatomy.encoded_words import decoded, unfolded
from channels.email.anatomy.limits import MOST_PARAMETER_BYTES, MOST_PARAMETERS, Defects
from crm_core.words.text import storable

_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_SECTION: Final = re.compile(r"(.{1,80}?)\*(?:(\d{1,4})(\*)?)?")


class Valued(NamedTuple):
    """A value, lower case, and its parameters by lower-case name."""

    value: str
    parameters: dict[str, str]


class _Piece(NamedTuple):
    number: int
    is_encoded: bool
    text: str


def valued(text: str, defects: Defects) -> Valued:
    """Read `type/subtype; name=value; name*0*=utf-8''a%20b`. Of 200 KB of parameters the first 16 KB are read."""
    if len(text) > MOST_PARAMETER_BYTES:
        defects.note("parameters_cut")
        text = text[:MOST_PARAMETER_BYTES]
    head, at = _until(text, 0, ";")
    kind, rest = _kind(head)
    if "=" in rest:
        # The `;` after the type was forgotten.
        text, at = f";{rest}{text[at:]}", 0
    plain: dict[str, str] = {}
    pieces: dict[str, list[_Piece]] = {}
    count = 0
    while at < len(text) and count < MOST_PARAMETERS:
        name, at = _until(text, at + 1, "=;")
        if at >= len(text) or text[at] == ";":
            continue
        value, at = _value(text, at + 1)
        name = unfolded(name).strip().lower()
        if not name or not value:
            continue
        count += 1
        section = _SECTION.fullmatch(name)
        if section is None:
            plain.setdefault(name, storable(decoded(value, defects)))
        else:
            number, encoded = section[2], section[3]
            piece = _Piece(int(number or 0), number is None or encoded is not None, unfolded(value))
            pieces.setdefault(section[1], []).append(piece)
    return Valued(kind, plain | {k: _joined(v, defects) for k, v in pieces.items()})


def _kind(head: str) -> tuple[str, str]:
    """`text / plain` without its spaces, lower case, and what stands after it."""
    main, slash, rest = head.partition("/")
    if not slash:
        words = head.split(None, 1)
        return (words[0].lower() if words else ""), "".join(words[1:])
    words = rest.split(None, 1)
    return f"{main.strip().lower()}/{words[0].lower() if words else ''}", "".join(words[1:])


def _until(text: str, at: int, ends: str) -> tuple[str, int]:
    """The text from `at` up to one of `ends`, comments left out, and where it stopped."""
    said: list[str] = []
    depth = 0
    while at < len(text):
        letter = text[at]
        if letter == "(":
            depth += 1
        elif letter == ")" and depth:
            depth -= 1
        elif depth == 0:
            if letter in ends:
                break
            said.append(letter)
        at += 1
    return "".join(said), at


def _value(text: str, at: int) -> tuple[str, int]:
    """A quoted or bare value, and where the next `;` is (or the end)."""
    while at < len(text) and text[at] in " \t\n":
        at += 1
    if at < len(text) and text[at] == '"':
        value, at = _quoted(text, at + 1)
        # What stands between the closing quote and the next parameter says nothing, unless the `;` was forgotten.
        rest = text.find(";", at)
        return value, len(text) if rest < 0 else rest
    close = text.find(";", at)
    close = len(text) if close < 0 else close
    value = text[at:close].strip()
    if "(" in value and "=?" not in value:
        value = _until(value, 0, "")[0].strip()
    # A forgotten `;` before a fold: `access-type=x\n server="…"`.
    fold = value.find("\n")
    if fold >= 0 and "=" in value[fold:] and "=?" not in value:
        return value[:fold].strip(), at + fold
    return value, close


def _quoted(text: str, at: int) -> tuple[str, int]:
    said: list[str] = []
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and at + 1 < len(text) and text[at + 1] in '"\\':
            at += 1
        said.append(text[at])
        at += 1
    return "".join(said).replace("\n ", " "), at + 1


def _joined(pieces: list[_Piece], defects: Defects) -> str:
    """A value that came in numbered pieces; the first says the charset."""
    charset = ""
    content = bytearray()
    for place, piece in enumerate(sorted(pieces, key=lambda p: p.number)):
        text = piece.text
        if piece.is_encoded and text.count("'") >= 2:
            said, _, rest = text.split("'", 2)
            if place == 0 or (said and said.lower() == charset.lower()):
                charset, text = charset or said, rest
        raw = text.encode("utf-8", "replace")
        content += _PERCENT.sub(lambda m: bytes([int(m[1], 16)]), raw) if piece.is_encoded else raw
    value = decode(bytes(content), charset, defects)
    return storable(decoded(value, defects) if "=?" in value else value)
