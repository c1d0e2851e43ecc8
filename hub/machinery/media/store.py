"""Receiving files from strangers and giving their bytes out again."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from obstore.store import from_url

from crm_core.words.clock import DAY, Clock, Moment
from crm_core.words.errors import StoreFull, StoreUnavailable, TooLarge
from hub.config import Settings, derived_key
from hub.machinery.media.kinds import HEAD, PICTURES, TAIL, TextTest, kind_of
from hub.machinery.media.links import LIFETIME, Links
from hub.machinery.media.names import clean_name
from hub.machinery.media.pictures import size_of
from hub.machinery.media.shelves import Bucket, Folder, Shelf

_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_BUFFER: Final = 1 << 20
"""Bytes gathered before a thread writes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file whose bytes are kept. `type` was found from them; width and height are pixels."""

    stored_as: str
    name: str
    type: str
    size: int
    sha256: str
    width: int | None = None
    height: int | None = None


class FileStore:
    """Files' bytes. `incoming` is a folder of this machine for drafts, on the file system of a Folder shelf."""

    def __init__(self, shelf: Shelf, incoming: Path, links: Links, *, limit: int) -> None:
        self.limit = limit
        self.links = links
        self._shelf = shelf
        self._incoming = incoming

    @classmethod
    def open(cls, settings: Settings, house: bytes, clock: Clock) -> FileStore:
        """The store that the settings name; `house` is the key of the house.

        Drafts that a crash left a day ago are thrown away.

        Raises OSError when the folder cannot be made.
        """
        incoming = settings.files_dir / f"incoming-{settings.node}"
        incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in incoming.iterdir():
            if left.stat().st_mtime * 1000 < clock() - DAY:
                left.unlink(missing_ok=True)
        shelf: Shelf = Bucket(from_url(settings.file_store)) if settings.file_store else Folder(settings.files_dir)
        links = Links(derived_key(house, "files"), clock, settings.files_url or settings.public_url)
        return cls(shelf, incoming, links, limit=settings.max_file_bytes)

    async def receive(
        self, chunks: AsyncIterator[bytes], name: str, *, limit: int | None = None, largest: int | None = None
    ) -> StoredFile:
        """Keep what streams in; return when it is durable. `limit` is in bytes, at most the hub's own, which is for
        what people send; `largest` is instead of that, for what comes of its own.

        Raises TooLarge as soon as there is more, StoreFull or StoreUnavailable when it cannot be kept;
        then, and when the caller is cancelled, nothing is left of it.
        """
        most = largest or self.limit
        most = most if limit is None else min(limit, most)
        draft = Draft(self._incoming / secrets.token_hex(16), most)
        try:
            await draft.take(chunks)
            kind, size = await asyncio.to_thread(draft.examine)
            stored_as = secrets.token_hex(16)
            with _disk():
                await self._shelf.put(stored_as, draft.path)
        finally:
            draft.discard()
        return StoredFile(
            stored_as=stored_as,
            name=clean_name(name),
            type=kind,
            size=draft.size,
            sha256=draft.digest,
            width=size[0] if size else None,
            height=size[1] if size else None,
        )

    def read(self, stored_as: str, start: int, length: int) -> AsyncGenerator[bytes, None]:
        """`length` bytes of a file from `start` on. Raises NotFound when its bytes are gone."""
        return self._shelf.read(stored_as, start, length)

    async def remove(self, stored_as: str) -> None:
        """Keep a file's bytes no longer; its row must be gone already."""
        await self._shelf.remove(stored_as)

    def signed_path(self, file_id: int, ttl: Moment = LIFETIME) -> str:
        """The path on the files' origin that opens one file for `ttl` milliseconds. Check the right to read first."""
        return self.links.path(file_id, ttl)

    def page_url(self, file_id: int, *, pictures: bool, ttl: Moment = LIFETIME) -> str:
        """Where a laid-out message is shown; with its writer's pictures from elsewhere, if asked."""
        return f"{self.links.url(file_id, ttl)}/page" + ("?pictures" if pictures else "")

    def signed_url(self, file_id: int, ttl: Moment = LIFETIME) -> str:
        """The whole address of that link."""
        return self.links.url(file_id, ttl)


class Draft:
    """A file on its way in: its bytes are measured, digested and sampled as they pass."""

    def __init__(self, path: Path, most: int) -> None:
        self.path = path
        self.size = 0
        self._most = most
        self._hash = hashlib.sha256()
        self._text = TextTest()
        self._head = b""

    @property
    def digest(self) -> str:
        """SHA-256 of all bytes, in hex."""
        return self._hash.hexdigest()

    async def take(self, chunks: AsyncIterator[bytes]) -> None:
        """Write all chunks and sync them. Raises TooLarge, StoreFull, StoreUnavailable, and what the chunks raise."""
        with await asyncio.to_thread(self._open) as file:
            waiting = bytearray()
            async for chunk in chunks:
                if self.size + len(waiting) + len(chunk) > self._most:
                    raise TooLarge(
                        "A file may have at most {size}.",
                        why="file_large",
                        size=_in_words(self._most),
                        most_bytes=self._most,
                    )
                waiting += chunk
                if len(waiting) >= _BUFFER:
                    await asyncio.to_thread(self._write, file, bytes(waiting))
                    waiting.clear()
            await asyncio.to_thread(self._write, file, bytes(waiting), last=True)

    def examine(self) -> tuple[str, tuple[int, int] | None]:
        """The type found from the bytes, and a picture's width and height. Blocks."""
        with self.path.open("rb") as file:
            file.seek(max(0, self.size - TAIL))
            tail = file.read(TAIL)
        kind = kind_of(self._head, tail, is_text=self._text.passed)
        return kind, size_of(self.path, kind) if kind in PICTURES else None

    def discard(self) -> None:
        """Remove what has not been kept."""
        self.path.unlink(missing_ok=True)

    def _open(self) -> BinaryIO:
        with _disk():
            return open(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0)

    def _write(self, file: BinaryIO, waiting: bytes, *, last: bool = False) -> None:
        if len(self._head) < HEAD:
            self._head += waiting[: HEAD - len(self._head)]
        self._hash.update(waiting)
        self._text.feed(waiting)
        self.size += len(waiting)
        rest = memoryview(waiting)
        with _disk():
            while rest:
                rest = rest[file.write(rest) :]
            if last:
                os.fsync(file.fileno())


@contextmanager
def _disk() -> Iterator[None]:
    """What the disk complains of, as ours. Not around the chunks: a broken connection is an OSError too."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StoreFull from error
        raise StoreUnavailable("The file could not be kept. Try again in a moment.") from error


def _in_words(size: int) -> str:
    return f"{size / 2**20:.3g} MiB" if size >= 2**20 else f"{size / 2**10:.3g} KiB"
