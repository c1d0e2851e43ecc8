"""Links by which a contact comes in on a channel that shows no address: `/start` of a bot, say."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from typing import Final

from crm_core.store.counters import next_number
from crm_core.store.transaction import Tx
from crm_core.words.clock import DAY, Clock, Moment

LIFETIME: Final[Moment] = 30 * DAY
_FACTS: Final = struct.Struct(">QQ")
_MAC_BYTES: Final = 16


class Invitations:
    """Makes and reads tokens of at most 64 letters, digits, `-` and `_`: what a deep link may carry."""

    def __init__(self, key: bytes, clock: Clock) -> None:
        self._key = key
        self._clock = clock

    def make(self, contact_id: int) -> str:
        """A token that ties whoever uses it first to a contact, for 30 days. Give it to nobody but them."""
        facts = _FACTS.pack(contact_id, self._clock() + LIFETIME)
        return base64.urlsafe_b64encode(facts + self._mac(facts)).decode("ascii").rstrip("=")

    def read(self, token: str) -> int | None:
        """The contact of a token that was made here and still holds; none for any other text."""
        raw = self._genuine(token)
        return None if raw is None else int(_FACTS.unpack_from(raw)[0])

    def redeem(self, tx: Tx, token: str) -> int | None:
        """As `read`, once: whoever uses a token first has it, and it says nothing to anybody after them."""
        raw = self._genuine(token)
        if raw is None:
            return None
        # By what it says, not by how it is written: the last letter of a token has bits that count for nothing.
        name = f"invitation:{hashlib.sha256(raw).hexdigest()[:40]}"
        return int(_FACTS.unpack_from(raw)[0]) if next_number(tx, name) == 1 else None

    def _genuine(self, token: str) -> bytes | None:
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
            _, ends = _FACTS.unpack_from(raw)
        except (ValueError, struct.error):
            return None
        is_ours = hmac.compare_digest(raw[_FACTS.size :], self._mac(raw[: _FACTS.size]))
        return raw if is_ours and self._clock() < ends else None

    def _mac(self, facts: bytes) -> bytes:
        return hmac.new(self._key, b"invitation\0" + facts, hashlib.sha256).digest()[:_MAC_BYTES]
