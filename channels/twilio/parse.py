"""What a message says, as Twilio reports it, whichever way it came. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from channels.contract import MessageArrived, NotUnderstood
from channels.twilio.dialect import Came
from channels.twilio.forms import (
    Form,
    address_of,
    form_of_payload,
    media_of,
    number_in,
    same_number,
    sid_of,
    status_of,
    wish_of,
)
from channels.twilio.reasons import words_for
from crm_core.words.content import Content, ExternalId, ThreadKey
from crm_core.words.segments import count
from crm_core.words.text import one_line

EMPTY: Final = "empty"
"""The problem of a message without words and files: a person shall see that somebody wrote."""


def arrived(form: Form, came: Came) -> MessageArrived:
    """The message. Raises NotUnderstood when it has no name or no sender."""
    sender = address_of(form.get("From", ""))
    text = form.get("Body", "")
    content = Content(text=text, files=came.files, problem=came.problem)
    if content.is_empty:
        content = Content(text=text, problem=EMPTY)
    return MessageArrived(
        external_id=ExternalId(sid_of(form)),
        thread=ThreadKey(f"{form.get('From', '')}>{form.get('To', '')}"),
        sender=sender,
        content=content,
        sent_at=came.at,
        sender_name=one_line(form.get("ProfileName", ""), most=120),
        sender_facts=facts_of(form),
        proves=same_number(sender),
    )


def facts_of(form: Form) -> Mapping[str, str]:
    """Where the sender's number is at home, as far as Twilio knows: `city`, `state`, `country`."""
    said = {
        name: one_line(form.get(field, ""), most=80)
        for name, field in (("city", "FromCity"), ("state", "FromState"), ("country", "FromCountry"))
    }
    return {name: value for name, value in said.items() if value}


def explained(payload: bytes, arrived: Callable[[Form, Came], MessageArrived]) -> Mapping[str, Any]:
    """One stored payload, a form or JSON, in the hub's words. Never raises for a genuine one."""
    try:
        form = form_of_payload(payload)
    except NotUnderstood as error:
        return {"kind": "unknown", "defects": [str(error)]}
    try:
        if status_of(form) is not None:
            return _explained_receipt(form)
        return _explained_message(form, arrived(form, Came(at=0)))
    except NotUnderstood as error:
        return {"kind": "unknown", "defects": [str(error)], "fields": dict(form)}


def _explained_message(form: Form, message: MessageArrived) -> Mapping[str, Any]:
    size, place = count(message.content.text), message.content.place
    asks = wish_of(form, carrier_words=True)
    return {
        "kind": "message",
        "id": message.external_id,
        "from": {"scheme": message.sender.scheme, "value": message.sender.value, "name": message.sender_name},
        "to": form.get("To", ""),
        "text": message.content.text,
        "problem": message.content.problem,
        "place": None if place is None else {"latitude": place.latitude, "longitude": place.longitude},
        "in_reply_to": message.in_reply_to,
        "media": [{"url": media.url, "type": media.type} for media in media_of(form)],
        "claimed_media": number_in(form.get("NumMedia")),
        "segments": {"encoding": size.encoding, "units": size.units, "parts": size.parts},
        "asks_for": None if asks is None else asks.value,
        "facts": dict(message.sender_facts),
        "defects": [],
    }


def _explained_receipt(form: Form) -> Mapping[str, Any]:
    status, code = status_of(form), number_in(form.get("ErrorCode"))
    return {
        "kind": "receipt",
        "id": sid_of(form),
        "status": None if status is None else status.value,
        "error": code,
        "reason": None if code is None else words_for(code),
        "defects": [],
    }
