"""The measured processes of `webhook`: `python -m hub.bench.inlet hub <folder>` and `… bare`.

The first is the whole hub as `hub serve` runs it, on a filled SQLite file, with one account more; the second
only reads the body. Each prints one line of JSON with its port once it listens.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Final

import uvloop
from aiohttp import web

from crm_core.accounts.actions import NewAccount, add
from crm_core.work.queues import queues
from hub.bench.channel import KIND
from hub.bench.desk import fill
from hub.bench.peers import free_port
from hub.config import load_settings
from hub.keys import House
from hub.logs import configure
from hub.serving import serve

SECRET: Final = "a secret that only the bench knows"  # noqa: S105


async def hub(folder: Path) -> None:
    """Fill a database in this folder and serve it until the process is ended."""
    port = free_port()
    found = {"HUB_DATA_DIR": str(folder), "HUB_HOST": "127.0.0.1", "HUB_PORT": str(port)}
    settings = load_settings({"PATH": os.environ.get("PATH", ""), **found})
    configure(settings)
    await fill(settings.database_url)
    await serve(settings, _ready)


async def _ready(house: House, _app: web.Application) -> None:
    queue = (await house.db.read(queues))[0]
    new = NewAccount(kind=KIND, name="Bench", queue_id=queue.id, secrets={"secret": SECRET})
    account = await house.db.write(add, None, house.sealer, new)
    while account.id not in {opened.account.id for opened in [house.accounts.by_id(account.id)] if opened}:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    _announce(house.settings.port, f"/in/{account.public_key}")


async def bare() -> None:
    """Answer every POST once its body is read, until the process is ended."""
    app = web.Application()
    app.router.add_post("/in/{key}", _read)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    _announce(runner.addresses[0][1], "/in/bench")
    await asyncio.Event().wait()


async def _read(request: web.Request) -> web.Response:
    await request.read()
    return web.Response()


def _announce(port: int, path: str) -> None:
    sys.stdout.write(json.dumps({"port": port, "path": path}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(bare() if sys.argv[1] == "bare" else hub(Path(sys.argv[2])))
