"""A TURN server of the test run's own, which carries sound between browsers of this machine."""

from __future__ import annotations

import secrets
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Final

import pytest

from tests.peers.children import Child, free_port

SKIPPED: Final = "coturn is not installed here"
"""The reason to skip; README.md names it."""
_MAGIC: Final = 0x2112A442
"""RFC 8489, section 5."""


class TurnServer:
    """A running coturn that lets in whoever has a user made with its `secret`."""

    def __init__(self) -> None:
        program = shutil.which("turnserver")
        if program is None:
            pytest.skip(SKIPPED)
        self.secret = secrets.token_hex(16)
        self.port = free_port()
        folder = Path(tempfile.mkdtemp(prefix="coturn-"))
        place = ["--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", f"--listening-port={self.port}"]
        door = ["--use-auth-secret", f"--static-auth-secret={self.secret}", "--realm=test.invalid"]
        quiet = ["--no-cli", "--no-tls", "--no-dtls", "--log-file=stdout", "--simple-log", "--verbose"]
        kept = [f"--userdb={folder / 'turndb'}", f"--pidfile={folder / 'pid'}"]
        self.child = Child([program, "-n", *place, *door, *quiet, *kept, "--allow-loopback-peers"], folder=folder)
        self.child.wait_until(self._answers)

    @property
    def url(self) -> str:
        return f"turn:127.0.0.1:{self.port}?transport=udp"

    def stop(self) -> None:
        self.child.stop()

    def _answers(self) -> bool:
        """Whether it answers a binding request (RFC 8489, section 6.1)."""
        request = b"\x00\x01\x00\x00" + _MAGIC.to_bytes(4, "big") + secrets.token_bytes(12)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(0.2)
            asking.connect(("127.0.0.1", self.port))
            try:
                asking.send(request)
                return asking.recv(2_000)[8:20] == request[8:20]
            except OSError:
                return False
