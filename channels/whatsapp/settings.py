"""What an administrator sets for WhatsApp."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from channels.twilio.forms import WHATSAPP_PREFIX
from channels.twilio.settings import TwilioSettings, is_service
from crm_core.words.addresses import phone
from crm_core.words.errors import Invalid, Unfit


def _sender(raw: str) -> str:
    text = raw.strip()
    if is_service(text):
        return text
    try:
        return WHATSAPP_PREFIX + phone(text.removeprefix(WHATSAPP_PREFIX)).value
    except Invalid as error:
        raise Unfit(
            "A sender is a number with its country code, or a messaging service (MG…).", why="whatsapp_sender"
        ) from error


class ApprovedTemplate(BaseModel):
    """A text that WhatsApp has approved, as Twilio's Content Template Builder knows it."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^HX[0-9a-fA-F]{32}$")
    """Its Content SID."""
    name: str = Field(min_length=1, max_length=120)
    text: str = Field(min_length=1, max_length=4_096)
    """With its gaps as Twilio counts them: `Hello {{1}}`."""
    language: str = Field("", max_length=35)


class WhatsAppSettings(TwilioSettings):
    """A WhatsApp account's settings."""

    sender: Annotated[str, AfterValidator(_sender)] = Field(title="Sender")
    """The number that is registered for WhatsApp, or a messaging service with such a sender."""
    templates: list[ApprovedTemplate] = Field([], max_length=200, title="Approved templates")
    """The only messages that may be sent more than 24 hours after they last wrote."""


def identity(settings: WhatsAppSettings) -> dict[str, str]:
    """By what Twilio's list of messages is asked."""
    return {"account_sid": settings.account_sid, "sender": settings.sender}
