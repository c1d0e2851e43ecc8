"""Raw durable commits of this machine, one row and one transaction each: what calls are measured against."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import psycopg

PER_SECOND: Final = 100
"""The pace at which single commits are timed, as of calls that come one by one."""
_TABLE: Final = "CREATE TABLE signal (id {key}, call_id bigint, name text, facts text)"
_ROW: Final = "INSERT INTO signal (call_id, name, facts) VALUES (1, 'LegAnswered', '{\"leg_id\": 1}')"

Commit = Callable[[], Any]


def sqlite_commits(path: Path) -> sqlite3.Connection:
    """A file of its own with the product's durability; `connection.execute(ROW)` is one commit."""
    disk = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for words in ("journal_mode=WAL", "synchronous=FULL"):
        disk.execute(f"PRAGMA {words}")
    disk.execute(_TABLE.format(key="INTEGER PRIMARY KEY"))
    return disk


def postgres_commits(connection: psycopg.Connection[Any]) -> Commit:
    """One row a commit by one client, prepared; the connection commits each statement."""
    connection.execute(_TABLE.format(key="bigserial PRIMARY KEY"))
    return lambda: connection.execute(_ROW, prepare=True)


def commit_of(disk: sqlite3.Connection) -> Commit:
    """One row a commit into a file of `sqlite_commits`."""
    return lambda: disk.execute(_ROW)


def rate(commit: Commit, seconds: float) -> float:
    """Commits a second, one after the other. Blocks."""
    done, began = 0, perf_counter()
    while perf_counter() - began < seconds:
        commit()
        done += 1
    return done / (perf_counter() - began)


async def paced(commit: Commit, seconds: float) -> list[float]:
    """Seconds that single commits took, a hundred a second, each in a thread as the product's are."""
    took: list[float] = []
    start = perf_counter()
    for turn in range(max(1, round(seconds * PER_SECOND))):
        await asyncio.sleep(max(0.0, start + turn / PER_SECOND - perf_counter()))
        began = perf_counter()
        await asyncio.to_thread(commit)
        took.append(perf_counter() - began)
    return took


def p99(took: list[float]) -> float:
    """The 99th percentile of seconds, in milliseconds."""
    ordered = sorted(took)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1000 if ordered else float("inf")
