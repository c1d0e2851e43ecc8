"""What a WhatsApp message says, as Twilio reports it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite
from typing import Any

from channels.contract import MessageArrived
from channels.twilio import parse
from channels.twilio.dialect import Came
from channels.twilio.forms import Form
from crm_core.words.content import ExternalId, Place
from crm_core.words.text import one_line


def arrived(form: Form, came: Came) -> MessageArrived:
    """The message. Raises NotUnderstood when it has no name or no sender."""
    message = parse.arrived(form, came)
    content = message.content
    place = place_of(form)
    text = content.text or form.get("ButtonText", "")
    if place is not None or text:
        problem = None if content.problem == parse.EMPTY else content.problem
        content = replace(content, text=text, place=place, problem=problem)
    answered = form.get("OriginalRepliedMessageSid")
    return replace(
        message,
        content=content,
        in_reply_to=ExternalId(answered) if answered else None,
        sender_facts={**message.sender_facts, **_pressed(form)},
    )


def _pressed(form: Form) -> Mapping[str, str]:
    """The key of the button they pressed, if they did."""
    payload = one_line(form.get("ButtonPayload", ""), most=200)
    return {"button": payload} if payload else {}


def place_of(form: Form) -> Place | None:
    """The spot they sent; none when there is none on this earth."""
    try:
        latitude, longitude = float(form["Latitude"]), float(form["Longitude"])
    except (KeyError, ValueError):
        return None
    if not (isfinite(latitude) and isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180):
        return None
    title = one_line(form.get("Label") or form.get("Address") or "", most=200)
    return Place(latitude=latitude, longitude=longitude, title=title)


def explained(payload: bytes) -> Mapping[str, Any]:
    """One stored payload, a form or JSON, in the hub's words, for `hub parse whatsapp`."""
    return parse.explained(payload, arrived)
