"""The process that reads mails: started by `channels.email.reading`, killed by it when one takes too long.

It reads requests from standard input and answers on standard output: four bytes of length and a mail; a byte that says
how it went, four bytes of length and the mail as msgpack. It may use 256 MB and five seconds of the processor a mail,
writes no files, and ends by itself when nothing is asked for two minutes, or after a thousand mails, which gives back
what fragments of memory they left.
"""

from __future__ import annotations

import resource
import select
import signal
import struct
import sys
from collections.abc import Callable
from io import FileIO
from types import FrameType
from typing import BinaryIO, Final, Protocol, TypeVar

import msgspec

from channels.email.parse import parse

T = TypeVar("T")

READY: Final = b"r"
MAIL: Final = b"m"
MEMORY: Final = b"M"
CRASH: Final = b"c"
LENGTH: Final = struct.Struct(">I")

MEMORY_LIMIT: Final = 256 * 1024 * 1024
"""Bytes of private memory (RLIMIT_DATA); what the libraries map for reading does not count."""
STEP_LIMIT: Final = 1.0
"""Seconds that cleaning HTML and folding quotes may each take before the plain, whole text is shown instead.

Like MAIL_LIMIT it counts what the processor spends here: a busy machine must not make a mail another one.
"""
MAIL_LIMIT: Final = 5.0
"""Seconds that all of one mail may take: the process is ended then, by the signal LATE."""
LATE: Final = signal.SIGVTALRM
IDLE_LIMIT: Final = 120.0
"""Seconds without a question after which it ends."""
MOST_MAILS: Final = 1_000


class TooSlow(BaseException):
    """A step took its second. No `except Exception` of a library may swallow it."""


def within_a_second(work: Callable[[], T], instead: Callable[[], T], /) -> tuple[T, bool]:
    """`work()`, or `instead()` and False when it takes longer than STEP_LIMIT."""
    try:
        signal.setitimer(signal.ITIMER_PROF, STEP_LIMIT)
        try:
            return work(), True
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    except TooSlow:
        return instead(), False


def answer(raw: bytes) -> tuple[bytes, bytes]:
    """How reading went, and the mail as msgpack."""
    try:
        return MAIL, msgspec.msgpack.encode(parse(raw, within_a_second))
    except MemoryError:
        return MEMORY, b""
    except Exception:
        # Whatever it was, the mail stays to be looked at: the parent shows its raw bytes instead.
        return CRASH, b""


def serve(source: Source, sink: BinaryIO, most: int = MOST_MAILS) -> None:
    """Answer until the source ends, so many mails were read, nothing comes for IDLE_LIMIT, or a mail ended badly."""
    sink.write(READY)
    sink.flush()
    for _ in range(most):
        if not select.select([source], [], [], IDLE_LIMIT)[0]:
            return
        head = source.read(LENGTH.size)
        if len(head) < LENGTH.size:
            return
        raw = source.read(LENGTH.unpack(head)[0])
        signal.setitimer(signal.ITIMER_VIRTUAL, MAIL_LIMIT)
        how, mail = answer(raw)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        sink.write(how + LENGTH.pack(len(mail)))
        sink.write(mail)
        sink.flush()
        if how != MAIL:
            return


def confine() -> None:
    """Limit this process; what it may not do, it cannot do for a mail either."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    signal.signal(signal.SIGPROF, too_slow)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def too_slow(_number: int, _frame: FrameType | None) -> None:
    """What SIGPROF does."""
    raise TooSlow


def main(most: int = MOST_MAILS) -> None:
    """Confine, then serve standard input, unbuffered so that waiting for it sees all there is."""
    confine()
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as source:
        serve(_Whole(source), sys.stdout.buffer, most)


class Source(Protocol):
    """Where requests come from."""

    def fileno(self) -> int: ...
    def read(self, length: int, /) -> bytes: ...


class _Whole:
    """Reads all that was asked for from an unbuffered pipe."""

    def __init__(self, source: FileIO) -> None:
        self._source = source

    def fileno(self) -> int:
        return self._source.fileno()

    def read(self, length: int, /) -> bytes:
        said = bytearray()
        while len(said) < length:
            more = self._source.read(min(length - len(said), 1 << 20))
            if not more:
                break
            said += more
        return bytes(said)


if __name__ == "__main__":
    main()
