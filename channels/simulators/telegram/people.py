"""People with a phone, as a test or the demo plays them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiogram import types


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One message, or a sign of typing (`message_id` 0), as it stands on a phone."""

    message_id: int
    mine: bool
    text: str = ""
    entities: Sequence[Any] = ()
    files: Sequence[tuple[str, bytes]] = field(default=(), repr=False)
    """Names and bytes."""
    buttons: Sequence[str] = ()
    place: tuple[float, float] | None = None
    reply_to: int | None = None
    album: str = ""
    typing: bool = False


class Chat(Protocol):
    """A bot, as the people see it who write to it."""

    def keep(self, name: str, content: bytes, *, size: int | None = None) -> str: ...
    def inbound(self, person: Person, *, reply_to: int | None = None, **content: Any) -> int: ...
    def edit_inbound(self, person: Person, message_id: int, text: str) -> None: ...
    def pressed(self, person: Person, message_id: int, label: str) -> None: ...
    def membership(self, person: Person, *, is_member: bool) -> None: ...


class Person:
    """Somebody who writes to a bot. Everything they do reaches the bot as the update that Telegram makes of it."""

    def __init__(self, bot: Chat, user: types.User) -> None:
        self._bot = bot
        self.user = user
        self.screen: list[Shown] = []
        """Everything that stands in the chat, oldest first."""
        self.toasts: list[str] = []
        """Presses that the bot answered."""
        self._watchers: set[asyncio.Queue[Shown]] = set()

    @property
    def id(self) -> int:
        return self.user.id

    def write(self, text: str, *, entities: Sequence[types.MessageEntity] = (), reply_to: int | None = None) -> int:
        """Write a text; returns the message's id."""
        return self._say(text=text, entities=list(entities) or None, reply_to=reply_to)

    def start(self, payload: str = "") -> int:
        """Come by `https://t.me/<bot>?start=<payload>`."""
        return self.write(f"/start {payload}".rstrip())

    def send_photo(self, content: bytes, *, caption: str | None = None, album: str | None = None) -> int:
        """Send a picture, in two sizes as Telegram makes them."""
        small, large = (self._bot.keep("photo.jpg", content) for _ in range(2))
        sizes = [
            types.PhotoSize(file_id=small, file_unique_id=small, width=90, height=60, file_size=len(content)),
            types.PhotoSize(file_id=large, file_unique_id=large, width=900, height=600, file_size=len(content)),
        ]
        return self._say(photo=sizes, caption=caption, media_group_id=album, files=[("photo.jpg", content)])

    def send_file(self, name: str, content: bytes, *, caption: str | None = None, size: int | None = None) -> int:
        """Send a file. `size` is what Telegram says of it, where that shall be more than the bytes."""
        file_id = self._bot.keep(name, content, size=size)
        sent = types.Document(file_id=file_id, file_unique_id=file_id, file_name=name, file_size=size or len(content))
        return self._say(document=sent, caption=caption, files=[(name, content)])

    def send_voice(self, content: bytes, *, seconds: int = 3) -> int:
        """Speak."""
        file_id = self._bot.keep("voice.ogg", content)
        voice = types.Voice(file_id=file_id, file_unique_id=file_id, duration=seconds, file_size=len(content))
        return self._say(voice=voice, files=[("voice.ogg", content)])

    def send_place(self, latitude: float, longitude: float) -> int:
        """Show where they are."""
        spot = types.Location(latitude=latitude, longitude=longitude)
        return self._say(location=spot, place=(latitude, longitude))

    def share_contact(self, phone: str, *, whose: int | None = None) -> int:
        """Share a number, their own unless `whose` is another user's id (0: of nobody on Telegram)."""
        owner = self.id if whose is None else whose or None
        contact = types.Contact(phone_number=phone, first_name=self.user.first_name, user_id=owner)
        return self._say(contact=contact, shown=phone)

    def edit(self, message_id: int, text: str) -> None:
        """Change what they wrote."""
        self._bot.edit_inbound(self, message_id, text)
        self.show(Shown(message_id=message_id, mine=True, text=text))

    def press(self, label: str) -> None:
        """Press the newest button that says this. Raises LookupError when there is none."""
        for shown in reversed(self.screen):
            if label in shown.buttons:
                self._bot.pressed(self, shown.message_id, label)
                return
        raise LookupError(label)

    def block(self) -> None:
        """Stop the bot."""
        self._bot.membership(self, is_member=False)

    def unblock(self) -> None:
        """Let it in again."""
        self._bot.membership(self, is_member=True)

    async def watch(self) -> AsyncIterator[Shown]:
        """What comes to stand on the phone from now on, their own messages too; what is changed comes again."""
        news: asyncio.Queue[Shown] = asyncio.Queue()
        self._watchers.add(news)
        try:
            while True:
                yield await news.get()
        finally:
            self._watchers.discard(news)

    def show(self, shown: Shown) -> None:
        """Let something stand on the phone, in the place of what had its id before; typing is only seen."""
        if not shown.typing:
            place = next((i for i, s in enumerate(self.screen) if s.message_id == shown.message_id), len(self.screen))
            self.screen[place : place + 1] = [shown]
        for news in self._watchers:
            news.put_nowait(shown)

    def _say(
        self,
        *,
        files: Sequence[tuple[str, bytes]] = (),
        place: tuple[float, float] | None = None,
        shown: str = "",
        reply_to: int | None = None,
        **content: Any,
    ) -> int:
        message_id = self._bot.inbound(self, reply_to=reply_to, **content)
        words = shown or content.get("text") or content.get("caption") or ""
        self.show(Shown(message_id=message_id, mine=True, text=words, files=files, place=place, reply_to=reply_to))
        return message_id
