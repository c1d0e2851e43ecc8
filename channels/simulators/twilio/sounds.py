"""Sounds that the stand-in makes: WAV files as long as what was recorded."""

from __future__ import annotations

import io
import math
import wave
from array import array
from collections.abc import Iterable, Sequence
from typing import Final

from channels.simulators.twilio.documents import LETTERS

RATE: Final = 8_000
"""Samples a second, as telephones carry."""
TONE: Final = 440
_LOUDNESS: Final = 8_000
_LETTER: Final = RATE // LETTERS
"""Samples of one letter."""


def wav(milliseconds: int, spoken: Sequence[tuple[int, str]] = ()) -> bytes:
    """A sound of this length, mono, 16 bits: a tone, or a murmur where words were said (each with its ms)."""
    length = milliseconds * RATE // 1_000
    samples = _murmur(length, spoken) if spoken else _tone(length)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return out.getvalue()


def _tone(length: int) -> array[int]:
    one = array("h", _wave(TONE, RATE))
    return one * (length // RATE) + one[: length % RATE]


def _murmur(length: int, spoken: Sequence[tuple[int, str]]) -> array[int]:
    """Silence, and for each letter of what was said a note of its own; between two words a pause."""
    samples = array("h", bytes(2 * length))
    notes: dict[str, array[int]] = {}
    for at, words in spoken:
        begins = at * RATE // 1_000
        for number, letter in enumerate(words):
            start = begins + number * _LETTER
            if letter.isspace() or start >= length:
                continue
            note = notes.setdefault(letter, array("h", _wave(120 + ord(letter) * 7 % 180, _LETTER)))
            samples[start : start + _LETTER] = note[: length - start]
    return samples


def _wave(hertz: int, samples: int) -> Iterable[int]:
    return (int(_LOUDNESS * math.sin(2 * math.pi * hertz * n / RATE)) for n in range(samples))
