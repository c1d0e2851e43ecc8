"""Links that open one file for a while, for whoever holds them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from typing import Final

from crm_core.words.clock import HOUR, MINUTE, Clock, Moment
from crm_core.words.errors import NotFound

LIFETIME: Final[Moment] = HOUR
STEP: Final[Moment] = 10 * MINUTE
"""Ends of links are rounded up to this, so that a browser meets the same address again and keeps the file."""

_FACTS: Final = struct.Struct(">QQ")
_MAC_BYTES: Final = 16


class Links:
    """Signs and reads links. `key` is 32 bytes made for this purpose only; `origin` is where they lead."""

    def __init__(self, key: bytes, clock: Clock, origin: str) -> None:
        self._key = key
        self._clock = clock
        self._origin = origin

    def path(self, file_id: int, lifetime: Moment = LIFETIME) -> str:
        """The path of a link that holds for at least `lifetime` milliseconds."""
        ends = -(-(self._clock() + lifetime) // STEP) * STEP
        facts = _FACTS.pack(file_id, ends)
        return f"/files/{_spelled(facts + self._mac(facts))}"

    def url(self, file_id: int, lifetime: Moment = LIFETIME) -> str:
        """The whole address of such a link."""
        return self._origin + self.path(file_id, lifetime)

    def read(self, signed: str) -> tuple[int, Moment]:
        """The file's id and the end of a link, of which `signed` is what stands after /files/.

        Raises NotFound when it was not made here or has ended: a stranger learns nothing of which.
        """
        try:
            token = base64.b64decode(signed + "=" * (-len(signed) % 4), altchars=b"-_", validate=True)
            file_id, ends = _FACTS.unpack_from(token)
        except (ValueError, binascii.Error, struct.error):
            raise NotFound from None
        is_ours = hmac.compare_digest(token[_FACTS.size :], self._mac(token[: _FACTS.size]))
        if not is_ours or self._clock() >= ends or _spelled(token) != signed:
            raise NotFound
        return int(file_id), int(ends)

    def _mac(self, facts: bytes) -> bytes:
        return hmac.new(self._key, facts, hashlib.sha256).digest()[:_MAC_BYTES]


def _spelled(token: bytes) -> str:
    return base64.urlsafe_b64encode(token).decode("ascii").rstrip("=")
