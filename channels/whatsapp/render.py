"""A WhatsApp message in the words of Twilio's API. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from channels.contract import OutboundMessage, Refused
from channels.twilio.dialect import Outgoing
from channels.twilio.render import addressed
from channels.whatsapp.settings import WhatsAppSettings
from crm_core.words.content import Place, Template

MAX_TEXT: Final = 1_600


def outgoing(message: OutboundMessage, links: Sequence[str], settings: WhatsAppSettings) -> Outgoing:
    """The parameters of a new message. Raises Refused for an unknown template, or nothing to say."""
    said = addressed(message, settings.sender)
    content = message.content
    if content.template is not None:
        return {**said, **_template(content.template, settings)}
    text = content.text or (content.place.title or "📍" if content.place else "")
    if text:
        said["Body"] = text
    if content.place is not None:
        said["PersistentAction"] = [geo(content.place)]
    if links:
        said["MediaUrl"] = list(links)
    if not text and not links:
        raise Refused("A WhatsApp message needs words, a file, a place or a template.")
    return said


def _template(template: Template, settings: WhatsAppSettings) -> dict[str, str]:
    if all(known.id != template.id for known in settings.templates):
        raise Refused("This template is not one of the account's.")
    said = {"ContentSid": template.id}
    if template.variables:
        said["ContentVariables"] = json.dumps(dict(template.variables), ensure_ascii=False)
    return said


def geo(place: Place) -> str:
    """A place as Twilio takes it for WhatsApp: `geo:latitude,longitude|title`."""
    title = place.title.replace("|", "/")
    return f"geo:{place.latitude:.6f},{place.longitude:.6f}" + (f"|{title}" if title else "")


def texts(message: OutboundMessage, settings: WhatsAppSettings) -> Sequence[str]:
    """What Twilio's list may show as the body; for a template the text with its gaps filled."""
    template = message.content.template
    if template is None:
        said = outgoing(message, ["x"] * len(message.content.files), settings).get("Body", "")
        return [said] if isinstance(said, str) else []
    text = next((known.text for known in settings.templates if known.id == template.id), "")
    for name, value in template.variables.items():
        text = text.replace("{{" + name + "}}", value)
    return [text] if text and "{{" not in text else []
