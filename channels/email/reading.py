"""Reading mails in a process of its own that can be killed: what strangers write may not hold up the hub."""

from __future__ import annotations

import asyncio
import atexit
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from channels.email.anatomy.limits import MOST_BYTES
from channels.email.mail import Attached, Bounce, Named, ParsedMail
from channels.email.worker import LATE, LENGTH, MAIL, MEMORY, MOST_MAILS
from crm_core.words.clock import as_text

TIME_LIMIT: Final = 30.0
"""Seconds after which a process is ended that does not answer. What a mail may cost it counts itself (MAIL_LIMIT)."""
START_LIMIT: Final = 60.0
"""Seconds in which the process must be there; only an overloaded machine takes them."""
_START: Final = (
    "import sys, types; room = types.ModuleType('channels.email'); room.__path__ = [sys.argv[1]]; "
    "sys.modules['channels.email'] = room; from channels.email.worker import main; main(int(sys.argv[2]))"
)
"""The package itself opens the whole channel, HTTP and IMAP with it. A process that only reads needs none of that: so
it starts in a quarter of the time, takes half of the memory, and less lies within reach of a mail."""


def worker(most: int = MOST_MAILS) -> tuple[str, ...]:
    """The command of a process that reads so many mails."""
    return (sys.executable, "-P", "-c", _START, str(Path(__file__).parent), str(most))


WORKER: Final = worker()
_PASSED_ON: Final = ("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
_DECODER: Final = msgspec.msgpack.Decoder(ParsedMail)


class Unreadable(Exception):
    """A mail that was not read: its raw bytes are shown instead. `code` is timeout, memory or crash."""

    def __init__(self, code: str) -> None:
        super().__init__(f"The mail could not be read: {code}.")
        self.code = code


class MailReader:
    """One killable process, started with the first mail, kept warm, one mail at a time.

    Of a mail beyond 25 MB the headers are read, and `too_large` is among its defects.
    """

    def __init__(self, *, time_limit: float = TIME_LIMIT, argv: Sequence[str] = WORKER) -> None:
        self.time_limit, self._argv = time_limit, argv
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    @property
    def pid(self) -> int | None:
        """The process that reads, where there is one."""
        return None if self._process is None else self._process.pid

    async def read(self, raw: bytes) -> ParsedMail:
        """What the mail says. Raises Unreadable after the process was ended: time, memory, or a fault of ours."""
        async with self._turn:
            for is_last in (False, True):
                process = await self._started()
                try:
                    async with asyncio.timeout(self.time_limit):
                        return await _asked(process, raw[: MOST_BYTES + 1])
                except TimeoutError:
                    await self._end()
                    raise Unreadable("timeout") from None
                except Unreadable:
                    await self._end()
                    raise
                except (asyncio.IncompleteReadError, ConnectionError):
                    # It ended between two mails, as it does after a while, unless it ended over this one.
                    ended = await self._end()
                    if is_last or ended == -LATE:
                        raise Unreadable(_why(ended)) from None
                except BaseException:
                    await self._end()
                    raise
            raise Unreadable("crash")

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        await self._end()
        self._process = await asyncio.create_subprocess_exec(
            *self._argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=_environment(),
        )
        try:
            async with asyncio.timeout(START_LIMIT):
                assert self._process.stdout is not None
                await self._process.stdout.readexactly(1)
        except (TimeoutError, asyncio.IncompleteReadError):
            await self._end()
            raise Unreadable("crash") from None
        except BaseException:
            await self._end()
            raise
        return self._process

    async def _end(self) -> int | None:
        """End the process, however it stands; its exit code."""
        process, self._process = self._process, None
        if process is None:
            return None
        if process.returncode is None:
            # It holds nothing that could be lost.
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        return await process.wait()


async def _asked(process: asyncio.subprocess.Process, raw: bytes) -> ParsedMail:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(LENGTH.pack(len(raw)) + raw)
    await process.stdin.drain()
    how = await process.stdout.readexactly(1)
    (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
    return _mail(how, await process.stdout.readexactly(length))


def _mail(how: bytes, packed: bytes) -> ParsedMail:
    if how != MAIL:
        raise Unreadable("memory" if how == MEMORY else "crash")
    return _DECODER.decode(packed)


def _why(ended: int | None) -> str:
    """Why a process left a mail, by its exit code."""
    return {-signal.SIGKILL: "memory", -LATE: "timeout"}.get(ended or 0, "crash")


def _environment() -> dict[str, str]:
    """No secret of the hub's is handed on."""
    return {k: os.environ[k] for k in _PASSED_ON if k in os.environ} | {"PYTHONPATH": os.pathsep.join(sys.path)}


class WarmReader:
    """The same for a command that waits: a process with the same limits, kept for the next mail."""

    def __init__(self, *, time_limit: float = TIME_LIMIT, argv: Sequence[str] = WORKER) -> None:
        self.time_limit, self._argv = time_limit, argv
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, raw: bytes) -> ParsedMail:
        """What the mail says. Raises Unreadable."""
        try:
            return self._read(raw)
        except (EOFError, OSError):
            ended = self.close()
        if ended == -LATE:
            raise Unreadable("timeout")
        try:
            # It ended between two mails, as it does after a while, unless it ends over this one again.
            return self._read(raw)
        except (EOFError, OSError):
            raise Unreadable(_why(self.close())) from None

    def _read(self, raw: bytes) -> ParsedMail:
        process = self._started()
        is_late = threading.Event()

        def end() -> None:
            is_late.set()
            process.kill()

        timer = threading.Timer(self.time_limit, end)
        timer.start()
        try:
            return _asked_and_waited(process, raw[: MOST_BYTES + 1])
        except (EOFError, OSError):
            if not is_late.is_set():
                raise
            self.close()
            raise Unreadable("timeout") from None
        except Unreadable:
            self.close()
            raise
        finally:
            timer.cancel()

    def close(self) -> int | None:
        """End the process; its exit code, where there was one."""
        process, self._process = self._process, None
        if process is None:
            return None
        process.kill()
        process.communicate()
        return process.returncode

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = subprocess.Popen(  # noqa: S603
                self._argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment()
            )
            if self._process.stdout is None or self._process.stdout.read(1) == b"":
                self.close()
                raise Unreadable("crash")
        return self._process


def _asked_and_waited(process: subprocess.Popen[bytes], raw: bytes) -> ParsedMail:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(LENGTH.pack(len(raw)) + raw)
    process.stdin.flush()
    head = process.stdout.read(1 + LENGTH.size)
    if len(head) < 1 + LENGTH.size:
        raise EOFError
    (length,) = LENGTH.unpack(head[1:])
    packed = process.stdout.read(length)
    if len(packed) < length:
        raise EOFError
    return _mail(head[:1], packed)


_WARM: Final = WarmReader()
atexit.register(_WARM.close)


def explain(raw: bytes) -> Mapping[str, Any]:
    """What a mail says, as JSON: for people who ask why it was read so. Never raises for a mail."""
    try:
        return described(_WARM.read(raw))
    except Unreadable as error:
        return described(ParsedMail(defects=[error.code]))


def described(mail: ParsedMail) -> dict[str, Any]:
    """A mail in plain JSON values; files by their digest, times in RFC 3339."""
    return {
        "from": _people(mail.from_),
        "to": _people(mail.to),
        "cc": _people(mail.cc),
        "bcc": _people(mail.bcc),
        "reply_to": _people(mail.reply_to),
        "subject": mail.subject,
        "date": None if mail.date is None else as_text(mail.date),
        "message_id": mail.message_id,
        "in_reply_to": mail.in_reply_to,
        "references": mail.references,
        "text": mail.text,
        "trimmed_text": mail.trimmed,
        "html": mail.html,
        "attachments": [_file(a) for a in mail.attachments],
        "auto_submitted": mail.auto_submitted or None,
        "automatic": mail.automatic,
        "bounce": None if mail.bounce is None else _bounce(mail.bounce),
        "calendar": None if mail.calendar is None else msgspec.to_builtins(mail.calendar),
        "defects": mail.defects,
    }


def _people(people: list[Named]) -> list[dict[str, str]]:
    return [{"name": p.name, "address": p.address} for p in people]


def _file(file: Attached) -> dict[str, Any]:
    return {
        "name": file.name,
        "type": file.type,
        "size": len(file.content),
        "sha256": file.sha256,
        "inline": file.inline,
    }


def _bounce(bounce: Bounce) -> dict[str, Any]:
    said: dict[str, Any] = msgspec.to_builtins(bounce)
    return said
