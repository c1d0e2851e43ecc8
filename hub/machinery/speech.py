"""Words made into sound, in a process of its own that can be killed; the same words are one file for half a day."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import structlog

from channels.contract import Files
from crm_core.words.clock import HOUR, Clock, Moment
from crm_core.words.content import FileRef
from crm_core.words.errors import HubError
from hub.machinery.speaking import LENGTH

TIME_LIMIT: Final = 5.0
"""Seconds that one text may take."""
START_LIMIT: Final = 60.0
"""Seconds in which the process must be there; only an overloaded machine takes them."""
MOST_CHARACTERS: Final = 2_000
KEPT: Final[Moment] = 12 * HOUR
"""How long the same words are the same file. The file itself, which nobody sends, is swept after a day."""
MOST_KEPT: Final = 1_000
"""Texts whose files are known; of more the oldest are forgotten, and made anew when they are said again."""
_LARGEST: Final = 8 * 2**20
"""Bytes of an answer: four times what LONGEST seconds have."""
_PASSED_ON: Final = ("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "LD_LIBRARY_PATH")

log = structlog.get_logger(__name__)


def espeak() -> Path | None:
    """The library of espeak-ng that came with the package espeakng-loader; none where it has none for this system."""
    found = importlib.util.find_spec("espeakng_loader")
    for folder in found.submodule_search_locations or () if found else ():
        for name in ("libespeak-ng.so", "libespeak-ng.dylib"):
            if (Path(folder) / name).is_file():
                return Path(folder) / name
    return None


def speaker(library: Path) -> Sequence[str]:
    """The command that starts the process."""
    return sys.executable, "-P", "-m", "hub.machinery.speaking", str(library)


class Voice:
    """One killable process, started with the first words, kept warm, one text at a time. None of it without `argv`."""

    def __init__(self, argv: Sequence[str] | None, *, time_limit: float = TIME_LIMIT) -> None:
        self._argv, self._time_limit = argv, time_limit
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    @classmethod
    def of_this_machine(cls, *, wanted: bool) -> Voice:
        """The voice that is installed here, if one is, and is wanted."""
        library = espeak() if wanted else None
        return cls(None if library is None else speaker(library))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    @property
    def is_there(self) -> bool:
        """Whether there is anything that speaks."""
        return self._argv is not None

    @property
    def pid(self) -> int | None:
        """The process that speaks, where there is one."""
        return None if self._process is None else self._process.pid

    async def say(self, text: str, language: str) -> bytes:
        """A WAV file; nothing where the words have no sound, took too long, or ended the process."""
        if self._argv is None:
            return b""
        asked = json.dumps([text[:MOST_CHARACTERS], language[:20]]).encode("ascii")
        async with self._turn:
            for _ in range(2):
                try:
                    process = await self._started(self._argv)
                    async with asyncio.timeout(self._time_limit):
                        return await _answer(process, asked)
                except TimeoutError:
                    log.warning("words took too long to be said", length=len(text), pii={"text": text})
                    await self._end()
                    return b""
                except (asyncio.IncompleteReadError, OSError):
                    # It ended since the last words, as it does after a while, or over these.
                    await self._end()
                except BaseException:
                    await self._end()
                    raise
            log.warning("words could not be said", length=len(text), pii={"text": text})
            return b""

    async def _started(self, argv: Sequence[str]) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        await self._end()
        self._process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=_environment(),
        )
        async with asyncio.timeout(START_LIMIT):
            await _read(self._process)
        return self._process

    async def _end(self) -> None:
        """End the process, however it stands: it holds nothing that could be lost."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()


async def _answer(process: asyncio.subprocess.Process, asked: bytes) -> bytes:
    assert process.stdin is not None
    process.stdin.write(LENGTH.pack(len(asked)) + asked)
    await process.stdin.drain()
    return await _read(process)


async def _read(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
    if length > _LARGEST:
        raise OSError("what speaks said nothing sensible")
    return await process.stdout.readexactly(length)


def _environment() -> Mapping[str, str]:
    """No secret of the hub's is handed on."""
    return {k: os.environ[k] for k in _PASSED_ON if k in os.environ} | {"PYTHONPATH": os.pathsep.join(sys.path)}


@dataclass(frozen=True, slots=True)
class _Said:
    file: FileRef
    at: Moment


class AccountSpeech:
    """The voice as one account has it: what is said is a file of the account's, which the sweep takes after a day."""

    def __init__(self, voice: Voice, files: Files, now: Clock) -> None:
        self._voice = voice
        self._files = files
        self._now = now
        self._said: dict[tuple[str, str], _Said] = {}
        self._turn = asyncio.Lock()

    @property
    def is_there(self) -> bool:
        return self._voice.is_there

    async def say(self, text: str, language: str, /) -> FileRef | None:
        """A file of the words; the same for KEPT. None where nothing can be said."""
        words = " ".join(text.split())[:MOST_CHARACTERS]
        if not words or not self.is_there:
            return None
        async with self._turn:
            known = self._said.get((language, words))
            if known is not None and self._now() < known.at + KEPT:
                return known.file
            sound = await self._voice.say(words, language)
            if not sound:
                return None
            try:
                file = await self._files.keep("prompt.wav", sound)
            except HubError as error:
                log.warning("what was said could not be kept", problem=str(error))
                return None
            self._remember((language, words), file)
            return file

    def _remember(self, key: tuple[str, str], file: FileRef) -> None:
        now = self._now()
        self._said.pop(key, None)
        self._said[key] = _Said(file, now)
        # They stand in the order in which they were made.
        for old in [k for k, said in self._said.items() if now >= said.at + KEPT]:
            del self._said[old]
        while len(self._said) > MOST_KEPT:
            del self._said[next(iter(self._said))]
