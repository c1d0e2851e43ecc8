"""Addresses: what recognises and reaches a person on a channel, in one spelling each."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import phonenumbers

from crm_core.words.errors import Invalid
from crm_core.words.text import one_line

TEL = "tel"
MAILTO = "mailto"
TELEGRAM = "telegram"
WHATSAPP = "whatsapp"
VIBER = "viber"
VISITOR = "visitor"
EXTERNAL = "external"
UNREADABLE = "unreadable"
"""Of the sender of what nobody can read: a stranger of whom nothing is known."""
NOWHERE = "nowhere"
"""Of whoever gave no address that can be answered: the value says what they wrote instead, the scope which message."""


@dataclass(frozen=True, slots=True)
class Address:
    """A normalised address. `scheme` is the kind of address, not the channel: SMS and calls both say `tel`."""

    scheme: str
    value: str
    scope: str = ""
    """Where the value is unique: empty for the whole world, else the bot, page or site."""


def phone(raw: str, *, region: str | None = None) -> Address:
    """`tel:` address in E.164; `region` (ISO 3166 alpha-2) reads numbers written without a country code.

    Raises Invalid when the text is no possible number: only digits and the usual separators are let
    through, since the library itself reads numbers out of `whatsapp:+1…` and full-width digits.
    """
    text = unicodedata.normalize("NFC", raw).strip()
    if not text or not all(c in "+0123456789 -().\u00a0/" for c in text):
        raise Invalid("This is not a phone number.", why="no_phone")
    try:
        number = _parsed(text, region)
    except phonenumbers.NumberParseException as error:
        raise Invalid("This is not a phone number.", why="no_phone") from error
    if not phonenumbers.is_possible_number(number):
        raise Invalid("This phone number is too short or too long.", why="phone_length")
    return Address(TEL, phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def is_region(code: str) -> bool:
    """Whether this is a country (ISO 3166 alpha-2, in capitals) whose numbers can be read."""
    return code in phonenumbers.SUPPORTED_REGIONS


def _parsed(text: str, region: str | None) -> phonenumbers.PhoneNumber:
    """The number; digits without a plus that are none of the region's are read as international (`380441234567`)."""
    international = "+" + text
    if text.startswith("+"):
        return phonenumbers.parse(text, region)
    local = None
    try:
        local = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        if not text.isdigit():
            raise
    if local is not None and (phonenumbers.is_possible_number(local) or not text.isdigit()):
        return local
    return phonenumbers.parse(international, None)


def email(raw: str) -> Address:
    """`mailto:` address: trimmed, NFC, lower case, IDNA domain; dots and `+tag` stay. Raises Invalid."""
    text = unicodedata.normalize("NFC", raw).strip()
    local, at, domain = text.rpartition("@")
    if (
        not at
        or not local
        or "." not in domain
        or len(text) > 254
        or not text.isprintable()
        or any(c.isspace() or c in '<>"(),;:\\' for c in text)
    ):
        raise Invalid("This is not an e-mail address.", why="no_email")
    try:
        host = domain.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise Invalid("This is not an e-mail address.", why="no_email") from error
    return Address(MAILTO, f"{local}@{host}".lower())


def normalised(scheme: str, raw: str, *, region: str | None = None, scope: str = "") -> Address:
    """The address in its one spelling, by scheme. Raises Invalid for what cannot be one."""
    if scheme == TEL:
        return phone(raw, region=region)
    if scheme == WHATSAPP:
        return Address(WHATSAPP, phone(raw, region=region).value)
    if scheme == MAILTO:
        return email(raw)
    value = one_line(raw, most=200)
    if not value:
        raise Invalid("The address is empty.", why="address_empty")
    return Address(scheme, value, scope)


def display(address: Address) -> str:
    """The address as a person reads it: numbers in international format."""
    if address.scheme not in (TEL, WHATSAPP):
        return address.value
    try:
        number = phonenumbers.parse(address.value, None)
    except phonenumbers.NumberParseException:
        return address.value
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
