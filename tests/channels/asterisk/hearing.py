"""What a caller has heard since the call began, packet by packet."""

from __future__ import annotations

import array
import asyncio
import cmath
import io
import math
import wave
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from tests.peers.sipp import linear

_LOUD = 200
"""Root mean square of 20 ms of speech."""
_FRAME = 160
_SOURCE = (4711).to_bytes(4, "big")
PITCH = 440
"""Hz."""


class Hearing(asyncio.DatagramProtocol):
    """Listens to the sound that is sent to `port` (RTP with A-law), and sends silence back, as a telephone does."""

    def __init__(self) -> None:
        self.port = 0
        self._transport: Any = None
        self.loud = 0.0
        """Seconds that were no silence."""
        self.toned = 0.0
        """Seconds of the tone of PITCH."""

    def connection_made(self, transport: Any) -> None:
        self.port = transport.get_extra_info("sockname")[1]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if data[1] & 0x7F != 8:
            return
        self._transport.sendto(data[:8] + _SOURCE + b"\xd5" * _FRAME, addr)
        samples = [linear(byte) for byte in data[12:]]
        self.loud += loud_seconds(samples)
        self.toned += toned_seconds(samples, PITCH)


@asynccontextmanager
async def listening() -> AsyncIterator[Hearing]:
    """An ear until the test is done."""
    loop = asyncio.get_running_loop()
    transport, hearing = await loop.create_datagram_endpoint(Hearing, local_addr=("127.0.0.1", 0))
    try:
        yield hearing
    finally:
        transport.close()


def loud_seconds(samples: Sequence[int]) -> float:
    """Seconds of sound that are no silence, 8 000 samples each."""
    return sum(sum(s * s for s in frame) > _LOUD**2 * len(frame) for frame in _frames(samples)) * _FRAME / 8_000


def toned_seconds(samples: Sequence[int], pitch: int) -> float:
    """Seconds of it that are a tone, in Hz, and hardly anything else."""
    return sum(_purity(frame, pitch) > 0.7 for frame in _frames(samples)) * _FRAME / 8_000


def _frames(samples: Sequence[int]) -> list[Sequence[int]]:
    return [samples[place : place + _FRAME] for place in range(0, len(samples), _FRAME)]


def _purity(samples: Sequence[int], pitch: int) -> float:
    """The share of the sound's energy that the tone has."""
    energy = sum(s * s for s in samples)
    turn = cmath.exp(-2j * cmath.pi * pitch / 8_000)
    found, angle = 0j, 1 + 0j
    for sample in samples:
        found, angle = found + sample * angle, angle * turn
    return 2 * abs(found) ** 2 / (len(samples) * energy) if energy else 0.0


def samples_of(wav: bytes) -> array.array[int]:
    """A recording's samples, 8 000 a second."""
    with wave.open(io.BytesIO(wav)) as file:
        return array.array("h", file.readframes(1 << 30))


def tone(seconds: float) -> bytes:
    """A WAV file of PITCH."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        samples = (round(8_000 * math.sin(2 * math.pi * PITCH * n / 8_000)) for n in range(int(8_000 * seconds)))
        sound.writeframes(array.array("h", samples).tobytes())
    return file.getvalue()
