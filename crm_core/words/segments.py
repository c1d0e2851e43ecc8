"""How many parts a text message is cut into, and paid for as: GSM 03.38 (3GPP TS 23.038) and UCS-2.

`agent_ui/console/inbox/segments.ts` counts the same; both are held against tests/cases/segments.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

GSM_ALPHABET: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""One septet each."""
GSM_EXTENSION: Final = frozenset("\f^{}\\[~]|€")
"""Two septets each: an escape and the character."""


class Encoding(StrEnum):
    GSM7 = "gsm7"
    UCS2 = "ucs2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """A text's size as it goes out."""

    encoding: Encoding
    characters: int
    """What a person counts: code points."""
    units: int
    """Septets of GSM-7, or 16-bit units of UCS-2."""
    parts: int
    """0 for no text at all."""
    per_part: int
    """Units that fit into each part."""
    left: int
    """Units that still fit into the last part."""


_SINGLE: Final = {Encoding.GSM7: 160, Encoding.UCS2: 70}
_JOINED: Final = {Encoding.GSM7: 153, Encoding.UCS2: 67}
"""Less the six bytes of the header that joins the parts again."""


def count(text: str) -> Segments:
    """The size of a text. One character outside the GSM alphabet makes the whole text UCS-2.

    A character of two units is never cut in two: it moves to the next part, and a unit stays empty.
    """
    encoding = Encoding.GSM7 if all(c in GSM_ALPHABET or c in GSM_EXTENSION for c in text) else Encoding.UCS2
    widths = [_width(c, encoding) for c in text]
    units = sum(widths)
    if units <= _SINGLE[encoding]:
        per_part, parts, last = _SINGLE[encoding], min(1, len(text)), units
    else:
        per_part = _JOINED[encoding]
        parts, last = _cut(widths, per_part)
    return Segments(
        encoding=encoding, characters=len(text), units=units, parts=parts, per_part=per_part, left=per_part - last
    )


def _width(character: str, encoding: Encoding) -> int:
    if encoding is Encoding.GSM7:
        return 2 if character in GSM_EXTENSION else 1
    return 2 if ord(character) > 0xFFFF else 1


def _cut(widths: list[int], per_part: int) -> tuple[int, int]:
    """Parts, and units in the last one."""
    parts, last = 1, 0
    for width in widths:
        if last + width > per_part:
            parts, last = parts + 1, 0
        last += width
    return parts, last
