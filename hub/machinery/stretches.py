"""Sound that comes in pieces while it is recorded: each piece is durable before it is confirmed."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from crm_core.words.errors import StoreUnavailable

_FOLDER: Final = re.compile(r"([0-9]{1,16})-([0-9]{1,16})-([0-9a-f]{8,64})")
_PIECE: Final = re.compile(r"([0-9]{6})-([0-9]{1,9})")
CALLER: Final = 0
"""No agent: the caller's own page records, a message that they leave."""


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """One stretch of recording of a call by an agent's browser, or by the caller's."""

    call_id: int
    agent_id: int
    """CALLER: none."""
    name: str
    """Hexadecimal, made by the browser."""

    @property
    def is_message(self) -> bool:
        return self.agent_id == CALLER

    @property
    def folder(self) -> str:
        return f"{self.call_id}-{self.agent_id}-{self.name}"


class Stretches:
    """Pieces on disk, one folder for each stretch; they survive the process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def append(self, stretch: Stretch, seq: int, duration: int, sound: bytes) -> int:
        """Store a piece; the bytes of the whole stretch. `duration` in ms up to its end. Raises StoreUnavailable."""
        return await asyncio.to_thread(self._append, self._folder / stretch.folder, f"{seq:06d}-{duration}", sound)

    async def held(self, call_id: int) -> int:
        """The bytes of all stretches of a call that are not forgotten yet."""
        return await asyncio.to_thread(self._held, call_id)

    async def left(self) -> Sequence[Stretch]:
        """Stretches that are not forgotten yet."""
        return await asyncio.to_thread(self._left)

    async def duration(self, stretch: Stretch) -> int:
        """Milliseconds up to the end of the last piece."""
        pieces = await asyncio.to_thread(_pieces, self._folder / stretch.folder)
        found = [_PIECE.fullmatch(piece.name) for piece in pieces]
        return max((int(match[2]) for match in found if match), default=0)

    async def head(self, stretch: Stretch) -> bytes:
        """The bytes of the first piece; none of a stretch that is gone."""
        pieces = await asyncio.to_thread(_pieces, self._folder / stretch.folder)
        return await asyncio.to_thread(pieces[0].read_bytes) if pieces else b""

    async def read(self, stretch: Stretch) -> AsyncIterator[bytes]:
        """The pieces in their order."""
        for piece in await asyncio.to_thread(_pieces, self._folder / stretch.folder):
            yield await asyncio.to_thread(piece.read_bytes)

    async def forget(self, stretch: Stretch) -> None:
        """Remove a stretch; one that is gone already does nothing."""
        await asyncio.to_thread(shutil.rmtree, self._folder / stretch.folder, ignore_errors=True)

    def _append(self, folder: Path, name: str, sound: bytes) -> int:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            known = _pieces(folder)
            if not any(piece.name.startswith(name[:7]) for piece in known):
                draft = folder / f".{name}"
                with open(draft, "wb") as file:
                    file.write(sound)
                    file.flush()
                    os.fsync(file.fileno())
                draft.rename(folder / name)
                handle = os.open(folder, os.O_RDONLY)
                try:
                    os.fsync(handle)
                finally:
                    os.close(handle)
            return sum(piece.stat().st_size for piece in _pieces(folder))
        except OSError as error:
            raise StoreUnavailable from error

    def _held(self, call_id: int) -> int:
        if not self._folder.is_dir():
            return 0
        held = 0
        for folder in self._folder.glob(f"{call_id}-*"):
            # What is forgotten meanwhile is held no more.
            with suppress(FileNotFoundError):
                held += sum(piece.stat().st_size for piece in _pieces(folder))
        return held

    def _left(self) -> Sequence[Stretch]:
        if not self._folder.is_dir():
            return []
        found = [_FOLDER.fullmatch(one.name) for one in self._folder.iterdir()]
        return sorted(Stretch(int(m[1]), int(m[2]), m[3]) for m in found if m)


def _pieces(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(piece for piece in folder.iterdir() if _PIECE.fullmatch(piece.name))
