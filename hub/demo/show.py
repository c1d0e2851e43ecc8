"""`hub demo`: the hub with people, a shop and links to walk in by."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from aiohttp import web

from crm_core.staff import queries as staff
from crm_core.staff.sessions import hash_of, open_session, session_of
from crm_core.store.transaction import Tx
from crm_core.words.clock import DAY
from hub.config import Settings
from hub.demo import shop
from hub.demo.devices import Customers
from hub.demo.furnish import PEOPLE, furnish, is_furnished
from hub.demo.providers import serving
from hub.keys import House
from hub.serving import serve


async def demo(settings: Settings) -> None:
    """Serve with demo data and stand-ins of the providers until told to stop. Raises what `serving.serve` raises."""
    async with AsyncExitStack() as stack:

        async def prepare(house: House, app: web.Application) -> None:
            if not await house.db.read(is_furnished):
                await house.db.write(furnish, house.sealer)
            shop.mount(app)
            providers = await stack.enter_async_context(serving(house))
            Customers(providers).mount(app)

        await serve(settings, _say, prepare=prepare)


async def _say(house: House, _app: web.Application) -> None:
    """Make the way in for everybody, keep it in demo.json, and print it."""
    file = house.settings.data_dir / "demo.json"
    known = await house.db.write(_invite, house.settings.public_url, _tokens(file))
    url = house.settings.public_url
    facts = {
        "url": url,
        "agents": known,
        "widget_url": f"{url}/demo",
        "customers_url": f"{url}/demo/customers",
        "pid": os.getpid(),
    }
    _write(file, facts)
    sys.stdout.write(_text(facts))
    sys.stdout.flush()


def _invite(tx: Tx, url: str, tokens: Mapping[str, str]) -> list[dict[str, str]]:
    """A fresh link for each of the demo's people, and their API token: the one from before while it is valid."""
    invited = []
    for person in PEOPLE:
        known = staff.secrets_by_email(tx, person.email)
        if known is None or known.disabled:
            continue
        token = tokens.get(person.name, "")
        if session_of(tx, hash_of(token)) is None:
            _, token = open_session(tx, known.agent_id, "token", label="demo")
        _, link = open_session(tx, known.agent_id, "link", expires_at=tx.now + DAY)
        role = staff.agent(tx, known.agent_id).role
        invited.append(
            {"name": person.name, "role": role.value, "login_url": f"{url}/sign-in/{link}", "api_token": token}
        )
    return invited


def _tokens(file: Path) -> dict[str, str]:
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
        return {agent["name"]: agent["api_token"] for agent in facts["agents"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _write(file: Path, facts: Mapping[str, Any]) -> None:
    draft = file.with_suffix(".new")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        json.dump(facts, out, indent=2, ensure_ascii=False)
    draft.replace(file)


def _text(facts: Mapping[str, Any]) -> str:
    people = "\n".join(f"  {a['name']:<16} {a['role']:<14} {a['login_url']}" for a in facts["agents"])
    return f"""
Switchboard is running.

  The customers' side:   {facts["customers_url"]}   (a telephone, five ways to write, and a mailbox)
                         {facts["widget_url"]}   (a shop with chat and calls)

  The agents' side. Each link signs in once; open two of them in two browser profiles:
{people}

  API: {facts["url"]}/api/docs      Stop with Ctrl-C. Start again for new links.
"""
