"""Files that come with messages: fetched from Twilio, with credentials that go to Twilio's API and nowhere else.

A signed webhook may still name any address (a stolen token signs too), so the address is what is trusted least.
Twilio's API answers with a redirect to its store of files; the store is asked without credentials.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import urljoin, urlsplit

import aiohttp

from channels.contract import Files
from channels.twilio.client import authorization
from channels.twilio.forms import Media
from channels.twilio.settings import API, TwilioCredentials
from crm_core.words.content import FileRef
from crm_core.words.errors import HubError, TooLarge

MAX_HOPS: Final = 3
PATIENCE: Final = aiohttp.ClientTimeout(total=12, connect=5)
"""Seconds for one file. Twilio waits 15 s for a webhook's answer."""
_STORES: Final = (".twiliocdn.com", ".twilio.com")
_OLD_STORE: Final = ("s3-external-1.amazonaws.com", "/media.twiliocdn.com/")


class MediaMissing(HubError):
    """A file that could not be fetched. `again`: it may be there in a moment, as new files at Twilio sometimes are."""

    def __init__(self, sentence: str | None = None, *, again: bool = False) -> None:
        super().__init__(sentence)
        self.again = again


class Fetcher:
    """Fetches files into the hub's own store."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        files: Files,
        settings: TwilioCredentials,
        max_bytes: int,
        *,
        patience: aiohttp.ClientTimeout = PATIENCE,
        recordings: bool = False,
    ) -> None:
        self._http = http
        self._patience = patience
        self._files = files
        self._settings = settings
        self._max_bytes = max_bytes
        self._recordings = recordings

    async def keep(self, media: Media, sid: str, number: int, *, name: str = "") -> FileRef:
        """One file, stored as `name` or after its message.

        Raises MediaMissing, and what `Files.keep` raises when it is our disk that fails.
        """
        url = media.url
        for hop in range(MAX_HOPS + 1):
            if not may_ask(url, self._settings.api_origin):
                raise MediaMissing("The file is not at Twilio.")
            found = await self._ask(url, name or name_of(media, sid, number), moved=hop > 0)
            if isinstance(found, FileRef):
                return found
            url = urljoin(url, found)
        raise MediaMissing("The file was moved too often.")

    async def _ask(self, url: str, name: str, *, moved: bool) -> FileRef | str:
        """The stored file, or the address it has moved to. Whoever is asked on another's word gets no credentials."""
        trusted = not moved and may_trust(url, self._settings.api_origin)
        headers = authorization(self._settings.credentials if trusted else None)
        try:
            async with self._http.get(url, headers=headers, timeout=self._patience, allow_redirects=False) as answer:
                if answer.status in (301, 302, 303, 307, 308):
                    return answer.headers.get("Location", "")
                if answer.status != 200:
                    again = answer.status == 404 or answer.status >= 500
                    raise MediaMissing(f"Twilio answered {answer.status} for the file.", again=again)
                return await self._files.keep(name, self._bounded(answer), is_recording=self._recordings)
        except TooLarge as error:
            raise MediaMissing("The file is too large.") from error
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise MediaMissing(again=True) from error

    async def _bounded(self, answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
        read = 0
        async for chunk in answer.content.iter_chunked(65_536):
            read += len(chunk)
            if read > self._max_bytes:
                raise TooLarge
            yield chunk


def may_trust(url: str, api_origin: str) -> bool:
    """Whether an address is the API's own, so that our credentials may go there."""
    parts, api = urlsplit(url), urlsplit(api_origin)
    if (parts.scheme, parts.netloc) == (api.scheme, api.netloc):
        return True
    # Messages of one region may name the API's main address.
    at_twilio = f".{api.hostname}".endswith(".twilio.com")
    return at_twilio and (parts.scheme, parts.netloc) == ("https", urlsplit(API).netloc)


def may_ask(url: str, api_origin: str) -> bool:
    """Whether an address is one where Twilio keeps files."""
    try:
        if may_trust(url, api_origin):
            return True
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return False
    if parts.scheme != "https" or port not in (None, 443) or "@" in parts.netloc:
        return False
    return host.endswith(_STORES) or (host == _OLD_STORE[0] and parts.path.startswith(_OLD_STORE[1]))


def name_of(media: Media, sid: str, number: int) -> str:
    """A name for a file that has none: Twilio tells only what kind its sender says it is."""
    kind = media.type.partition(";")[0].strip().lower()
    ending = kind.partition("/")[2].replace("jpeg", "jpg").partition("+")[0]
    usable = ending if ending.isascii() and ending.isalnum() and len(ending) <= 5 else "bin"
    return f"{sid[:8]}-{number + 1}.{usable}"
