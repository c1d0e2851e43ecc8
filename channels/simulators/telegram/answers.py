"""What the server does for each method, and what it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aiogram import methods, types

from channels.simulators.telegram.bot import Bot, Json, plain
from channels.simulators.telegram.people import Person, Shown

Uploads = Mapping[str, tuple[str, bytes]]
"""Names and bytes by the name of their form field."""

_MAX_DOWNLOAD: Final = 20 * 1024 * 1024


class BotError(Exception):
    """An answer that is none: a status, Telegram's words, and its parameters."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters


def answer(bot: Bot, method: Any, uploads: Uploads) -> Any:
    """The result of one request, as JSON. Raises BotError."""
    match method:
        case methods.GetMe():
            return plain(bot.user)
        case methods.SetWebhook():
            bot.webhook = method
            bot.news.set()
            return True
        case methods.DeleteWebhook():
            bot.webhook = None
            return True
        case methods.GetWebhookInfo():
            return _webhook(bot)
        case methods.GetFile():
            return _file(bot, method.file_id)
        case methods.SendChatAction():
            _person(bot, method.chat_id).show(Shown(message_id=0, mine=False, typing=True))
            return True
        case methods.AnswerCallbackQuery():
            for person in bot.people.values():
                person.toasts.append(method.callback_query_id)
            return True
        case methods.EditMessageText():
            return _edited(bot, method)
        case methods.SendMediaGroup():
            album = f"album-{bot.next_message}"
            return [_sent(bot, method, item, uploads, album=album) for item in _album(method)]
        case _ if type(method).__name__ in _CONTENTS:
            return _sent(bot, method, method, uploads)
    raise BotError(404, "Not Found: method not found")


_CONTENTS: Final = {
    "SendMessage": "text",
    "SendPhoto": "photo",
    "SendDocument": "document",
    "SendAnimation": "animation",
    "SendVideo": "video",
    "SendVoice": "voice",
    "SendAudio": "audio",
    "SendLocation": "location",
    "SendVenue": "venue",
}


def _person(bot: Bot, chat_id: Any) -> Person:
    person = bot.people.get(int(chat_id))
    if person is None:
        raise BotError(400, "Bad Request: chat not found")
    if person.id in bot.blocked:
        raise BotError(403, "Forbidden: bot was blocked by the user")
    return person


def _sent(bot: Bot, method: Any, content: Any, uploads: Uploads, *, album: str | None = None) -> Json:
    """Put one message before a person."""
    person = _person(bot, method.chat_id)
    fields, files = _content(bot, method, content, uploads)
    markup = getattr(method, "reply_markup", None)
    for row in markup.inline_keyboard if markup else []:
        for button in row:
            if button.callback_data and len(button.callback_data.encode()) > 64:
                raise BotError(400, "Bad Request: BUTTON_DATA_INVALID")
    message = bot.message(
        person,
        from_user=bot.user,
        reply_to_message=_answered(bot, person, method),
        reply_markup=markup,
        media_group_id=album,
        **fields,
    )
    bot.show(person, message, files)
    return plain(message)


def _content(bot: Bot, method: Any, content: Any, uploads: Uploads) -> tuple[Json, list[tuple[str, bytes]]]:
    kind = getattr(content, "type", None) or _CONTENTS[type(method).__name__]
    if kind == "text":
        _check(method.text, 4_096, "message text is empty", "message is too long")
        return {"text": method.text, "entities": method.entities}, []
    if kind in ("location", "venue"):
        spot = types.Location(latitude=method.latitude, longitude=method.longitude)
        if kind == "location":
            return {"location": spot}, []
        return {"venue": types.Venue(location=spot, title=method.title, address=method.address)}, []
    if content.caption:
        _check(content.caption, 1_024, "", "message caption is too long")
    upload = content.media if hasattr(content, "media") else getattr(content, kind)
    name, body = uploads.get(str(upload).removeprefix("attach://"), ("", b""))
    if not body:
        raise BotError(400, "Bad Request: file must be non-empty")
    if kind == "photo" and not body.startswith((b"\xff\xd8", b"\x89PNG", b"RIFF")):
        raise BotError(400, "Bad Request: IMAGE_PROCESS_FAILED")
    fields = {"caption": content.caption or None, "caption_entities": content.caption_entities}
    return {**fields, kind: _media(bot, kind, name, body)}, [(name, body)]


def _media(bot: Bot, kind: str, name: str, body: bytes) -> Any:
    file_id = bot.keep(name, body)
    same: dict[str, Any] = {"file_id": file_id, "file_unique_id": file_id, "file_size": len(body)}
    match kind:
        case "photo":
            return [types.PhotoSize(width=90, height=90, **same)]
        case "video":
            return types.Video(width=90, height=90, duration=1, **same)
        case "animation":
            return types.Animation(width=90, height=90, duration=1, **same)
        case "voice":
            return types.Voice(duration=1, **same)
        case "audio":
            return types.Audio(duration=1, file_name=name, **same)
    return types.Document(file_name=name, **same)


def _check(text: str, most: int, empty: str, long: str) -> None:
    if empty and not text.strip():
        raise BotError(400, f"Bad Request: {empty}")
    if len(text.encode("utf-16-le")) // 2 > most:
        raise BotError(400, f"Bad Request: {long}")


def _answered(bot: Bot, person: Person, method: Any) -> types.Message | None:
    reply = getattr(method, "reply_parameters", None)
    if reply is None:
        return None
    found = bot.messages.get((person.id, reply.message_id))
    if found is None and not reply.allow_sending_without_reply:
        raise BotError(400, "Bad Request: message to be replied not found")
    return found


def _album(method: methods.SendMediaGroup) -> list[Any]:
    if not 2 <= len(method.media) <= 10:
        raise BotError(400, "Bad Request: there must be 2 to 10 messages in an album")
    return list(method.media)


def _edited(bot: Bot, method: methods.EditMessageText) -> Json:
    known = bot.messages.get((int(method.chat_id or 0), method.message_id or 0))
    if known is None:
        raise BotError(400, "Bad Request: message to edit not found")
    changed = known.model_copy(update={"text": method.text, "entities": method.entities})
    bot.messages[known.chat.id, known.message_id] = changed
    bot.show(_person(bot, known.chat.id), changed, [])
    return plain(changed)


def _file(bot: Bot, file_id: str) -> Json:
    file = bot.files.get(file_id)
    if file is None:
        raise BotError(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
    if file.size > _MAX_DOWNLOAD:
        raise BotError(400, "Bad Request: file is too big")
    return {"file_id": file_id, "file_unique_id": file_id, "file_size": file.size, "file_path": f"files/{file_id}"}


def _webhook(bot: Bot) -> Json:
    told: Json = {
        "url": bot.webhook.url if bot.webhook else "",
        "has_custom_certificate": False,
        "pending_update_count": len(bot.waiting()),
    }
    if bot.last_error is not None:
        told |= {"last_error_date": bot.last_error // 1000, "last_error_message": "Wrong response from the webhook"}
    return told
