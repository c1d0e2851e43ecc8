"""What Telegram reports, as events. Pure: files are named, and fetched by whoever asked.

External ids: `{chat}:{message}`, in a business chat `{chat}@{connection}:{message}`; a pressed button has the id of
its press. Threads: `{chat}`, and after it `/{topic}` and `@{connection}` where there are any.

What is said to a group is read by all of it: there everybody has an address of their own, whose scope is the group's
thread, so that a conversation in private and one in a group never become one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from channels.contract import ChannelEvent, MessageArrived, MessageEdited, MessageWithdrawn, NotUnderstood, ReachChanged
from channels.telegram.formatting import formatted
from channels.telegram.media import SILENT, Attachment, attachments, full_name, place, told
from channels.telegram.reading import Loose, inner, many, text, whole, words_within
from crm_core.words.addresses import TELEGRAM, Address, phone
from crm_core.words.clock import Moment
from crm_core.words.content import Content, ExternalId, ReachState, ThreadKey
from crm_core.words.errors import Invalid

TAKEN: Final = (
    "message",
    "edited_message",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "callback_query",
    "my_chat_member",
)
"""Kinds of updates that say something to us: all that Telegram is asked for."""

IGNORED: Final = frozenset(
    {
        *("channel_post", "edited_channel_post", "business_connection", "guest_message", "message_reaction"),
        *("message_reaction_count", "inline_query", "chosen_inline_result", "shipping_query", "pre_checkout_query"),
        *("purchased_paid_media", "poll", "poll_answer", "chat_member", "chat_join_request", "chat_boost"),
        *("removed_chat_boost", "managed_bot", "subscription", "stopped_message_generation"),
    }
)
"""Kinds that are known and say nothing to a customer desk."""

NOT_UNDERSTOOD: Final = "not_understood"
"""`Content.problem` of a message of a kind that this channel has not heard of."""

_END_OF_TIME: Final = 2**33
"""Seconds since 1970, far away: what claims to be later has no time at all."""

_START: Final = re.compile(r"/start(?:@\w+)? ([A-Za-z0-9_-]{1,64})\s*")
_ANY_WORDS: Final = frozenset({"text", "caption", "title", "question", "description", "name", "emoji", "address"})
_BEYOND_WORDS: Final = frozenset({"from", "chat", "sender_chat", "reply_to_message", "via_bot", "forward_origin"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one update says. `files` belong to the first event; `press` is a button's press that wants an answer."""

    events: tuple[ChannelEvent, ...] = ()
    files: tuple[Attachment, ...] = ()
    press: str = ""


def body(raw: bytes) -> Loose:
    """The update in a webhook's body. Raises NotUnderstood for what is no JSON object, or is nested without end."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise NotUnderstood("This is no JSON.") from error
    if not isinstance(value, dict):
        raise NotUnderstood("This is no update.")
    return value


def update(raw: Loose, now: Moment) -> Said:
    """What an update says; nothing for kinds that are known and say nothing. Raises NotUnderstood for all others."""
    for kind, read in _READERS.items():
        if isinstance(raw.get(kind), dict):
            said: Said = read(raw[kind], now)
            return said
    if any(kind in raw for kind in IGNORED):
        return Said()
    raise NotUnderstood("This kind of update is not known.")


def arrived(message: Loose, now: Moment) -> Said:
    """A new message. Raises NotUnderstood for one that names no chat."""
    said = content_of(message)
    if said is None or _is_by_the_owner(message):
        return Said()
    content, files = said
    return Said(events=(_event(message, content, now),), files=files)


def _event(message: Loose, content: Content, now: Moment) -> MessageArrived:
    sender = _sender(message)
    start = _START.fullmatch(content.text)
    address = _address(message, sender)
    return MessageArrived(
        external_id=external_id(message),
        thread=thread(message),
        sender=address,
        content=content,
        sent_at=_moment(message, "date", now),
        sender_name=_name(message, sender),
        sender_facts=_facts(sender),
        part_of=ExternalId(text(message, "media_group_id")) or None,
        part=whole(message, "message_id") or 0,
        in_reply_to=_answered(message),
        invitation=start[1] if start else "",
        proves=_proven(message),
        mentions=_alone(address),
        automatic=bool(sender.get("is_bot") or message.get("is_automatic_forward")),
    )


def edited(message: Loose, now: Moment) -> Said:
    """A message that was changed, whole as it is now."""
    said = content_of(message)
    if said is None or _is_by_the_owner(message):
        return Said()
    at = _moment(message, "edit_date", _moment(message, "date", now))
    unseen = _event(message, said[0], now)
    event = MessageEdited(external_id=unseen.external_id, content=said[0], at=at, unseen=unseen)
    return Said(events=(event,), files=said[1])


def withdrawn(deleted: Loose, now: Moment) -> Said:
    """Messages of a business chat that were deleted."""
    ids = deleted.get("message_ids")
    gone = [i for i in ids if isinstance(i, int)] if isinstance(ids, list) else []
    return Said(
        events=tuple(
            MessageWithdrawn(external_id=ExternalId(f"{_chat(deleted)}:{message_id}"), at=now) for message_id in gone
        )
    )


def pressed(press: Loose, now: Moment) -> Said:
    """A button below one of our messages, as a message that says what stands on it."""
    person, message = inner(press, "from"), inner(press, "message")
    if not text(press, "id") or whole(person, "id") is None:
        raise NotUnderstood("A press of nobody.")
    label = _label(message, text(press, "data")) or text(press, "data") or text(press, "game_short_name")
    address = _address(message, person)
    event = MessageArrived(
        external_id=ExternalId(f"press:{text(press, 'id')}"),
        thread=thread(message) if message else ThreadKey(str(whole(person, "id"))),
        sender=address,
        content=Content(text=label, problem=None if label else NOT_UNDERSTOOD),
        sent_at=now,
        sender_name=_name(message, person),
        sender_facts=_facts(person),
        mentions=_alone(address),
        in_reply_to=external_id(message) if message else None,
    )
    return Said(events=(event,), press=text(press, "id"))


def membership(change: Loose, now: Moment) -> Said:
    """Somebody blocked the bot in their own chat with it, or lets it in again. Groups are nobody's address."""
    if text(inner(change, "chat"), "type") != "private":
        return Said()
    person = whole(inner(change, "from"), "id")
    status = text(inner(change, "new_chat_member"), "status")
    state = {"kicked": ReachState.BLOCKED, "member": ReachState.OK}.get(status)
    if person is None or state is None:
        return Said()
    reason = "They blocked the bot." if state is ReachState.BLOCKED else ""
    at = _moment(change, "date", now)
    return Said(events=(ReachChanged(address=Address(TELEGRAM, str(person)), state=state, at=at, reason=reason),))


_READERS: Final[Mapping[str, Any]] = {
    "message": arrived,
    "business_message": arrived,
    "edited_message": edited,
    "edited_business_message": edited,
    "deleted_business_messages": withdrawn,
    "callback_query": pressed,
    "my_chat_member": membership,
}


def content_of(message: Loose) -> tuple[Content, tuple[Attachment, ...]] | None:
    """What a message says and the files it names; none where a chat only tells of itself."""
    key = "text" if "text" in message else "caption"
    entities = many(message, "entities" if key == "text" else "caption_entities")
    plain, html = formatted(text(message, key), entities)
    files, spot = attachments(message), place(message)
    lines = [line for line in (*told(message), plain) if line.strip()]
    origin = _origin(message)
    if not lines and not files and spot is None:
        if any(kind in message for kind in SILENT):
            return None
        lines = list(dict.fromkeys(words_within({k: message[k] for k in message.keys() - _BEYOND_WORDS}, _ANY_WORDS)))
        problem: str | None = NOT_UNDERSTOOD
    else:
        problem = None
    if origin:
        lines.insert(0, f"↪ {origin}")
    quoted = text(inner(message, "quote"), "text")
    content = Content(text="\n".join(lines), html=None if origin else html, folded=quoted, place=spot, problem=problem)
    return content, files


def external_id(message: Loose) -> ExternalId:
    """The message's name within the account. Raises NotUnderstood when it has none."""
    message_id = whole(message, "message_id")
    if message_id is None:
        raise NotUnderstood("A message without an id.")
    return ExternalId(f"{_chat(message)}:{message_id}")


def thread(message: Loose) -> ThreadKey:
    """Where an answer goes. Raises NotUnderstood when the message names no chat."""
    chat, at, connection = _chat(message).partition("@")
    topic = whole(message, "message_thread_id") if message.get("is_topic_message") else None
    return ThreadKey(f"{chat}/{topic}{at}{connection}" if topic else f"{chat}{at}{connection}")


def _chat(message: Loose) -> str:
    chat = whole(inner(message, "chat"), "id")
    if chat is None:
        raise NotUnderstood("A message without a chat.")
    connection = text(message, "business_connection_id")
    return f"{chat}@{connection}" if connection else str(chat)


def _sender(message: Loose) -> Loose:
    """Who wrote: a person, or the chat or channel that somebody speaks for."""
    for key in ("sender_chat", "from"):
        if whole(inner(message, key), "id") is not None:
            return inner(message, key)
    return inner(message, "chat")


def _address(message: Loose, sender: Loose) -> Address:
    """The writer's address in this chat; ids of groups are negative."""
    is_group = (whole(inner(message, "chat"), "id") or 0) < 0
    return Address(TELEGRAM, str(whole(sender, "id")), thread(message) if is_group else "")


def _alone(address: Address) -> tuple[Address, ...]:
    """Their address in private, of somebody who writes in a group: an agent may say that both are one contact."""
    return (Address(TELEGRAM, address.value),) if address.scope and not address.value.startswith("-") else ()


def _name(message: Loose, sender: Loose) -> str:
    """What the writer is called; in a group with its title, so that one sees where an answer is read."""
    name, title = full_name(sender) or text(sender, "title"), text(inner(message, "chat"), "title")
    is_group = (whole(inner(message, "chat"), "id") or 0) < 0
    return " · ".join(dict.fromkeys(part for part in (name, title) if part)) if is_group else name


def _is_by_the_owner(message: Loose) -> bool:
    """In a business chat the account's owner writes too, from their phone: that is no customer."""
    return bool(text(message, "business_connection_id")) and whole(inner(message, "from"), "id") != whole(
        inner(message, "chat"), "id"
    )


def _facts(sender: Loose) -> dict[str, str]:
    handle = text(sender, "username")
    facts = {"language": text(sender, "language_code"), "username": f"@{handle}" if handle else ""}
    return {key: value for key, value in facts.items() if value}


def _answered(message: Loose) -> ExternalId | None:
    """The message that this one answers. In a topic everything answers the one that opened it: that says nothing."""
    replied = inner(message, "reply_to_message")
    message_id = whole(replied, "message_id")
    opened_topic = message.get("is_topic_message") and message_id == whole(message, "message_thread_id")
    if (
        message_id is None
        or opened_topic
        or whole(inner(replied, "chat"), "id")
        not in (
            None,
            whole(inner(message, "chat"), "id"),
        )
    ):
        return None
    return ExternalId(f"{_chat(message)}:{message_id}")


def _proven(message: Loose) -> tuple[Address, ...]:
    """The number that somebody shared as their own: Telegram says whose contact it is. Forwarded, it proves nothing."""
    contact, person = inner(message, "contact"), whole(inner(message, "from"), "id")
    raw = text(contact, "phone_number").strip()
    if not raw or person is None or whole(contact, "user_id") != person or _origin(message):
        return ()
    with suppress(Invalid):
        return (phone(raw if raw.startswith("+") else f"+{raw}"),)
    return ()


def _origin(message: Loose) -> str:
    """Who wrote what was forwarded, as far as they let themselves be named; older servers say it flat."""
    origin = inner(message, "forward_origin")
    person = full_name(inner(origin, "sender_user")) or full_name(inner(message, "forward_from"))
    hidden = text(origin, "sender_user_name") or text(message, "forward_sender_name")
    chat = inner(origin, "sender_chat") or inner(origin, "chat") or inner(message, "forward_from_chat")
    return person or hidden or text(chat, "title") or ("…" if origin else "")


def _label(message: Loose, data: str) -> str:
    rows = inner(message, "reply_markup").get("inline_keyboard")
    for row in rows if isinstance(rows, list) else []:
        for button in row if isinstance(row, list) else []:
            if isinstance(button, dict) and text(button, "callback_data") == data:
                return text(button, "text")
    return ""


def _moment(value: Loose, key: str, otherwise: Moment) -> Moment:
    seconds = whole(value, key)
    return seconds * 1000 if seconds and 0 < seconds < _END_OF_TIME else otherwise
