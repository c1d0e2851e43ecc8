"""Sealing secrets with the house key, so that a copy of the database alone opens nobody's mailbox."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from crm_core.words.errors import HubError


class WrongHouseKey(HubError):
    """The accounts' secrets were sealed with another key. Start with the HUB_SECRET_KEY they were made with."""

    code, status = "wrong_house_key", 500


class Sealer:
    """Seals with the newest key and opens with any of them. Keys are 32 bytes each, the newest first."""

    def __init__(self, key: bytes, *older: bytes) -> None:
        self._fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(k)) for k in (key, *older)])

    def seal(self, secrets: Mapping[str, str]) -> str:
        """Secrets as a text that only this key opens."""
        return self._fernet.encrypt(msgspec.json.encode(dict(secrets))).decode("ascii")

    def unseal(self, sealed: str | None) -> dict[str, str]:
        """The secrets back; none of nothing. Raises WrongHouseKey."""
        if not sealed:
            return {}
        try:
            opened = self._fernet.decrypt(sealed.encode("ascii", "replace"))
        except InvalidToken:
            raise WrongHouseKey from None
        return msgspec.json.decode(opened, type=dict[str, str])

    def __repr__(self) -> str:
        return "Sealer(…)"
