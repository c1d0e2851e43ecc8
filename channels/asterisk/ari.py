"""Asterisk's REST interface (ARI): requests, files and events. What they mean for calls is said elsewhere."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import aiohttp
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from channels.asterisk.settings import AsteriskSettings
from channels.contract import AccountBroken, ChannelError, Forbidden, NoSuchHost, Peers, Refused, TryLater
from channels.contract.trusted import trusting

log = structlog.get_logger(__name__)

_LARGEST_EVENT: Final = 1 << 20
_AWAY: Final = "Asterisk cannot be reached."
_STRANGER: Final = "Asterisk's certificate is not valid for its name, or nobody here trusts its authority."
_SIGN_IN: Final = "Asterisk does not know this user and password (ari.conf)."


@dataclass(frozen=True, slots=True)
class Answer:
    """Asterisk's answer to a request."""

    status: int
    body: Any = None

    @property
    def done(self) -> bool:
        return self.status < 300

    @property
    def words(self) -> str:
        """Why it was refused, in Asterisk's words."""
        said = self.body if isinstance(self.body, dict) else {}
        return str(said.get("message") or said.get("error") or self.status)[:200]


class Ari:
    """One account's requests. Every one of them may be made again."""

    def __init__(
        self, http: aiohttp.ClientSession, peers: Peers, settings: AsteriskSettings, *, patience: float = 10.0
    ) -> None:
        self._http = http
        self._peers = peers
        self._settings = settings
        secret = settings.password.get_secret_value()
        self._headers = {"Authorization": aiohttp.encode_basic_auth(settings.user, secret, "utf-8")}
        self._tls = trusting(settings.certificates)
        self._patience = aiohttp.ClientTimeout(total=patience, connect=5)

    async def ask(
        self, method: str, path: str, body: Any = None, *, tolerate: Collection[int] = (404,), **params: str | int
    ) -> Answer:
        """Make a request; `path` begins after `/ari`. Statuses in `tolerate` are answers like any other.

        Raises TryLater, AccountBroken (the password), Refused.
        """
        url = f"{self._settings.ari_url}/ari{path}"
        try:
            async with self._http.request(
                method, url, params=params, json=body, headers=self._headers, timeout=self._patience,
                allow_redirects=False, ssl=self._tls,
            ) as reply:  # fmt: skip
                answer = Answer(reply.status, _decoded(await reply.read()))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _away(error) from error
        if answer.done or answer.status in tolerate:
            return answer
        if answer.status in (401, 403):
            raise AccountBroken(_SIGN_IN)
        if answer.status >= 500:
            raise TryLater(f"Asterisk failed: {answer.words}", after_ms=1_000)
        raise Refused(f"Asterisk refused it: {answer.words}")

    async def listed(self, path: str) -> list[dict[str, Any]]:
        """A list of objects. Raises as `ask` does."""
        body = (await self.ask("GET", path)).body
        return [one for one in body if isinstance(one, dict)] if isinstance(body, list) else []

    async def fetch(self, path: str) -> AsyncIterator[bytes]:
        """A file's bytes. Raises Refused when there is no such file, TryLater."""
        url = f"{self._settings.ari_url}/ari{path}"
        patience = aiohttp.ClientTimeout(total=600, sock_connect=5, sock_read=30)
        try:
            async with self._http.get(
                url, headers=self._headers, timeout=patience, allow_redirects=False, ssl=self._tls
            ) as reply:
                if reply.status != 200:
                    raise Refused if reply.status == 404 else TryLater("A recording cannot be fetched.")
                async for chunk in reply.content.iter_chunked(65_536):
                    yield chunk
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _away(error) from error

    @asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[Mapping[str, Any]]]:
        """The application's events, from now on. While it is open calls are handed to us.

        Raises TryLater when there is no connection or it ends, AccountBroken.
        """
        query = urlencode({"app": self._settings.app, "subscribeAll": "false"})
        try:
            async with self._socket(f"{self._settings.events_url}?{query}", headers=self._headers) as socket:
                yield _events(socket)
        except InvalidStatus as error:
            if error.response.status_code in (401, 403):
                raise AccountBroken(_SIGN_IN) from error
            raise TryLater(_AWAY, after_ms=2_000) from error
        except (OSError, WebSocketException, TimeoutError, InvalidHandshake) as error:
            raise _away(error) from error

    @asynccontextmanager
    async def softphone(self) -> AsyncIterator[ClientConnection]:
        """A SIP connection for one softphone. Raises TryLater."""
        try:
            async with self._socket(self._settings.softphone_url, protocol="sip") as socket:
                yield socket
        except (OSError, WebSocketException, TimeoutError) as error:
            raise _away(error) from error

    @asynccontextmanager
    async def _socket(
        self, url: str, *, headers: Mapping[str, str] | None = None, protocol: str = ""
    ) -> AsyncIterator[ClientConnection]:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "wss" else 80)
        try:
            addresses = await self._peers.addresses(parts.hostname or "", port)
        except (NoSuchHost, Forbidden) as error:
            raise AccountBroken("The hub does not connect to this Asterisk's address.") from error
        socket = await connect(
            url, host=addresses[0], port=port, additional_headers=headers, proxy=None, max_size=_LARGEST_EVENT,
            subprotocols=[Subprotocol(protocol)] if protocol else None, open_timeout=8, close_timeout=1,
            ping_interval=10, ping_timeout=10, ssl=self._tls if parts.scheme == "wss" else None,
        )  # fmt: skip
        try:
            async with socket:
                yield socket
        finally:
            # Cancelled while it waits for Asterisk's goodbye, the library leaves the connection open.
            socket.transport.abort()


async def _events(socket: ClientConnection) -> AsyncIterator[Mapping[str, Any]]:
    while True:
        try:
            text = await socket.recv()
        except ConnectionClosed as error:
            raise TryLater("Asterisk closed the connection.", after_ms=500) from error
        data = _decoded(text if isinstance(text, bytes) else text.encode())
        if isinstance(data, dict):
            yield data
        else:
            log.warning("an event of Asterisk is no object")
        # A flood of events must not keep everybody else waiting.
        await asyncio.sleep(0)


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None


def _away(error: Exception) -> TryLater:
    """It cannot be reached; a certificate that is not trusted may be another one tomorrow."""
    return TryLater(_STRANGER if isinstance(error, ssl.SSLError) else _AWAY, after_ms=1_000)


def is_stranger(failure: ChannelError) -> bool:
    """Whether it failed for want of a certificate that one can trust."""
    return isinstance(failure.__cause__, ssl.SSLError)


def quoted(text: str) -> str:
    """A name as one piece of a path."""
    return quote(text, safe="")
