"""What an SMS or MMS says, as Twilio reports it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from channels.contract import MessageArrived
from channels.twilio import parse
from channels.twilio.dialect import Came
from channels.twilio.forms import Form


def arrived(form: Form, came: Came) -> MessageArrived:
    """The message. Raises NotUnderstood when it has no name or no sender."""
    return parse.arrived(form, came)


def explained(payload: bytes) -> Mapping[str, Any]:
    """One stored payload, a form or JSON, in the hub's words, for `hub parse sms`."""
    return parse.explained(payload, arrived)
