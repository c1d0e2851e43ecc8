"""What an administrator sets for SMS."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from channels.twilio.settings import TwilioSettings, is_service
from crm_core.words.addresses import phone
from crm_core.words.errors import Invalid, Unfit
from crm_core.words.texting import HELP_TEXT

_SHORT_CODE: Final = re.compile(r"\d{3,8}")
_NAME: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +&_-]{1,11}")


def _sender(raw: str) -> str:
    text = raw.strip()
    if is_service(text) or _SHORT_CODE.fullmatch(text):
        return text
    if not text.startswith("+") and _NAME.fullmatch(text):
        return text
    try:
        return phone(text).value
    except Invalid as error:
        raise Unfit(
            "A sender is a number with its country code, a messaging service (MG…), a short code, "
            "or a name of at most 11 letters and digits.",
            why="sms_sender",
        ) from error


def is_name(sender: str) -> bool:
    """Whether a sender is a name, which nobody can answer."""
    return not is_service(sender) and _NAME.fullmatch(sender) is not None


class SmsSettings(TwilioSettings):
    """An SMS account's settings."""

    sender: Annotated[str, AfterValidator(_sender)] = Field(title="Sender")
    """A number of the account, a messaging service, a short code, or a name (then nobody can answer)."""
    mms: bool = Field(True, title="Files (MMS)")
    """Only some countries carry them; elsewhere Twilio refuses or sends a link."""
    help_text: str = Field(HELP_TEXT, min_length=1, max_length=600, title="Answer to HELP")
    """Where the provider does not answer that word itself; `{name}` is the account's name."""


def identity(settings: SmsSettings) -> dict[str, str]:
    """By what Twilio's list of messages is asked."""
    return {"account_sid": settings.account_sid, "sender": settings.sender}
