"""What a gateway reports and answers, by the paths of the settings. Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, urlsplit

from channels.contract import DeliveryReported, MessageArrived, NotGenuine, NotUnderstood, WebhookRequest
from channels.gateway.settings import GatewaySettings
from channels.gateway.shapes import found, said
from crm_core.words.clock import MINUTE, Moment
from crm_core.words.content import Content, DeliveryStatus, ExternalId, ThreadKey
from crm_core.words.errors import Invalid
from crm_core.words.text import one_line, storable
from crm_core.words.texting import number_or_name

RECEIPTS: Final = "status"
"""What follows the account's address where receipts go."""
MOST_MESSAGES: Final = 500
_NO_ERROR: Final = frozenset({"", "0", "00", "false", "null", "none", "ok", "success"})
_SECONDS: Final = 100_000_000_000
"""Smaller numbers are seconds since 1970, larger ones milliseconds: the year 5138, and 1973."""


def genuine_path(request: WebhookRequest, settings: GatewaySettings) -> str:
    """What follows the account's address, less the secret, of a request that knows the secret.

    Raises NotGenuine. Every comparison takes the same time wherever the difference is.
    """
    secret, path = settings.check_secret.get_secret_value(), request.path.strip("/")
    if settings.check == "path":
        given, _, path = path.partition("/")
    elif settings.check == "query":
        given = parse_qs(urlsplit(request.url).query).get(settings.check_name, [""])[0]
    else:
        given = _header(request.headers, settings.check_name)
    if settings.check == "hmac":
        given = given.strip().removeprefix(f"{settings.check_digest.partition('-')[0]}=")
        secret = digest(request.body, secret, settings.check_digest)
    if not hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode()):
        raise NotGenuine
    return path.strip("/")


def digest(body: bytes, secret: str, kind: str) -> str:
    """The HMAC of a body; `kind` is `sha256-hex`, `sha1-base64` and so on."""
    algorithm, _, writing = kind.partition("-")
    raw = hmac.new(secret.encode(), body, algorithm).digest()
    return raw.hex() if writing == "hex" else b64encode(raw).decode("ascii")


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name.lower()), "")


def data_of(request: WebhookRequest) -> Any:
    """A report's data: JSON, a form, or the parameters of the address. Raises NotUnderstood."""
    if not request.body:
        return dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
    text = request.body.decode("utf-8", "replace")
    if text.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise NotUnderstood("The gateway's report is no JSON.") from error
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=1_000))
    except ValueError as error:
        raise NotUnderstood("The gateway's report is no form.") from error


def records(data: Any, settings: GatewaySettings) -> Sequence[Any]:
    """The messages or receipts of a report, one or many. Raises NotUnderstood."""
    listed = found(data, settings.in_list) if settings.in_list else data
    if isinstance(listed, list):
        return listed[:MOST_MESSAGES]
    if isinstance(listed, dict):
        return [listed]
    raise NotUnderstood("The gateway's report has no message where the settings say.")


def arrived(record: Any, settings: GatewaySettings, now: Moment, *, region: str = "") -> MessageArrived:
    """One message; `region` is the house's country, where the settings name none. Raises NotUnderstood when
    nobody sent it."""
    sender, ours, text = (said(record, path) for path in (settings.in_from, settings.in_to, settings.in_text))
    try:
        address = number_or_name(storable(sender), region=settings.region or region or None)
    except Invalid as error:
        raise NotUnderstood("The gateway reported a message of nobody.") from error
    content = Content(text=storable(text))
    if content.is_empty:
        content = Content(text=content.text, problem="empty")
    time = said(record, settings.in_time)
    return MessageArrived(
        external_id=_name(said(record, settings.in_id), (sender, ours, text, time or str(now // (5 * MINUTE)))),
        thread=ThreadKey(f"{address.value}>{one_line(ours, most=60)}"),
        sender=address,
        content=content,
        sent_at=moment(time, now),
    )


def _name(id_given: str, facts: Sequence[str]) -> ExternalId:
    """The gateway's id, else a digest of who wrote what when: the same report twice is the same message.

    Without id and time, two equal messages within the same five minutes are one.
    """
    if id_given:
        return ExternalId(id_given if len(id_given) <= 120 else "long:" + hashlib.sha256(id_given.encode()).hexdigest())
    said_all = "\0".join(facts).encode("utf-8", "replace")
    return ExternalId("sha256:" + hashlib.sha256(said_all).hexdigest())


def moment(text: str, now: Moment) -> Moment:
    """When it was sent: seconds or milliseconds since 1970, or ISO 8601 (UTC when it does not say); else now."""
    try:
        number = float(text)
        when = int(number * 1_000 if number < _SECONDS else number)
    except (ValueError, OverflowError):
        try:
            read = datetime.fromisoformat(text)
            when = int(read.replace(tzinfo=read.tzinfo or UTC).timestamp() * 1_000)
        except (ValueError, OverflowError):
            return now
    return when if 0 < when <= now + 5 * MINUTE else now


def receipt(record: Any, settings: GatewaySettings, now: Moment) -> DeliveryReported | None:
    """How far a message of ours got; none for a status that the settings do not name."""
    known = {name.casefold(): status for name, status in settings.statuses.items()}
    status = known.get(said(record, settings.receipt_status).strip().casefold())
    if status is None:
        return None
    ref = said(record, settings.receipt_ref)
    delivery = int(ref) if ref.isascii() and ref.isdecimal() and len(ref) <= 16 else None
    named = said(record, settings.receipt_id) or (f"ref:{delivery}" if delivery is not None else "")
    if not named:
        return None
    reason = one_line(said(record, settings.receipt_reason), most=200) or "The gateway did not say why."
    return DeliveryReported(
        external_id=ExternalId(named),
        status=DeliveryStatus(status),
        at=now,
        reason=reason if status == "failed" else None,
        delivery=delivery,
    )


def answered_id(body: bytes, settings: GatewaySettings) -> str:
    """The id that an answer gives a message; nothing when it gives none."""
    return one_line(said(_answer(body), settings.answer_id), most=120)


def answered_error(body: bytes, settings: GatewaySettings) -> str:
    """The error of an answer that calls itself a success; nothing when there is none."""
    data = _answer(body)
    error = found(data, settings.answer_error) if settings.answer_error else None
    if isinstance(error, dict | list):
        return one_line(json.dumps(error, ensure_ascii=False), most=200) if error else ""
    text = said(data, settings.answer_error)
    return "" if text.strip().casefold() in _NO_ERROR else one_line(text, most=200)


def _answer(body: bytes) -> Any:
    text = body.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        # Some gateways answer in lines such as `id=5`.
        return dict(parse_qsl(text.strip().replace("\n", "&"), max_num_fields=100)) if "=" in text[:2_000] else {}
