"""A message of ours, as the requests that Telegram takes. Pure: the files' bytes are handed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from aiogram.methods import (
    SendAnimation,
    SendAudio,
    SendDocument,
    SendLocation,
    SendMediaGroup,
    SendMessage,
    SendPhoto,
    SendVenue,
    SendVideo,
    SendVoice,
    TelegramMethod,
)
from aiogram.types import (
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaAudio,
    InputMediaDocument,
    InputMediaPhoto,
    InputMediaVideo,
    ReplyParameters,
)

from channels.contract import Kept, OutboundMessage, Refused
from channels.telegram.marking import Marked, cut, marked, units
from crm_core.words.addresses import TELEGRAM
from crm_core.words.content import Button, Content, ThreadKey

Request: TypeAlias = TelegramMethod[Any]

MAX_TEXT: Final = 4_096
MAX_CAPTION: Final = 1_024
MAX_BUTTONS: Final = 8
MAX_FILE: Final = 50 * 1024 * 1024
"""Bytes that the official Bot API takes of one file."""
_MAX_PHOTO: Final = 10 * 1024 * 1024
_ALBUM: Final = 10
_MAX_KEY: Final = 64
"""Bytes of what a button gives back."""

_KINDS: Final = {
    "image/jpeg": "photo",
    "image/png": "photo",
    "image/webp": "photo",
    "image/gif": "animation",
    "video/mp4": "video",
    "audio/ogg": "voice",
    "audio/mpeg": "audio",
    "audio/mp4": "audio",
}
_SINGLE: Final[dict[str, type[Request]]] = {
    "photo": SendPhoto,
    "animation": SendAnimation,
    "video": SendVideo,
    "voice": SendVoice,
    "audio": SendAudio,
    "document": SendDocument,
}
_GROUPED: Final[dict[str, type[Any]]] = {
    "photo": InputMediaPhoto,
    "video": InputMediaVideo,
    "audio": InputMediaAudio,
    "document": InputMediaDocument,
}
_ALBUMS: Final = {"photo": "seen", "video": "seen", "audio": "heard", "document": "kept"}
"""Which kinds Telegram puts into one album."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A chat, and a topic of it or the business connection by which we write there."""

    chat: int
    topic: int | None = None
    connection: str | None = None

    @property
    def name(self) -> str:
        """The chat's part of external ids."""
        return f"{self.chat}@{self.connection}" if self.connection else str(self.chat)

    @property
    def fields(self) -> dict[str, Any]:
        return {"chat_id": self.chat, "message_thread_id": self.topic, "business_connection_id": self.connection}


def where(thread: ThreadKey) -> Where:
    """The place that a thread key of `parse` names. Raises Refused for any other text."""
    place, _, connection = thread.partition("@")
    chat, _, topic = place.partition("/")
    try:
        return Where(chat=int(chat), topic=int(topic) if topic else None, connection=connection or None)
    except ValueError as error:
        raise Refused("This is no Telegram chat.") from error


def where_to(message: OutboundMessage) -> Where:
    """Where a message goes: the group of who writes in one, its thread, or the person's own chat with the bot.

    Raises Refused.
    """
    if message.to.scheme == TELEGRAM and message.to.scope:
        return where(ThreadKey(message.to.scope))
    if not message.thread and message.to.scheme != TELEGRAM:
        raise Refused("This is no Telegram address.")
    return where(message.thread or ThreadKey(message.to.value))


def requests(message: OutboundMessage, files: Sequence[Kept]) -> list[Request]:
    """What to ask of Telegram, in order. Raises Refused for what no bot can send."""
    place, content = where_to(message), message.content
    words = _words(content)
    keyboard = _keyboard(content.buttons)
    groups = _groups(files)
    with_caption = _is_caption(words, groups, has_buttons=keyboard is not None)
    asked = [
        _album(place, group, words if with_caption and first else Marked(""))
        if len(group) > 1
        else _one(place, *group[0], words if with_caption and first else Marked(""))
        for first, group in ((index == 0, group) for index, group in enumerate(groups))
    ]
    if not with_caption:
        asked += [
            SendMessage(text=part.text, entities=part.entities, parse_mode=None, **place.fields)
            for part in cut(words, MAX_TEXT)
        ]
    asked += _spot(place, content)
    if not asked:
        raise Refused("There is nothing to send.")
    return _completed(asked, keyboard, _answered(message, place), has_words=bool(words.text))


def as_documents(request: Request) -> Request | None:
    """A picture whose shape Telegram does not take, as a file; none for what is no picture."""
    if isinstance(request, SendPhoto):
        fields = {name: value for name, value in request if name in SendDocument.model_fields}
        return SendDocument(document=request.photo, **fields)
    return None


def count(request: Request) -> int:
    """How many messages a request becomes."""
    return len(request.media) if isinstance(request, SendMediaGroup) else 1


def _words(content: Content) -> Marked:
    if content.html:
        found = marked(content.html)
        if found.text:
            return found
    return Marked(content.text)


def _keyboard(buttons: Sequence[Button]) -> InlineKeyboardMarkup | None:
    if len(buttons) > MAX_BUTTONS:
        raise Refused(f"Telegram shows at most {MAX_BUTTONS} buttons here.")
    rows = []
    for button in buttons:
        key = button.key or button.text.encode()[:_MAX_KEY].decode(errors="ignore")
        if len(key.encode()) > _MAX_KEY:
            raise Refused("A button's key is longer than Telegram takes.")
        url = button.url or None
        rows.append([InlineKeyboardButton(text=button.text, url=url, callback_data=None if url else key)])
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None


def _kind(file: Kept) -> str:
    kind = _KINDS.get(file.type, "document")
    return "document" if kind == "photo" and len(file.content) > _MAX_PHOTO else kind


def _groups(files: Sequence[Kept]) -> list[list[tuple[str, Kept]]]:
    """Files that go together, in the order in which the first of each came."""
    albums: dict[str, list[tuple[str, Kept]]] = {}
    for index, file in enumerate(files):
        if len(file.content) > MAX_FILE:
            raise Refused("A file is larger than Telegram takes.")
        kind = _kind(file)
        albums.setdefault(_ALBUMS.get(kind, f"alone {index}"), []).append((kind, file))
    return [album[i : i + _ALBUM] for album in albums.values() for i in range(0, len(album), _ALBUM)]


def _is_caption(words: Marked, groups: Sequence[Sequence[object]], *, has_buttons: bool) -> bool:
    """Short words stand below the first file, unless that is an album, which has no buttons."""
    if not groups or (has_buttons and (len(groups) > 1 or len(groups[0]) > 1)):
        return False
    return units(words.text) <= MAX_CAPTION


def _one(place: Where, kind: str, file: Kept, caption: Marked) -> Request:
    upload = BufferedInputFile(file.content, filename=file.name)
    words = {"caption": caption.text or None, "caption_entities": caption.entities, "parse_mode": None}
    return _SINGLE[kind](**{kind: upload}, **words, **place.fields)


def _album(place: Where, group: Sequence[tuple[str, Kept]], caption: Marked) -> Request:
    media = []
    for index, (kind, file) in enumerate(group):
        said = caption if index == 0 else Marked("")
        upload = BufferedInputFile(file.content, filename=file.name)
        words = {"caption": said.text or None, "caption_entities": said.entities, "parse_mode": None}
        media.append(_GROUPED[kind](media=upload, **words))
    return SendMediaGroup(media=media, **place.fields)


def _spot(place: Where, content: Content) -> list[Request]:
    spot = content.place
    if spot is None:
        return []
    at: dict[str, Any] = {"latitude": spot.latitude, "longitude": spot.longitude}
    if not spot.title:
        return [SendLocation(**at, **place.fields)]
    # A venue without an address is refused.
    return [SendVenue(**at, title=spot.title, address=f"{spot.latitude}, {spot.longitude}", **place.fields)]


def _answered(message: OutboundMessage, place: Where) -> ReplyParameters | None:
    """The message that is answered, if it was said in this chat; a message that is gone hinders nothing."""
    chat, _, message_id = (message.in_reply_to or "").rpartition(":")
    if chat != place.name or not message_id.isdecimal():
        return None
    return ReplyParameters(message_id=int(message_id), allow_sending_without_reply=True)


def _completed(
    asked: list[Request], keyboard: InlineKeyboardMarkup | None, answered: ReplyParameters | None, *, has_words: bool
) -> list[Request]:
    if answered is not None:
        asked[0] = asked[0].model_copy(update={"reply_parameters": answered})
    if keyboard is not None:
        if isinstance(asked[-1], SendMediaGroup) and not has_words:
            raise Refused("Buttons need words above them.")
        asked[-1] = asked[-1].model_copy(update={"reply_markup": keyboard})
    return asked
