"""Whether Twilio signed a webhook. Pure.

Twilio signs the address it called and every parameter of a form, sorted (HMAC-SHA1 with the account's auth token),
or the address alone when that names the SHA-256 of another kind of body (`bodySHA256`). The address is compared
as it came over the wire, never spelled anew, with and without its port: Twilio signs either.
Source: Twilio's "Webhooks Security" page; the vectors of both its libraries are the tests.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import parse_qs, urlsplit

from channels.contract import NotGenuine, WebhookRequest
from channels.twilio.forms import Fields, fields_of, is_form

SIGNATURE: Final = "x-twilio-signature"
ALGORITHM: Final = "x-twilio-webhooks-signature-settings"
"""A header that names another algorithm or key. Only the auth token's HMAC-SHA1 is configured here."""
_PORTS: Final = {"https": 443, "http": 80}


def signature(url: str, fields: Fields, token: str) -> str:
    """The signature of one spelling of the address, in base 64."""
    said = [url]
    for name in sorted(fields):
        said += [name + value for value in sorted(set(fields[name]))]
    text = "".join(said).encode("utf-8", "surrogateescape")
    return base64.b64encode(hmac.new(token.encode(), text, hashlib.sha1).digest()).decode("ascii")


def genuine_fields(request: WebhookRequest, token: str) -> Fields:
    """The parameters of a request that Twilio signed; those of the address when it has no body.

    Raises NotGenuine, whatever is wrong: no signature, another one, another algorithm, another body.
    """
    given = header(request.headers, SIGNATURE)
    if not given or not token or _another_algorithm(header(request.headers, ALGORITHM)):
        raise NotGenuine
    if not request.body:
        _check(request.url, {}, token, given)
        return fields_of(urlsplit(request.url).query.encode("utf-8", "surrogateescape"))
    if is_form(header(request.headers, "content-type")):
        fields = fields_of(request.body)
        _check(request.url, fields, token, given)
        return fields
    digests = parse_qs(urlsplit(request.url).query).get("bodySHA256", [])
    if not digests or not _same(hashlib.sha256(request.body).hexdigest(), digests[0]):
        raise NotGenuine
    _check(request.url, {}, token, given)
    return {}


def header(headers: Mapping[str, str], name: str) -> str:
    """A header's value whatever its case; empty when it is missing."""
    return next((value for key, value in headers.items() if key.lower() == name), "")


def _check(url: str, fields: Fields, token: str, given: str) -> None:
    right = [_same(signature(spelling, fields, token), given) for spelling in spellings(url)]
    if not any(right):
        raise NotGenuine


def spellings(url: str) -> Iterable[str]:
    """The address with its port and without it; the rest of it character by character as it is."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NotGenuine from error
    scheme, _, rest = url.partition("://")
    place, cut = rest[: len(parts.netloc)], rest[len(parts.netloc) :]
    bare = place.removesuffix(f":{port}") if port else place
    usual = _PORTS.get(scheme.lower())
    return [f"{scheme}://{bare}{cut}", f"{scheme}://{bare}:{port or usual}{cut}"]


def _another_algorithm(settings: str) -> bool:
    for part in settings.split(","):
        name, _, value = part.partition("=")
        if name.strip().lower() == "algorithm" and value.strip().upper() != "HMAC_SHA1":
            return True
    return False


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode("utf-8", "surrogateescape"))
