"""Run as a program: imports the hub once and forks one `hub serve` after another, so that a restart costs no imports.

Each line on standard input is an order: `start` answers with a process id, `wait` with how that process ended.
"""

from __future__ import annotations

import os
import sys

from channels.registry import find_channels
from hub.cli import main
from hub.commands.serving import serve_command

IMPORTED = (serve_command, find_channels())
"""What `hub serve` would import by itself, each time anew."""


def obey() -> None:
    """Serve orders until standard input ends."""
    pid = 0
    for order in iter(sys.stdin.readline, ""):
        if order == "start\n":
            pid = os.fork()
            if pid == 0:
                serve()
            answer(pid)
        else:
            answer(os.waitpid(pid, 0)[1])


def serve() -> None:
    """Become a hub, with nothing of the nursery's but what it imported. Does not return."""
    nothing, log = os.open(os.devnull, os.O_RDONLY), os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for target, source in ((0, nothing), (1, log), (2, log)):
        os.dup2(source, target)
    sys.argv = ["hub", "serve"]
    code = 1
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        os._exit(code)


def answer(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    obey()
