"""Sounds that the stand-in makes: a tone as a WAV file, as long as what was recorded."""

from __future__ import annotations

import io
import math
import wave
from array import array
from typing import Final

RATE: Final = 8_000
"""Samples a second, as telephones carry."""
TONE: Final = 440
_LOUDNESS: Final = 8_000


def wav(milliseconds: int) -> bytes:
    """A tone of this length: mono, 16 bits."""
    one = array("h", (int(_LOUDNESS * math.sin(2 * math.pi * TONE * n / RATE)) for n in range(RATE)))
    samples = milliseconds * RATE // 1_000
    whole = one * (samples // RATE) + one[: samples % RATE]
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(whole.tobytes())
    return out.getvalue()
