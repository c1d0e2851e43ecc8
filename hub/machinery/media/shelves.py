"""Where files' bytes are kept: a folder of this machine, or a bucket of S3, Google or Azure."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final, Protocol

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from crm_core.words.errors import NotFound, StoreUnavailable

CHUNK: Final = 256 * 1024
"""Bytes read at a time."""


class Shelf(Protocol):
    """Keeps bytes under names that we give."""

    async def put(self, name: str, draft: Path) -> None:
        """Keep a complete, synced draft for good, and return when a power cut cannot take it; the draft may go."""
        ...

    def read(self, name: str, start: int, length: int) -> AsyncGenerator[bytes, None]:
        """`length` bytes from `start` on. Raises NotFound when there is nothing of that name."""
        ...

    async def remove(self, name: str) -> None:
        """Keep it no longer. Nothing happens when there is none."""
        ...


class Folder:
    """A folder of this machine; 256 folders in it, so that none grows too large to list."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, name: str, draft: Path) -> None:
        await asyncio.to_thread(self._put, name, draft)

    async def read(self, name: str, start: int, length: int) -> AsyncGenerator[bytes, None]:
        try:
            file = await asyncio.to_thread(self._path(name).open, "rb")
        except FileNotFoundError:
            raise NotFound from None
        with file:
            await asyncio.to_thread(file.seek, start)
            while length > 0 and (chunk := await asyncio.to_thread(file.read, min(CHUNK, length))):
                length -= len(chunk)
                yield chunk

    async def remove(self, name: str) -> None:
        await asyncio.to_thread(self._path(name).unlink, missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._root / name[:2] / name

    def _put(self, name: str, draft: Path) -> None:
        path = self._path(name)
        if not path.parent.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            sync_folder(self._root)
        draft.rename(path)
        sync_folder(path.parent)


class Bucket:
    """A bucket, given by its URL; credentials come from the provider's own environment variables."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def put(self, name: str, draft: Path) -> None:
        try:
            await obstore.put_async(self._store, name, draft)
        except (BaseError, OSError) as error:
            raise StoreUnavailable("The file store does not answer. Nothing was stored; try again.") from error

    async def read(self, name: str, start: int, length: int) -> AsyncGenerator[bytes, None]:
        if length <= 0:
            return
        try:
            found = await obstore.get_async(self._store, name, options={"range": (start, start + length)})
            async for chunk in found.stream(min_chunk_size=CHUNK):
                yield bytes(chunk)
        except FileNotFoundError:
            raise NotFound from None
        except BaseError as error:
            raise StoreUnavailable("The file store does not answer. Try again in a moment.") from error

    async def remove(self, name: str) -> None:
        try:
            await obstore.delete_async(self._store, name)
        except FileNotFoundError:
            return
        except BaseError as error:
            raise StoreUnavailable("The file store does not answer. Try again in a moment.") from error


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Blocks."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
