"""What browsers complain about while a test or a screenshot is made: a page that works complains about nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from playwright.async_api import BrowserContext, ConsoleMessage, WebError

LOST: Final = (
    "net::ERR_INTERNET_DISCONNECTED",
    "net::ERR_CONNECTION_",
    "net::ERR_EMPTY_RESPONSE",
    "net::ERR_SOCKET_NOT_CONNECTED",
    "status of 503",
)
"""What Chromium itself logs when a server is away; no page can keep it from doing so."""


class Complaints:
    """Errors of the console and errors that no script caught, from every page that is followed."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._expected: list[str] = []

    def follow(self, context: BrowserContext, who: str) -> None:
        """Listen to every page of `context`, those opened later too."""

        def logged(message: ConsoleMessage) -> None:
            if message.type == "error" and not self._is_expected(message.text):
                self.heard.append(f"{who}: {message.text} ({message.location.get('url', '')})")

        def thrown(error: WebError) -> None:
            self.heard.append(f"{who}: not caught: {error.error}")

        context.on("console", logged)
        context.on("weberror", thrown)

    @contextmanager
    def expecting(self, *signs: str) -> Iterator[None]:
        """Until it is left, errors with one of these words in them are no complaint."""
        self._expected += signs
        yield
        for sign in signs:
            self._expected.remove(sign)

    def server_away(self) -> AbstractContextManager[None]:
        """Until it is left, connections may be refused: the test has stopped the server itself."""
        return self.expecting(*LOST)

    def _is_expected(self, text: str) -> bool:
        return any(sign in text for sign in self._expected)
