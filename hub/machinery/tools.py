"""What a channel is handed of our side: files, reply tokens, its cursors."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Sequence
from typing import Final

import structlog

from channels.contract import Kept
from crm_core.accounts import actions, queries
from crm_core.accounts.sealing import Sealer
from crm_core.calls import queries as calls
from crm_core.calls.rules.call import Call
from crm_core.calls.rules.scenes import scene
from crm_core.files.actions import NewFile, add
from crm_core.files.served import served
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.calls import Scene
from crm_core.words.clock import DAY
from crm_core.words.content import FileRef
from crm_core.words.values import AuthorKind
from hub.machinery.media.store import FileStore

_ID_BYTES: Final = 7
_MAC_BYTES: Final = 16
_TOKEN_CHARACTERS: Final = 37
"""23 bytes in base 32, without padding."""

log = structlog.get_logger(__name__)


class AccountCalls:
    """What the hub knows of an account's calls."""

    def __init__(self, db: Database, account_id: int) -> None:
        self._db = db
        self._account_id = account_id

    async def live(self) -> Sequence[Scene]:
        """Scenes of the calls that are not over, and of those whose end the provider may not know yet."""
        return [scene(call) for call in await self._db.read(_calls, self._account_id)]


def _calls(tx: Tx, account_id: int) -> list[Call]:
    found = {call.id: call for call in (*calls.unarranged(tx, account_id), *calls.live(tx, account_id))}
    return [found[call_id] for call_id in sorted(found)]


RECORDING: Final = 512 * 2**20
"""The largest recording of a call, in bytes: some nine hours as telephones carry it."""


class AccountFiles:
    """Files of one account's messages: what it keeps is its own until an entry takes it."""

    def __init__(self, db: Database, media: FileStore, account_id: int) -> None:
        self._db = db
        self._media = media
        self._account_id = account_id

    async def keep(self, name: str, content: bytes | AsyncIterator[bytes], /, *, is_recording: bool = False) -> FileRef:
        """Store bytes as a file of this account. Raises TooLarge, StoreFull, StoreUnavailable."""
        chunks = _one(content) if isinstance(content, bytes) else content
        stored = await self._media.receive(chunks, name, largest=RECORDING if is_recording else None)
        new = NewFile(
            name=stored.name,
            type=stored.type,
            size=stored.size,
            sha256=stored.sha256,
            stored_as=stored.stored_as,
            uploader_kind=AuthorKind.SYSTEM,
            uploader_id=self._account_id,
            width=stored.width,
            height=stored.height,
        )
        return FileRef((await self._db.write(add, new)).id)

    async def read(self, file: FileRef, /) -> Kept:
        """A stored file whole. Raises NotFound."""
        found = await self._db.read(served, file.id)
        chunks = [chunk async for chunk in self._media.read(found.stored_as, 0, found.size)]
        return Kept(name=found.name, type=found.type, content=b"".join(chunks))

    def link(self, file: FileRef, /) -> str:
        """An address at which a provider fetches the file within a day."""
        return self._media.signed_url(file.id, DAY)


class ReplyTokens:
    """Tokens that lead an answer back to its conversation: its id, and 128 bits of HMAC over account and id.

    Lower-case base 32, since mail systems do not keep the case of an address. The key is of this house alone.
    """

    def __init__(self, key: bytes, account_id: int) -> None:
        self._key = key
        self._account_id = account_id

    def make(self, conversation_id: int, /) -> str:
        """The token of a conversation of this account."""
        name = conversation_id.to_bytes(_ID_BYTES, "big")
        return base64.b32encode(name + self._mac(name)).decode("ascii").rstrip("=").lower()

    def read(self, token: str, /) -> int | None:
        """The conversation of a token that was made here; none for any other text."""
        if len(token) != _TOKEN_CHARACTERS or not token.isascii():
            return None
        try:
            raw = base64.b32decode(token.upper() + "=" * (-_TOKEN_CHARACTERS % 8))
        except ValueError:
            return None
        name, mac = raw[:_ID_BYTES], raw[_ID_BYTES:]
        if not hmac.compare_digest(mac, self._mac(name)):
            return None
        conversation_id = int.from_bytes(name, "big")
        # Base 32 has bits to spare at its end: only the spelling we make is genuine.
        return conversation_id if self.make(conversation_id) == token.lower() else None

    def _mac(self, name: bytes) -> bytes:
        said = b"reply\0" + str(self._account_id).encode() + b"\0" + name
        return hmac.new(self._key, said, hashlib.sha256).digest()[:_MAC_BYTES]


class AccountCursors:
    """A listener's places, in the database."""

    def __init__(self, db: Database, account_id: int) -> None:
        self._db = db
        self._account_id = account_id

    async def get(self, name: str, /) -> str | None:
        """Where it left off; none at the beginning."""
        return await self._db.read(queries.cursor, self._account_id, name)

    async def set(self, name: str, value: str, /) -> None:
        """Note where it is now."""
        await self._db.write(actions.set_cursor, self._account_id, name, value)


class AccountSecrets:
    """An account's secret settings, to be replaced by what its provider gave instead."""

    def __init__(self, db: Database, sealer: Sealer, account_id: int) -> None:
        self._db = db
        self._sealer = sealer
        self._account_id = account_id

    async def keep(self, name: str, value: str, /, *, instead_of: str) -> None:
        """Seal and store it, unless the secret is another one by now. Raises StoreUnavailable, NotFound."""
        secret = (self._sealer, self._account_id, name, value)
        if not await self._db.write(actions.replace_secret, *secret, instead_of=instead_of):
            log.info("a secret that the provider changed was set anew meanwhile", account=self._account_id, name=name)


async def _one(content: bytes) -> AsyncIterator[bytes]:
    yield content
