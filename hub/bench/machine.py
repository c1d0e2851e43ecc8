"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from pathlib import Path

from hub.bench.peers import find_binaries


def machine() -> dict[str, str | int | None]:
    """The machine and the versions that matter. Memory is in MiB; PostgreSQL's version is none when it is missing."""
    return {
        "cpu": _line_of("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "memory_mib": _memory(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "postgresql": _postgresql(),
    }


def _memory() -> int | None:
    words = _line_of("/proc/meminfo", "MemTotal")
    return int(words.split()[0]) // 1024 if words else None


def _postgresql() -> str | None:
    binaries = find_binaries()
    if binaries is None:
        return None
    answer = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    return answer.stdout.strip().removeprefix("postgres (PostgreSQL) ") or None


def _line_of(path: str, name: str) -> str | None:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), None)
