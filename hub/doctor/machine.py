"""Checks of the machine: the interpreter, the folder, the disk, the port, the built console."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import hub
from hub.config import Settings
from hub.doctor.findings import Finding, fine, warning, wrong

_MENDED: Final = {11: 15, 12: 13, 13: 12, 14: 3}
"""By minor version, the first micro version of Python 3 without CVE-2026-1299 (line breaks forge headers of mail)."""
LITTLE: Final = 100 * 2**20
SOME: Final = 2 * 2**30
"""Bytes of free disk below which it is wrong, and below which it is worth a warning."""
_PATIENCE: Final = 2.0

CONSOLE: Final = Path(hub.__file__).parent / "static" / "console" / "index.html"


def python(version: tuple[int, ...]) -> Finding:
    """`version` is that of the interpreter: major, minor, micro."""
    told = ".".join(map(str, version[:3]))
    if version < (3, 11):
        return wrong(f"Python {told} is too old.", "Run the hub with Python 3.11 or newer.")
    first = _MENDED.get(version[1])
    if version[0] == 3 and first is not None and version[2] < first:
        return warning(
            f"Python {told} has a known fault in writing mail headers (CVE-2026-1299).",
            f"Update to Python 3.{version[1]}.{first} or newer. Until then the hub refuses such headers itself.",
        )
    return fine(f"Python {told}.")


def folder(settings: Settings) -> Finding:
    """Whether everything the hub keeps can be written. Blocks."""
    place = settings.data_dir
    if not place.exists():
        parent = next(parent for parent in place.parents if parent.exists())
        if os.access(parent, os.W_OK | os.X_OK):
            return fine(f"The data folder {place} will be made at the first start.")
        return wrong(f"The data folder {place} cannot be made.", f"Make it, or let the hub's user write to {parent}.")
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"x")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return wrong(
            f"The data folder {place} cannot be written: {error.strerror}.",
            "Give it to the user the hub runs as, or name another by HUB_DATA_DIR.",
        )
    return fine(f"The data folder {place} can be written.")


def space(settings: Settings) -> Finding:
    """Whether the disk has room. Blocks."""
    place = next(path for path in (settings.data_dir, *settings.data_dir.parents) if path.exists())
    return room(shutil.disk_usage(place).free, place)


def room(free: int, place: Path) -> Finding:
    """`free` bytes are left at `place`."""
    told = f"{free / 2**30:.1f} GiB" if free >= 2**30 else f"{free / 2**20:.0f} MiB"
    if free < LITTLE:
        return wrong(f"Only {told} are free at {place}.", "Make room: on a full disk the hub can take no message.")
    if free < SOME:
        return warning(f"Only {told} are free at {place}.", "Make room before the disk is full.")
    return fine(f"{told} are free at {place}.")


def console(page: Path = CONSOLE) -> Finding:
    """Whether the console's pages were built."""
    if page.is_file():
        return fine("The console is built.")
    return wrong("The console is not built, so agents would see an empty page.", "Run: make build")


async def port(settings: Settings) -> Finding:
    """Whether the port is free, or this hub's own."""
    place = f"{settings.host}:{settings.port}"
    answer = await _asked(settings)
    if answer is None:
        return await asyncio.to_thread(_bindable, settings, place)
    if answer.endswith(b"\r\n\r\nalive\n"):
        return fine(f"A hub is running at {place}.")
    return wrong(f"Another program listens at {place}.", "Stop it, or choose another port by HUB_PORT.")


async def _asked(settings: Settings) -> bytes | None:
    """What answers at the port when asked for /healthz; none when nothing listens."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    try:
        async with asyncio.timeout(_PATIENCE):
            reader, writer = await asyncio.open_connection(host, settings.port)
    except (OSError, TimeoutError):
        return None
    try:
        async with asyncio.timeout(_PATIENCE):
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            await writer.drain()
            return await reader.read(65_536) + await reader.read(65_536)
    except (OSError, TimeoutError):
        return b""
    finally:
        writer.close()


def _bindable(settings: Settings, place: str) -> Finding:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.host, settings.port))
    except OSError as error:
        advice = {
            errno.EACCES: "Ports below 1024 need the right to bind them; use 8080 behind a proxy.",
            errno.EADDRNOTAVAIL: "This machine has no such address; see HUB_HOST.",
        }.get(error.errno or 0, "Choose another by HUB_HOST and HUB_PORT.")
        return wrong(f"The hub cannot listen at {place}: {error.strerror}.", advice)
    return fine(f"Nothing listens at {place} yet; it is free for the hub.")


def outside(settings: Settings) -> Iterator[Finding]:
    """Whether the addresses that people reach the hub by are safe."""
    if settings.is_local:
        yield fine(f"The hub is for this machine only: {settings.public_url}.")
    elif settings.is_secure:
        yield fine(f"People reach the hub at {settings.public_url}.")
    else:
        yield wrong(
            f"People reach the hub at {settings.public_url}, which is not encrypted: passwords can be read on the way.",
            "Put a proxy with TLS in front of it and set HUB_PUBLIC_URL to its https:// address.",
        )
    if settings.files_url is None:
        yield warning(
            "Strangers' pictures are not shown, only saved: there is no other host to show them from.",
            "Give the hub a second host name and set HUB_FILES_URL to it.",
        )
    else:
        yield fine(f"Strangers' files are shown from {settings.files_url}, which sees no session.")
    if settings.is_secure and not settings.is_local and not settings.trusted_proxies:
        yield warning(
            "No proxy is trusted, so everybody seems to come from the proxy's address and is throttled together.",
            "Set HUB_TRUSTED_PROXIES to the network of the proxy that ends TLS.",
        )
