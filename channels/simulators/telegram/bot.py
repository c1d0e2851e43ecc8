"""What a Bot API server knows of one bot: its people, messages, files and waiting updates."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from aiogram import types
from aiogram.methods import SetWebhook

from channels.simulators.telegram.people import Person, Shown
from crm_core.words.clock import DAY, Clock, Moment, as_datetime

Json = dict[str, Any]
_FIRST_PERSON: Final = 7_000_000_001


class Trouble(Enum):
    """How the server treats the next request that sends something."""

    UNAUTHORISED = "401, nothing sent"
    TOO_MANY = "429, nothing sent"
    REFUSED = "400, nothing sent"
    FORBIDDEN = "403, nothing sent"
    MOVED = "400, nothing sent: the chat is now the newest person's"
    FAILS_BEFORE = "500, nothing sent"
    FAILS_AFTER = "500, sent all the same"
    SILENT = "the connection is cut without an answer, sent all the same"
    SLOW = "no answer for a long time, sent all the same"


@dataclass(frozen=True, slots=True)
class Waiting:
    """An update that the bot has not confirmed."""

    id: int
    at: Moment
    body: Json


@dataclass(slots=True)
class File:
    name: str
    content: bytes
    size: int


@dataclass(slots=True)
class Bot:
    """One bot on a server."""

    token: str
    username: str
    clock: Clock
    next_update: int = 100_001
    updates: deque[Waiting] = field(default_factory=deque)
    webhook: SetWebhook | None = None
    last_error: Moment | None = None
    people: dict[int, Person] = field(default_factory=dict)
    blocked: set[int] = field(default_factory=set)
    messages: dict[tuple[int, int], types.Message] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    troubles: deque[Trouble | None] = field(default_factory=deque)
    """One is taken for every request that sends something; none lets it go well."""
    files_away: bool = False
    asked: list[tuple[str, Json]] = field(default_factory=list)
    """Every request: the method and its fields, files left out."""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    polls: int = 0
    next_message: int = 1

    @property
    def user(self) -> types.User:
        return types.User(
            id=int(self.token.partition(":")[0]), is_bot=True, first_name=self.username, username=self.username
        )

    def person(self, name: str, *, language: str = "en", username: str | None = None) -> Person:
        """Somebody new, who has not written yet."""
        first, _, last = name.partition(" ")
        person_id = _FIRST_PERSON + len(self.people)
        user = types.User(
            id=person_id,
            is_bot=False,
            first_name=first,
            last_name=last or None,
            username=username,
            language_code=language,
        )
        self.people[person_id] = Person(self, user)
        return self.people[person_id]

    def keep(self, name: str, content: bytes, *, size: int | None = None) -> str:
        """Keep a file; returns its file_id."""
        file_id = f"file-{len(self.files) + 1}"
        self.files[file_id] = File(name, content, size or len(content))
        return file_id

    def inbound(self, person: Person, *, reply_to: int | None = None, **content: Any) -> int:
        """A message of a person's; returns its id."""
        answered = self.messages.get((person.id, reply_to or 0))
        message = self.message(person, from_user=person.user, reply_to_message=answered, **content)
        self.blocked.discard(person.id)
        self.report("message", plain(message))
        return message.message_id

    def message(self, person: Person, **content: Any) -> types.Message:
        """A message in the chat with a person, kept."""
        message = types.Message(
            message_id=self.next_message,
            date=as_datetime(self.clock()),
            chat=types.Chat(id=person.id, type="private", first_name=person.user.first_name),
            **content,
        )
        self.next_message += 1
        self.messages[person.id, message.message_id] = message
        return message

    def edit_inbound(self, person: Person, message_id: int, text: str) -> None:
        """A person changes a message's words. Raises KeyError for one that is not theirs."""
        known = self.messages[person.id, message_id]
        words = {"text": text, "entities": None} if known.text else {"caption": text, "caption_entities": None}
        changed = known.model_copy(update={**words, "edit_date": self.clock() // 1000})
        self.messages[person.id, message_id] = changed
        self.report("edited_message", plain(changed))

    def pressed(self, person: Person, message_id: int, label: str) -> None:
        """A person presses a button below one of the bot's messages."""
        message = self.messages[person.id, message_id]
        markup = message.reply_markup
        rows = markup.inline_keyboard if markup else []
        data = next(b.callback_data for row in rows for b in row if b.text == label)
        press = types.CallbackQuery(
            id=str(self.next_update * 1_000), from_user=person.user, chat_instance="1", message=message, data=data
        )
        self.report("callback_query", plain(press))

    def membership(self, person: Person, *, is_member: bool) -> None:
        """A person blocks the bot, or lets it in again."""
        (self.blocked.discard if is_member else self.blocked.add)(person.id)
        status = ("kicked", "member") if is_member else ("member", "kicked")
        old, new = ({"user": plain(self.user), "status": s, "until_date": 0} for s in status)
        self.report(
            "my_chat_member",
            {
                "chat": {"id": person.id, "type": "private", "first_name": person.user.first_name},
                "from": plain(person.user),
                "date": self.clock() // 1000,
                "old_chat_member": old,
                "new_chat_member": new,
            },
        )

    def report(self, kind: str, body: Json) -> None:
        """Make an update of it."""
        update_id = self.next_update
        self.next_update += 1
        self.updates.append(Waiting(update_id, self.clock(), {"update_id": update_id, kind: body}))
        self.news.set()

    def waiting(self) -> list[Waiting]:
        """Unconfirmed updates of the last 24 hours."""
        while self.updates and self.clock() - self.updates[0].at > DAY:
            self.updates.popleft()
        return list(self.updates)

    def confirm(self, before: int) -> None:
        """Forget what came before this update."""
        kept = [waiting for waiting in self.updates if waiting.id >= before]
        self.updates.clear()
        self.updates.extend(kept)

    def show(self, person: Person, message: types.Message, files: list[tuple[str, bytes]]) -> None:
        """Let a message of the bot stand on a person's phone."""
        rows = message.reply_markup.inline_keyboard if message.reply_markup else []
        spot = message.venue.location if message.venue else message.location
        person.show(
            Shown(
                message_id=message.message_id,
                mine=False,
                text=message.text or message.caption or (message.venue.title if message.venue else ""),
                entities=message.entities or message.caption_entities or (),
                files=files,
                buttons=tuple(button.text for row in rows for button in row),
                place=(spot.latitude, spot.longitude) if spot else None,
                reply_to=message.reply_to_message.message_id if message.reply_to_message else None,
                album=message.media_group_id or "",
            )
        )


def plain(value: types.TelegramObject) -> Json:
    """A type of aiogram's as Telegram writes it."""
    return value.model_dump(mode="json", by_alias=True, exclude_none=True, warnings=False)
