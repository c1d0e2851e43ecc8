"""Passwords: argon2id in threads of its own, so that the event loop never waits and memory stays bounded."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from crm_core.words.errors import Invalid, TooMany
from crm_core.words.ids import new_token

R = TypeVar("R")

LEAST: Final = 10
"""Characters. Length is what counts; no rules about kinds of characters (NIST SP 800-63B)."""
MOST: Final = 256
"""Characters, so that nobody makes us hash megabytes."""
_WAITING: Final = 64


@dataclass(frozen=True, slots=True)
class Cost:
    """What one hash costs. The default is the second choice of RFC 9106: 64 MiB, three passes."""

    passes: int = 3
    kibibytes: int = 65_536
    lanes: int = 1


def acceptable(password: str, *, not_like: tuple[str, ...] = ()) -> str:
    """The password in one spelling (NFC). Raises Invalid, in words, for a bad one."""
    spelled = unicodedata.normalize("NFC", password)
    if len(spelled) < LEAST:
        raise Invalid("A password has at least {n} characters.", why="password_short", n=LEAST)
    if len(spelled) > MOST:
        raise Invalid("A password has at most {n} characters.", why="password_long", n=MOST)
    if len(set(spelled)) < 4:
        raise Invalid("This password repeats the same few characters. Take another.", why="password_plain")
    if spelled.casefold() in {word.casefold() for word in not_like}:
        raise Invalid("A password must not be your own name or address.", why="password_own")
    return spelled


class Passwords:
    """Makes and checks hashes. At most two at a time, and a bounded number waiting."""

    def __init__(self, cost: Cost | None = None) -> None:
        cost = cost or Cost()
        self._hasher = PasswordHasher(
            time_cost=cost.passes, memory_cost=cost.kibibytes, parallelism=cost.lanes, type=Type.ID
        )
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")
        self._waiting = 0
        self._nobody: str | None = None

    def hash_now(self, password: str) -> str:
        """The hash, made in the calling thread: for the command line, which has no event loop."""
        return self._hasher.hash(acceptable(password))

    async def hash(self, password: str, *, not_like: tuple[str, ...] = ()) -> str:
        """The hash of a password. Raises Invalid for an unacceptable one, TooMany when too many wait."""
        return await self._in_thread(self._hasher.hash, acceptable(password, not_like=not_like))

    async def rehash(self, password: str) -> str:
        """The hash, at today's cost, of a password that was taken long ago, whatever today's rules say of it."""
        return await self._in_thread(self._hasher.hash, unicodedata.normalize("NFC", password))

    async def matches(self, known: str | None, password: str) -> bool:
        """Whether the password is the one of this hash.

        Without a hash (nobody has this address, or they have no password) it takes as long and says no.
        """
        spelled = unicodedata.normalize("NFC", password[: MOST + 1])
        right = await self._in_thread(self._check, known, spelled)
        return right and known is not None and len(spelled) <= MOST

    def is_outdated(self, known: str) -> bool:
        """Whether the hash was made with another cost than today's."""
        return self._hasher.check_needs_rehash(known)

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _check(self, known: str | None, password: str) -> bool:
        if self._nobody is None:
            self._nobody = self._hasher.hash(new_token())
        try:
            return self._hasher.verify(known or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_thread(self, work: Callable[..., R], *args: object) -> R:
        if self._waiting >= _WAITING:
            raise TooMany
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *args)
        finally:
            self._waiting -= 1
