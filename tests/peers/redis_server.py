"""A Redis server of the test run's own."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import redis

from tests.peers.children import Child, free_port, unavailable


class RedisServer:
    """A running server that keeps nothing on the disk."""

    def __init__(self) -> None:
        program = shutil.which("redis-server")
        if program is None:
            unavailable("Redis is not installed (apt-get install redis-server)")
        self.port = free_port()
        folder = Path(tempfile.mkdtemp(prefix="redis-"))
        place = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(folder)]
        self.child = Child([program, *place, "--save", "", "--appendonly", "no"], folder=folder)
        self.child.wait_until(self._answers)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def empty(self) -> None:
        """Forget everything, so that one test leaves nothing to the next."""
        with redis.Redis(port=self.port) as client:
            client.flushall()

    def stop(self) -> None:
        self.child.stop()

    def _answers(self) -> bool:
        try:
            with redis.Redis(port=self.port) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False
