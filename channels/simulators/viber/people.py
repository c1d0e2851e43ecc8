"""People with Viber on their phone, as a test or the demo plays them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One message as it stands on a phone."""

    token: int
    """Its name for both sides."""
    mine: bool
    text: str = ""
    files: Sequence[tuple[str, bytes]] = field(default=(), repr=False)
    """Of theirs: names and bytes."""
    links: Sequence[tuple[str, str]] = ()
    """Of the bot's: names, and where Viber fetches them."""
    place: tuple[float, float] | None = None
    buttons: Sequence[tuple[str, str]] = ()
    """What stands on each, and what it says when it is pressed; an address is only opened."""
    is_seen: bool = False


class Chat(Protocol):
    """A bot, as the people see it who write to it."""

    def keep(self, name: str, content: bytes) -> str: ...
    def report(self, event: str, **said: Any) -> int: ...


class Person:
    """Somebody with Viber. Everything they do reaches the bot as the callback that Viber makes of it."""

    def __init__(self, bot: Chat, person_id: str, name: str, language: str) -> None:
        self._bot = bot
        self.id = person_id
        self.name = name
        self.language = language
        self.is_subscribed = False
        """Who wrote and has not left since; a bot can write to nobody else."""
        self.screen: list[Shown] = []
        """Everything that stands in the chat, oldest first."""
        self._watchers: set[asyncio.Queue[Shown]] = set()

    def open(self, context: str = "") -> int:
        """Open the chat, by a link that may have a context."""
        said: Json = {"type": "open", "user": self._user(), "subscribed": self.is_subscribed}
        if context:
            said["context"] = context
        return self._bot.report("conversation_started", **said)

    def write(self, text: str) -> int:
        """Write a text; the message's token. The first one subscribes, and Viber tells no more of that than it."""
        return self._say({"type": "text", "text": text}, text=text)

    def send_photo(self, content: bytes, *, caption: str = "") -> int:
        """Send a picture."""
        address = self._bot.keep("photo.jpg", content)
        message = {"type": "picture", "media": address, "thumbnail": address, "file_name": "photo.jpg", "text": caption}
        return self._say(message, text=caption, files=[("photo.jpg", content)])

    def send_file(self, name: str, content: bytes) -> int:
        """Send a file."""
        message = {"type": "file", "media": self._bot.keep(name, content), "file_name": name, "size": len(content)}
        return self._say(message, files=[(name, content)])

    def send_place(self, latitude: float, longitude: float) -> int:
        """Show where they are."""
        message = {"type": "location", "location": {"lat": latitude, "lon": longitude}}
        return self._say(message, place=(latitude, longitude))

    def press(self, label: str) -> None:
        """Press the newest button that says this: its words are sent. Raises LookupError when there is none."""
        pressed = [said for shown in self.screen for text, said in shown.buttons if text == label]
        if not pressed:
            raise LookupError(label)
        if not pressed[-1].startswith(("https://", "http://")):
            self._say({"type": "text", "text": pressed[-1]}, text=pressed[-1])

    def read(self, token: int) -> None:
        """Have a message of the bot's before one's eyes. Viber reports that once."""
        for shown in self.screen:
            if shown.token == token and not shown.mine and not shown.is_seen:
                self.show(replace(shown, is_seen=True))
                self._bot.report("seen", user_id=self.id, message_token=token)

    def leave(self) -> None:
        """Stop the bot."""
        self.is_subscribed = False
        self._bot.report("unsubscribed", user_id=self.id)

    def subscribe(self) -> None:
        """Let the bot write again, without a word."""
        if not self.is_subscribed:
            self.is_subscribed = True
            self._bot.report("subscribed", user=self._user())

    async def watch(self) -> AsyncIterator[Shown]:
        """What comes to stand on the phone from now on, their own messages too; what is seen comes again."""
        news: asyncio.Queue[Shown] = asyncio.Queue()
        self._watchers.add(news)
        try:
            while True:
                yield await news.get()
        finally:
            self._watchers.discard(news)

    def show(self, shown: Shown) -> None:
        """Let something stand on the phone, in the place of what had its token before."""
        place = next((at for at, s in enumerate(self.screen) if s.token == shown.token), len(self.screen))
        self.screen[place : place + 1] = [shown]
        for news in self._watchers:
            news.put_nowait(shown)

    def _say(self, message: Json, **shown: Any) -> int:
        self.is_subscribed = True
        token = self._bot.report("message", sender=self._user(), message=message, silent=False)
        self.show(Shown(token=token, mine=True, **shown))
        return token

    def _user(self) -> Json:
        return {
            "id": self.id,
            "name": self.name,
            "language": self.language,
            "country": "PL",
            "api_version": 10,
        }
