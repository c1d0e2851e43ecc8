"""Softphones of agents' tabs: an endpoint each, made over ARI, and the way of their SIP through the hub's origin."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import structlog
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from channels.asterisk.ari import Ari, quoted
from channels.asterisk.names import softphone_name, tab_prefix
from channels.asterisk.render import phone_facts, softphone
from channels.asterisk.settings import AsteriskSettings
from channels.contract import AccountBroken, PhonePass, PhoneSocket, PhoneWanted, TryLater

log = structlog.get_logger(__name__)

GRACE: Final = 8.0
"""Seconds a softphone may be without its socket before it counts as gone: its sound may go on all the while."""
_MOST_TABS: Final = 8
"""Softphones that an agent has at once; the oldest that carries no call gives way."""
_LARGEST: Final = 65_536
_WHO: Final = re.compile(rb"^(?:From|f)\s*:[^\r\n]*?sips?:([^@;>\s]{1,120})@", re.MULTILINE | re.IGNORECASE)


class Softphones:
    """One account's softphones. `gone` is told the name of an endpoint whose socket stays away."""

    def __init__(
        self, ari: Ari, settings: AsteriskSettings, account_id: int, gone: Callable[[str], Awaitable[None]]
    ) -> None:
        self._ari = ari
        self._settings = settings
        self._account_id = account_id
        self._gone = gone
        self._lent: dict[int, dict[str, str]] = {}
        """Passwords by endpoint, by agent: in memory only, here and at Asterisk."""
        self._unseen: set[str] = set()
        """Endpoints whose socket stayed away while Asterisk could not be asked."""

    async def lend(self, wanted: PhoneWanted) -> PhonePass:
        """An endpoint for a tab; the same tab gets the same again. Raises TryLater, AccountBroken."""
        name = softphone_name(self._settings.app, wanted.agent_id, wanted.device)
        mine = self._lent.setdefault(wanted.agent_id, {})
        password = mine.pop(name, "") or secrets.token_urlsafe(24)
        mine[name] = password
        await self._make(name, password)
        for oldest in list(mine)[:-1]:
            if len(mine) > _MOST_TABS and not (await self._state(oldest)).get("channel_ids"):
                mine.pop(oldest, None)
                await self._unmake(oldest)
        return PhonePass(media="sip", facts=phone_facts(self._account_id, name, password, self._settings))

    async def restore(self) -> None:
        """Make all of them again: Asterisk forgets them when it restarts. Raises TryLater."""
        for mine in list(self._lent.values()):
            for name, password in list(mine.items()):
                await self._make(name, password)
        for name in list(self._unseen):
            await self._see(name)

    async def tidy(self) -> None:
        """Take away endpoints that a hub before this one made, once they carry no call. Raises TryLater."""
        for endpoint in await self._ari.listed("/endpoints/PJSIP"):
            name = str(endpoint.get("resource"))
            is_lent = any(name in mine for mine in self._lent.values())
            if name.startswith(tab_prefix(self._settings.app)) and not is_lent and not endpoint.get("channel_ids"):
                await self._unmake(name)

    async def connect(self, phone: PhoneSocket) -> None:
        """Carry a softphone's SIP until either side closes; then see whether it comes back."""
        own = _Own(self._settings.app, phone.agent_id)
        try:
            async with self._ari.softphone() as socket:
                await _carry(phone, socket, own)
        except (TryLater, AccountBroken):
            log.warning("a softphone finds no Asterisk")
        await phone.close(1001)
        if not own.name:
            return
        if phone.is_signed_out:
            self._lent.get(phone.agent_id, {}).pop(own.name, None)
            with suppress(TryLater, AccountBroken):
                await self._unmake(own.name)
        else:
            await asyncio.sleep(GRACE)
        await self._see(own.name)

    async def _see(self, name: str) -> None:
        """Tell that a tab is gone, unless its softphone is back. While Asterisk is away nobody knows: later, then."""
        self._unseen.add(name)
        try:
            if (await self._state(name)).get("state") != "online":
                await self._gone(name)
        except (TryLater, AccountBroken):
            return
        self._unseen.discard(name)

    async def _state(self, name: str) -> Mapping[str, Any]:
        state = (await self._ari.ask("GET", f"/endpoints/PJSIP/{quoted(name)}")).body
        return state if isinstance(state, dict) else {}

    async def _make(self, name: str, password: str) -> None:
        for kind, facts in softphone(name, password, self._settings):
            fields = [{"attribute": attribute, "value": value} for attribute, value in facts.items()]
            await self._ari.ask("PUT", _place(kind, name), {"fields": fields})

    async def _unmake(self, name: str) -> None:
        for kind in ("endpoint", "aor", "auth"):
            await self._ari.ask("DELETE", _place(kind, name))


class _Own:
    """Which endpoint a socket is, as its own SIP says; another agent's is not taken for it."""

    def __init__(self, app: str, agent_id: int) -> None:
        self._prefix = f"{tab_prefix(app)}{agent_id}-"
        self.name = ""

    def hear(self, frame: bytes) -> None:
        if not self.name and frame.startswith(b"REGISTER "):
            found = _WHO.search(frame)
            name = found[1].decode("ascii", "replace") if found else ""
            self.name = name if name.startswith(self._prefix) else ""


async def _carry(phone: PhoneSocket, socket: ClientConnection, own: _Own) -> None:
    """Frames both ways; when one side is done the other is too."""
    async with asyncio.TaskGroup() as group:
        up, down = group.create_task(_up(phone, socket, own)), group.create_task(_down(phone, socket))
        await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        down.cancel()


async def _up(phone: PhoneSocket, socket: ClientConnection, own: _Own) -> None:
    async for frame in phone:
        body = frame.encode("utf-8", "replace") if isinstance(frame, str) else frame
        if len(body) > _LARGEST:
            log.warning("a softphone sent a frame that is too large")
            return
        own.hear(body)
        try:
            await socket.send(frame)
        except ConnectionClosed:
            return


async def _down(phone: PhoneSocket, socket: ClientConnection) -> None:
    async for frame in socket:
        await phone.send(frame)


def _place(kind: str, name: str) -> str:
    return f"/asterisk/config/dynamic/res_pjsip/{kind}/{quoted(name)}"
