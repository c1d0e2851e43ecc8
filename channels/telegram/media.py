"""The files of a message, and words for what is neither text nor file. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from channels.telegram.reading import Loose, inner, many, number, text, whole, words_within
from crm_core.words.content import Place

_NAMES: Final = {
    "voice": "voice.ogg",
    "video_note": "video-note.mp4",
    "video": "video.mp4",
    "audio": "audio.mp3",
    "animation": "animation.mp4",
    "document": "document",
}
_PLAIN_WORDS: Final = frozenset({"text", "title", "question", "description", "address", "name", "data"})
SILENT: Final = frozenset(
    {
        *("new_chat_members", "left_chat_member", "chat_owner_left", "chat_owner_changed", "new_chat_title"),
        *("new_chat_photo", "delete_chat_photo", "group_chat_created", "supergroup_chat_created"),
        *("channel_chat_created", "message_auto_delete_timer_changed", "migrate_to_chat_id", "migrate_from_chat_id"),
        *("pinned_message", "write_access_allowed", "connected_website", "proximity_alert_triggered", "boost_added"),
        *("chat_background_set", "checklist_tasks_done", "checklist_tasks_added", "direct_message_price_changed"),
        *("forum_topic_created", "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened"),
        *("general_forum_topic_hidden", "general_forum_topic_unhidden", "giveaway_created", "giveaway_completed"),
        *("managed_bot_created", "paid_message_price_changed", "poll_option_added", "poll_option_deleted"),
        *("suggested_post_approved", "suggested_post_approval_failed", "suggested_post_declined"),
        *("suggested_post_paid", "suggested_post_refunded", "video_chat_scheduled", "video_chat_started"),
        *("video_chat_ended", "video_chat_participants_invited"),
        *("community_chat_added", "community_chat_removed", "community_chat_joined", "gift_upgrade_sent"),
    }
)
"""Kinds of messages in which a chat tells of itself and nobody says anything."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that waits at Telegram under `file_id`. `size` in bytes, where it is told."""

    file_id: str
    name: str
    size: int | None = None


def attachments(message: Loose) -> tuple[Attachment, ...]:
    """The files of a message, the largest size of each picture."""
    found = [*_single(message), *_pictures(message)]
    paid = many(inner(message, "paid_media"), "paid_media")
    found += [file for item in paid for file in (*_single(item), *_pictures(item))]
    # An animation comes as a document too, under the same id.
    return tuple({file.file_id: file for file in found}.values())


def _single(message: Loose) -> Iterator[Attachment]:
    for kind, name in _NAMES.items():
        if kind == "document" and "animation" in message:
            continue
        yield from _file(inner(message, kind), name)
    yield from _file(inner(message, "live_photo"), "live-photo.mp4")
    sticker = inner(message, "sticker")
    moving = "sticker.tgs" if sticker.get("is_animated") else "sticker.webm"
    yield from _file(sticker, moving if sticker.get("is_animated") or sticker.get("is_video") else "sticker.webp")


def _file(value: Loose, name: str) -> Iterator[Attachment]:
    if text(value, "file_id"):
        yield Attachment(text(value, "file_id"), text(value, "file_name") or name, whole(value, "file_size"))


def _pictures(message: Loose) -> Iterator[Attachment]:
    for sizes in (many(message, "photo"), many(inner(message, "live_photo"), "photo")):
        if sizes:
            largest = max(sizes, key=lambda s: (whole(s, "width") or 0) * (whole(s, "height") or 0))
            yield from _file(largest, "photo.jpg")


def place(message: Loose) -> Place | None:
    """Where a location or a venue is."""
    venue = inner(message, "venue")
    spot = inner(venue, "location") or inner(message, "location")
    latitude, longitude = number(spot, "latitude"), number(spot, "longitude")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    title = ", ".join(part for part in (text(venue, "title"), text(venue, "address")) if part)
    return Place(latitude=latitude, longitude=longitude, title=title)


def told(message: Loose) -> Iterator[str]:
    """Lines for what a message shows beside text and files, in signs rather than in one language."""
    contact = inner(message, "contact")
    if contact:
        yield " ".join(["👤", *filter(None, (full_name(contact), text(contact, "phone_number")))])
    if "dice" in message:
        dice = inner(message, "dice")
        yield f"{text(dice, 'emoji') or '🎲'} {whole(dice, 'value') or ''}".rstrip()
    if text(inner(message, "sticker"), "emoji"):
        yield text(inner(message, "sticker"), "emoji")
    yield from _lists(message)
    if "rich_message" in message:
        yield "\n".join(
            "".join(words_within(block, _PLAIN_WORDS)) for block in many(inner(message, "rich_message"), "blocks")
        )
    for kind, sign in _SIGNS.items():
        if kind in message:
            yield " ".join([sign, *words_within(message[kind], _PLAIN_WORDS)])


_SIGNS: Final[Mapping[str, str]] = {
    "game": "🎮",
    "story": "📖",
    "invoice": "🧾",
    "successful_payment": "💳",
    "refunded_payment": "💳↩",
    "giveaway": "🎁",
    "giveaway_winners": "🎁🏆",
    "gift": "🎁",
    "unique_gift": "🎁",
    "passport_data": "🛂",
    "users_shared": "👥",
    "user_shared": "👤",
    "chat_shared": "💬",
    "web_app_data": "▣",
    "paid_media": "⭐",
}


def _lists(message: Loose) -> Iterator[str]:
    poll, checklist = inner(message, "poll"), inner(message, "checklist")
    if poll:
        yield "\n".join([f"📊 {text(poll, 'question')}", *(f"▫ {text(o, 'text')}" for o in many(poll, "options"))])
    if checklist:
        tasks = many(checklist, "tasks")
        lines = [f"{'☑' if 'completion_date' in task else '☐'} {text(task, 'text')}" for task in tasks]
        yield "\n".join([text(checklist, "title"), *lines])


def full_name(person: Loose) -> str:
    """First and last name as one."""
    return " ".join(part for part in (text(person, "first_name"), text(person, "last_name")) if part)
