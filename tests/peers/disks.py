"""A shelf on a disk that is nearly full."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncGenerator
from pathlib import Path

from crm_core.words.errors import NotFound


class SmallShelf:
    """Keeps bytes in memory until there are more than `quota`; then it says what a full disk says."""

    def __init__(self, quota: int) -> None:
        self.quota = quota
        self.kept: dict[str, bytes] = {}

    async def put(self, name: str, draft: Path) -> None:
        new = await asyncio.to_thread(draft.read_bytes)
        if sum(map(len, self.kept.values())) + len(new) > self.quota:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.kept[name] = new

    async def read(self, name: str, start: int, length: int) -> AsyncGenerator[bytes, None]:
        if name not in self.kept:
            raise NotFound
        yield self.kept[name][start : start + length]

    async def remove(self, name: str) -> None:
        self.kept.pop(name, None)
