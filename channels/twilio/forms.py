"""What Twilio's webhooks say, in plain words. Pure; both SMS and WhatsApp read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from channels.contract import NotGenuine, NotUnderstood
from crm_core.words.addresses import TEL, WHATSAPP, Address, phone
from crm_core.words.content import DeliveryStatus, ReachState
from crm_core.words.errors import Invalid
from crm_core.words.text import storable
from crm_core.words.texting import asks_help, is_answered_by_carrier, number_or_name, wish

Fields = Mapping[str, list[str]]
"""A form's parameters: each name with its values, as they came."""
Form = Mapping[str, str]
"""The first value of each, as text that every database takes."""

MAX_FIELDS: Final = 2_000
MAX_MEDIA: Final = 20
"""Twilio sends at most 10; `NumMedia` is what the sender's side claims and is no reason to loop."""
WHATSAPP_PREFIX: Final = "whatsapp:"

_STATUSES: Final[Mapping[str, DeliveryStatus]] = {
    "accepted": DeliveryStatus.SENT,
    "scheduled": DeliveryStatus.SENT,
    "queued": DeliveryStatus.SENT,
    "sending": DeliveryStatus.SENT,
    "sent": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "partially_delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.READ,
    "undelivered": DeliveryStatus.FAILED,
    "failed": DeliveryStatus.FAILED,
    "canceled": DeliveryStatus.FAILED,
}
"""For the hub a message is sent once the provider has it; each of the first four proves that."""


@dataclass(frozen=True, slots=True)
class Media:
    """A file that came with a message: where it is, and what its sender says it is."""

    url: str
    type: str


def is_form(content_type: str) -> bool:
    """Whether a body is an urlencoded form. Twilio always says so; nothing said is taken for one."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind in ("", "application/x-www-form-urlencoded")


def fields_of(raw: bytes) -> Fields:
    """An urlencoded form's parameters, blank ones too. Raises NotGenuine for what no form is.

    Bytes that are no UTF-8 stay as lone surrogates, so that a signature is over the very same bytes.
    """
    try:
        pairs = parse_qsl(
            raw.decode("utf-8", "surrogateescape"),
            keep_blank_values=True,
            errors="surrogateescape",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError as error:
        raise NotGenuine from error
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


def form_of(fields: Fields) -> Form:
    """The parameters as the rest of this channel reads them."""
    return {name: storable(values[0]) for name, values in fields.items() if values}


def form_of_payload(raw: bytes) -> Form:
    """A stored payload for `hub parse`: an urlencoded form, or JSON with the same names. Raises NotUnderstood."""
    if raw.lstrip()[:1] == b"{":
        try:
            loose = json.loads(raw.decode("utf-8", "replace"))
        except (ValueError, RecursionError) as error:
            raise NotUnderstood("This is no JSON.") from error
        params = loose.get("params", loose)
        return {str(key): storable(_flat(value)) for key, value in dict(params).items()}
    try:
        return form_of(fields_of(raw.strip()))
    except NotGenuine as error:
        raise NotUnderstood("This is no form.") from error


def _flat(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def sid_of(form: Form) -> str:
    """The message's name at Twilio. Raises NotUnderstood without one."""
    sid = form.get("MessageSid") or form.get("SmsMessageSid") or form.get("SmsSid") or ""
    if not sid or len(sid) > 64:
        raise NotUnderstood("Twilio reported something that is no message.")
    return sid


def address_of(raw: str) -> Address:
    """Who `From` or `To` names: `+1415…`, `whatsapp:+1415…`, a short code or a name. Raises NotUnderstood."""
    try:
        if raw.startswith(WHATSAPP_PREFIX):
            return Address(WHATSAPP, phone(_plus(raw.removeprefix(WHATSAPP_PREFIX))).value)
        return number_or_name(raw)
    except Invalid as error:
        raise NotUnderstood("Twilio reported a message of nobody.") from error


def _plus(number: str) -> str:
    # A plus that was not quoted arrives as a space.
    return "+" + number.strip().removeprefix("+")


def spoken(address: Address) -> str:
    """The address as Twilio's `To` takes it."""
    return WHATSAPP_PREFIX + address.value if address.scheme == WHATSAPP else address.value


def same_number(address: Address) -> tuple[Address, ...]:
    """The phone number that a WhatsApp address proves: it is one and was checked when it was registered."""
    return (Address(TEL, address.value),) if address.scheme == WHATSAPP else ()


def media_of(form: Form) -> tuple[Media, ...]:
    """The files a message came with: those that have an address, however many are claimed."""
    found = []
    for number in range(MAX_MEDIA):
        url = form.get(f"MediaUrl{number}")
        if not url:
            break
        found.append(Media(url, form.get(f"MediaContentType{number}", "")))
    return tuple(found)


def wish_of(form: Form, *, carrier_words: bool) -> ReachState | None:
    """What the sender asks for: Twilio's word (`OptOutType`) first, else the message when it is such a word."""
    said = form.get("OptOutType", "").upper()
    if said == "STOP":
        return ReachState.OPTED_OUT
    if said == "START":
        return ReachState.OK
    return wish(form.get("Body", ""), carrier_words=carrier_words)


def help_of(form: Form, answer: str, *, help_words: bool, carrier_words: bool) -> str | None:
    """What is still to be answered to a plea for help: nothing where Twilio has; none when it is no such plea.

    Twilio says so in `OptOutType`, or without a word where it looks after the words itself (`carrier_words`).
    `help_words`: people of this kind of message know such words.
    """
    if form.get("OptOutType", "").upper() == "HELP":
        return ""
    body = form.get("Body", "")
    if not help_words or not asks_help(body, carrier_words=carrier_words):
        return None
    return "" if carrier_words and is_answered_by_carrier(body) else answer


def status_of(form: Form) -> DeliveryStatus | None:
    """How far a message of ours got; none for a status nobody has heard of, or one of an inbound message."""
    return status_named(form.get("MessageStatus") or form.get("SmsStatus") or "")


def status_named(name: str) -> DeliveryStatus | None:
    """The hub's word for one of Twilio's message statuses."""
    return _STATUSES.get(name.lower())


def number_in(text: str | None, *, most_digits: int = 16) -> int | None:
    """A plain decimal number; none for anything else."""
    if not text or not text.isascii() or not text.isdecimal() or len(text) > most_digits:
        return None
    return int(text)
