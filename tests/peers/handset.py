"""What a caller holds to their ear: hears the sound that is sent to a telephone, and says a tone back."""

from __future__ import annotations

import math
import socket
import struct
import threading
from collections import deque
from typing import Final

from tests.peers.sipp import linear

_ALAW: Final = 8
_EVENT: Final = 101
"""The payload type that SIPp's telephones offer for keys (RFC 4733)."""
_KEYS: Final = "0123456789*#ABCD"
_PACKET: Final = 160
"""Samples of 20 ms, 8 000 a second."""
_KEPT: Final = 75
"""Packets of one and a half seconds."""
_SILENCE: Final = b"\xd5" * _PACKET


def _tone() -> bytes:
    """400 Hz: eight whole waves to a packet, so one packet follows another without a click."""
    wanted = [round(12_000 * math.sin(2 * math.pi * n / 20)) for n in range(_PACKET)]
    return bytes(min(range(256), key=lambda byte: abs(linear(byte) - sample)) for sample in wanted)


class Handset:
    """RTP with A-law at `port`, from a thread of its own until `close`: a packet goes back for each that comes.

    While `talks` it is a tone, else silence.
    """

    def __init__(self) -> None:
        self.talks = True
        self.count = 0
        """Packets of sound that came."""
        self.keys = ""
        """Keys that the other side pressed, in order."""
        self._pressed_at = b""
        self._heard: deque[bytes] = deque(maxlen=_KEPT)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.5)
        self.port: int = self._socket.getsockname()[1]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._live, name="handset", daemon=True)
        self._thread.start()

    def loudness(self) -> float:
        """Root mean square of the last one and a half seconds (16 bit); 0 when nothing came."""
        samples = [linear(byte) for packet in tuple(self._heard) for byte in packet]
        return math.sqrt(sum(s * s for s in samples) / max(1, len(samples)))

    def close(self) -> None:
        """Hear and say nothing any more."""
        self._over.set()
        self._thread.join()
        self._socket.close()

    def _live(self) -> None:
        tone = _tone()
        while not self._over.is_set():
            try:
                packet, sender = self._socket.recvfrom(2_000)
            except TimeoutError:
                self._heard.clear()
                continue
            if packet[1] & 0x7F == _EVENT:
                self._press(packet)
            if packet[1] & 0x7F != _ALAW:
                continue
            self._heard.append(packet[12:])
            self.count += 1
            head = struct.pack("!BBHII", 0x80, _ALAW, self.count & 0xFFFF, self.count * _PACKET & 0xFFFFFFFF, 4711)
            self._socket.sendto(head + (tone if self.talks else _SILENCE), sender)

    def _press(self, packet: bytes) -> None:
        # All packets of one key have one time stamp.
        if packet[4:8] != self._pressed_at and packet[12] < len(_KEYS):
            self._pressed_at = packet[4:8]
            self.keys += _KEYS[packet[12]]
