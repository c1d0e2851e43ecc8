"""Access tokens for servers that want OAuth (XOAUTH2): fetched with the refresh token, kept until they run out."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import aiohttp
import msgspec
import structlog

from channels.contract import Problem, Tools
from channels.email.connecting import Trouble
from channels.email.settings import EmailSettings
from crm_core.words.clock import MINUTE, SECOND, Moment
from crm_core.words.errors import HubError

_REFUSALS: Final = frozenset({"invalid_grant", "invalid_client", "unauthorized_client", "invalid_scope"})
_MOST_BYTES: Final = 64 * 1024

log = structlog.get_logger(__name__)


class AccessTokens:
    """The tokens of one mailbox. A refresh token that the provider changes is kept in the mailbox's settings."""

    def __init__(self, settings: EmailSettings, tools: Tools, *, limit: float) -> None:
        self._settings = settings
        self._http = tools.http
        self._now = tools.now
        self._secrets = tools.secrets
        self._limit = limit
        self._refresh = self._kept = settings.oauth_refresh_token.get_secret_value()
        self._token = ""
        self._good_until: Moment = 0
        self._one_at_a_time = asyncio.Lock()

    @property
    def has_one(self) -> bool:
        """Whether the next token comes from memory."""
        return bool(self._token) and self._now() < self._good_until

    async def get(self) -> str:
        """An access token. Raises Trouble; a person is needed when the provider refuses the refresh token."""
        async with self._one_at_a_time:
            if not self.has_one:
                await self._fetch()
            await self._keep()
            return self._token

    def forget(self) -> None:
        """The token was refused: the next one is fetched."""
        self._token = ""

    async def _keep(self) -> None:
        """The provider may take the old one no more; while the store is away it is tried with every token."""
        if self._refresh == self._kept:
            return
        try:
            await self._secrets.keep("oauth_refresh_token", self._refresh, instead_of=self._kept)
        except HubError as error:
            log.warning("a new refresh token could not be kept yet", code=error.code)
            return
        self._kept = self._refresh

    async def _fetch(self) -> None:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self._refresh,
            "client_id": self._settings.oauth_client_id,
            "client_secret": self._settings.oauth_client_secret.get_secret_value(),
            "scope": self._settings.oauth_scope,
        }
        limit = aiohttp.ClientTimeout(total=self._limit)
        form = {name: value for name, value in form.items() if value}
        try:
            async with self._http.post(
                self._settings.oauth_url, data=form, timeout=limit, allow_redirects=False
            ) as answer:
                said = _read(await answer.content.read(_MOST_BYTES))
                self._take(answer.status, said)
        except (aiohttp.ClientError, OSError) as error:
            raise Trouble(Problem.UNREACHABLE, "The provider's sign-in does not answer.", why="oauth_silent") from error

    def _take(self, status: int, said: dict[str, Any]) -> None:
        token = said.get("access_token")
        if status == 200 and isinstance(token, str) and token.isascii() and token.isprintable():
            self._token = token
            lasts = said.get("expires_in")
            seconds = lasts if isinstance(lasts, int) and not isinstance(lasts, bool) else 600
            self._good_until = self._now() + seconds * SECOND - MINUTE
            fresh = said.get("refresh_token")
            self._refresh = fresh if isinstance(fresh, str) and fresh else self._refresh
            return
        if said.get("error") in _REFUSALS or status in (401, 403):
            raise Trouble(
                Problem.PASSWORD,
                "The provider no longer accepts the sign-in: grant it again.",
                why="oauth_refused",
                needs_a_person=True,
            )
        raise Trouble(Problem.UNREACHABLE, "The provider's sign-in does not work at the moment.", why="oauth_away")


def _read(body: bytes) -> dict[str, Any]:
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return said if isinstance(said, dict) else {}
