from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode

import aiohttp
import pytest
from aiohttp import web

from channels.conformance import Fault, Recorder, SendsConformance, WebhookConformance
from channels.contract import (
    AccountBroken,
    Channel,
    ChannelEvent,
    DeliveryReported,
    MessageArrived,
    NotGenuine,
    NotUnderstood,
    Refused,
    Sends,
    Sent,
    Stored,
    TryLater,
    Unclear,
    WebhookRequest,
)
from channels.gateway import MANIFEST
from channels.gateway.parse import receipt
from channels.gateway.settings import GatewaySettings
from crm_core.words.addresses import TEL, Address
from crm_core.words.content import Content, DeliveryStatus, Place, ReachState
from crm_core.words.errors import Invalid
from crm_core.words.texting import SENDER
from tests.channels.gateway.provider import SECRET, SETTINGS, Provider, outbound, world

NOW = 1_767_603_600_000
URL = "https://hub.example/in/pub-key"


def report(data: Any, *, path: str = SECRET, query: str = "", form: bool = False, **headers: str) -> WebhookRequest:
    body = urlencode(data).encode() if form else json.dumps(data).encode()
    return WebhookRequest(f"{URL}/{path}" + (f"?{query}" if query else ""), headers, body, path)


INBOUND = {"id": "m1", "from": "+380441234567", "to": "8808", "text": "Добрий день", "time": "2026-01-05T08:59:00Z"}


class TestGateway(SendsConformance, WebhookConformance):
    kind = "gateway"
    settings = SETTINGS
    provider: Provider

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Channel]:
        async with world() as it:
            self.provider = it.provider
            yield it.channel

    def open(self) -> AbstractAsyncContextManager[Channel]:
        return self._open()

    async def send(self, channel: Channel, *, fault: Fault | None) -> Sent:
        assert isinstance(channel, Sends)
        if fault is Fault.SILENT:
            self.provider.cuts = 1
        elif fault is not None:
            status = {Fault.UNAUTHORISED: 401, Fault.TOO_MANY: 429, Fault.REFUSED: 422}[fault]
            self.provider.answers.append(lambda: web.Response(status=status))
        return await channel.send(outbound())

    def genuine(self) -> WebhookRequest:
        return report(INBOUND)

    def forged(self) -> Sequence[WebhookRequest]:
        right = self.genuine()
        wrong = ["", "status", SECRET + "x", SECRET[:-1], "x/" + SECRET, "ü"]
        return [replace(right, path=path) for path in wrong]

    def unknown(self) -> WebhookRequest:
        return report({"event": "balance_low"})


# --- out ----------------------------------------------------------------------------------------


async def test_json_is_filled_in_where_no_word_can_break_out() -> None:
    text = 'He said "hi" \\ {to} 🐎\n'
    async with world(body='{"to": "{to}", "sms": {"text": "{text}", "n": 5}, "ref": "{id}"}') as it:
        sent = await it.channel.send(outbound(text))
        (asked,) = it.provider.asked
    assert json.loads(asked.body) == {"to": "+380441234567", "sms": {"text": text, "n": 5}, "ref": "5"}
    assert sent.external_ids == ("g-1",)


async def test_a_form_and_an_address_are_quoted() -> None:
    text = "a&to=+1 b=c #d"
    async with world(url="{origin}/send/{id}?from={from}", body_kind="form", body="to={to}&text={text}") as it:
        await it.channel.send(outbound(text))
        (asked,) = it.provider.asked
    assert parse_qs(asked.body) == {"to": ["+380441234567"], "text": [text]}
    assert asked.path == "/send/5?from=Shop"


async def test_a_get_says_everything_in_its_address() -> None:
    url = "{origin}/api?login=shop&psw={secret}&phones={to}&mes={text}"
    async with world(
        url=url, method="GET", body_kind="none", auth_secret="p&w", number_kind="380441234567", answer_id=""
    ) as it:
        sent = await it.channel.send(outbound("Привіт & bye", delivery=12))
        (asked,) = it.provider.asked
    said = parse_qs(asked.path.partition("?")[2])
    assert said == {"login": ["shop"], "psw": ["p&w"], "phones": ["380441234567"], "mes": ["Привіт & bye"]}
    assert sent.external_ids == ("ref:12",)


@pytest.mark.parametrize(
    ("settings", "header"),
    [
        ({"auth": "basic", "auth_name": "shop"}, ("Authorization", "Basic " + b64encode(b"shop:hush").decode())),
        ({"auth": "bearer"}, ("Authorization", "Bearer hush")),
        ({"auth": "header", "auth_name": "X-Api-Key"}, ("X-Api-Key", "hush")),
        ({"headers": ["X-Route: a:b"]}, ("X-Route", "a:b")),
    ],
)
async def test_it_signs_in_as_the_settings_say(settings: dict[str, Any], header: tuple[str, str]) -> None:
    async with world(auth_secret="hush", **settings) as it:
        await it.channel.send(outbound())
        assert it.provider.asked[0].headers[header[0]] == header[1]


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (lambda: web.Response(status=500), Unclear),
        (lambda: web.Response(status=403), AccountBroken),
        (lambda: web.Response(status=429, headers={"Retry-After": "9"}), TryLater),
        (lambda: web.Response(status=302, headers={"Location": "http://169.254.169.254/"}), Refused),
        (lambda: web.json_response({"error": {"code": 7}}), Refused),
        (lambda: web.json_response({"error": "no credit"}), Refused),
    ],
)
async def test_each_answer_has_its_consequence(answer: Callable[[], web.Response], failure: type[Exception]) -> None:
    async with world(answer_error="error") as it:
        it.provider.answers.append(answer)
        with pytest.raises(failure) as raised:
            await it.channel.send(outbound())
    assert len(it.provider.asked) == 1
    if isinstance(raised.value, TryLater):
        assert raised.value.after_ms == 9_000


async def test_an_error_of_nothing_is_none() -> None:
    async with world(answer_error="error", answer_id="id") as it:
        it.provider.answers += [
            lambda: web.json_response({"error": 0, "id": 7}),
            lambda: web.Response(text="id=8\nerror=0"),
            lambda: web.Response(text="accepted"),
        ]
        sent = [(await it.channel.send(outbound())).external_ids[0] for _ in range(3)]
    assert sent == ["7", "8", "ref:5"]


async def test_when_the_gateway_is_away_nothing_was_sent() -> None:
    async with world(url="http://127.0.0.1:9/send") as it:
        with pytest.raises(TryLater):
            await it.channel.send(outbound())


async def test_nobody_and_nothing_are_refused() -> None:
    async with world() as it:
        with pytest.raises(Refused):
            await it.channel.send(outbound(address=Address(SENDER, "BANK")))
        with pytest.raises(Refused):
            await it.channel.send(outbound(""))
        await it.channel.send(outbound(content=Content(place=Place(latitude=1, longitude=2, title="Here"))))
    assert "geo:1.000000,2.000000" in it.provider.asked[0].body


async def test_a_gateway_that_recognises_ids_may_be_asked_twice() -> None:
    async with world(recognises_id=True) as it:
        assert it.channel.capabilities.dedupes_sends


# --- in -----------------------------------------------------------------------------------------


async def _heard(request: WebhookRequest, **settings: Any) -> Recorder:
    recorder = Recorder()
    async with world(**settings) as it:
        reply = await it.channel.receive(request, recorder)
        assert (reply.status, reply.body) == (200, "OK")
    return recorder


async def test_a_report_is_a_message() -> None:
    (message,) = (await _heard(report(INBOUND))).events
    assert isinstance(message, MessageArrived)
    assert (message.external_id, message.sender) == ("m1", Address(TEL, "+380441234567"))
    assert (message.content.text, message.sent_at) == ("Добрий день", NOW - 60_000)


async def test_many_messages_come_in_one_report() -> None:
    data = {"results": {"items": [{**INBOUND, "id": 1}, {**INBOUND, "id": 2, "from": "0441234568"}]}}
    heard = await _heard(report(data), in_list="results.items")
    assert heard.external_ids == ["1", "2"]
    assert [e.sender.value for e in heard.events if isinstance(e, MessageArrived)] == ["+380441234567", "+380441234568"]


class Narrow(Recorder):
    """A hub that takes long messages only with their original beside them, and one not even so."""

    async def __call__(self, event: ChannelEvent, /) -> Stored:
        assert isinstance(event, MessageArrived)
        text = event.content.text
        if len(text) > 10 and (event.raw is None or text.startswith("never")):
            raise Invalid("The message is longer than 10 characters.")
        return await super().__call__(event)


async def test_one_record_that_does_not_fit_does_not_keep_the_others_out() -> None:
    long, never = {**INBOUND, "id": "2", "text": "long " * 9}, {**INBOUND, "id": "3", "text": "never " * 9}
    short = {**INBOUND, "text": "hi"}
    hub = Narrow()
    async with world(in_list="items") as it:
        reply = await it.channel.receive(report({"items": [long, short]}), hub)
        assert reply.status == 200
        told = [e for e in hub.events if isinstance(e, MessageArrived)]
        assert [(e.external_id, e.raw is not None) for e in told] == [("2", True), ("m1", False)]
        assert json.loads(next(iter(it.bench.files.contents.values()))) == long
        with pytest.raises(NotUnderstood):
            await it.channel.receive(report({"items": [never, {**short, "id": "4"}]}), hub)
    assert hub.external_ids == ["2", "m1", "4"]


async def test_one_record_that_nobody_understands_does_not_keep_the_others_out() -> None:
    recorder = Recorder()
    async with world(in_list="items") as it:
        with pytest.raises(NotUnderstood):
            await it.channel.receive(
                report({"items": [{**INBOUND, "id": 1}, {"x": 1}, {**INBOUND, "id": 3}]}), recorder
            )
    assert recorder.external_ids == ["1", "3"]


async def test_a_form_and_a_get_are_read_too() -> None:
    assert (await _heard(report(INBOUND, form=True))).external_ids == ["m1"]
    request = WebhookRequest(f"{URL}/{SECRET}?{urlencode(INBOUND)}", {}, b"", SECRET)
    assert (await _heard(request)).external_ids == ["m1"]


async def test_without_an_id_the_same_report_is_the_same_message() -> None:
    nameless = {key: value for key, value in INBOUND.items() if key != "id"}
    once, again = await _heard(report(nameless)), await _heard(report(nameless))
    other = await _heard(report({**nameless, "text": "Інше"}))
    assert once.external_ids == again.external_ids != other.external_ids


@pytest.mark.parametrize(
    ("settings", "given"),
    [
        ({"check": "header", "check_name": "X-Secret"}, lambda body: ({"x-secret": SECRET}, "")),
        ({"check": "query", "check_name": "key"}, lambda body: ({}, f"key={SECRET}")),
        (
            {"check": "hmac", "check_name": "X-Sign"},
            lambda body: ({"X-Sign": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}, ""),
        ),
        (
            {"check": "hmac", "check_name": "X-Sign", "check_digest": "sha1-base64"},
            lambda body: ({"X-Sign": b64encode(hmac.new(SECRET.encode(), body, hashlib.sha1).digest()).decode()}, ""),
        ),
    ],
)
async def test_a_report_proves_itself_as_the_settings_say(
    settings: dict[str, str], given: Callable[[bytes], tuple[dict[str, str], str]]
) -> None:
    body = json.dumps(INBOUND).encode()
    headers, query = given(body)
    request = WebhookRequest(URL + (f"?{query}" if query else ""), headers, body, "")
    assert (await _heard(request, **settings)).external_ids == ["m1"]
    async with world(**settings) as it:
        for forged in (replace(request, headers={}, url=URL), replace(request, headers={}, url=f"{URL}?key=x")):
            with pytest.raises(NotGenuine):
                await it.channel.receive(forged, Recorder())
        if settings["check"] == "hmac":
            with pytest.raises(NotGenuine):
                await it.channel.receive(replace(request, body=body + b" "), Recorder())


async def test_who_wants_no_messages_is_heard() -> None:
    heard = await _heard(report({**INBOUND, "text": "СТОП"}))
    assert [e.reach for e in heard.events if isinstance(e, MessageArrived)] == [ReachState.OPTED_OUT]


async def test_a_receipt_says_how_far_a_message_got() -> None:
    data = [{"id": "g-1", "status": "DELIVRD"}, {"id": "g-2", "status": "undeliv", "ref": "41", "why": "Absent"}]
    heard = await _heard(
        report({"list": [*data, {"id": "g-3", "status": "??"}]}, path=f"{SECRET}/status"),
        in_list="list",
        receipt_reason="why",
    )
    told = [(e.external_id, e.status, e.reason, e.delivery) for e in heard.events if isinstance(e, DeliveryReported)]
    assert told == [
        ("g-1", DeliveryStatus.DELIVERED, None, None),
        ("g-2", DeliveryStatus.FAILED, "Absent", 41),
    ]


def test_a_receipt_that_names_only_our_reference_names_the_message() -> None:
    settings = GatewaySettings(**SETTINGS)
    told = receipt({"ref": "12", "status": "sent"}, settings, NOW)
    assert told is not None
    assert (told.external_id, told.delivery) == ("ref:12", 12)
    assert receipt({"status": "sent"}, settings, NOW) is None


@pytest.mark.parametrize("body", [b"[1, 2]", b"{", b"[[[[", b"5", b"null", b"\xff", b"[" * 100_000, b"{}"])
async def test_rubbish_is_no_crash(body: bytes) -> None:
    async with world() as it:
        with pytest.raises(NotUnderstood):
            await it.channel.receive(WebhookRequest(URL, {}, body, SECRET), Recorder())


async def test_the_gateway_is_examined_without_sending() -> None:
    examine = MANIFEST.examine
    assert examine is not None
    async with world() as it, aiohttp.ClientSession() as http:
        tools = it.bench.tools(http)
        assert [(f.step, f.problem) for f in await examine(it.account, tools)] == [
            ("server", None),
            ("credentials", None),
        ]
        away = GatewaySettings(**{**SETTINGS, "url": "http://127.0.0.1:9/send"})
        assert (await examine(replace(it.account, settings=away), tools))[0].problem == "unreachable"
        nowhere = GatewaySettings(**{**SETTINGS, "url": "https://gateway.invalid/send"})
        assert (await examine(replace(it.account, settings=nowhere), tools))[0].problem == "name"
        plain = GatewaySettings(**{**SETTINGS, "url": it.provider.origin.replace("http:", "https:") + "/send"})
        assert (await examine(replace(it.account, settings=plain), tools))[0].problem == "tls"
    assert not it.provider.asked


async def test_a_plea_for_help_is_told_with_the_accounts_answer() -> None:
    recorder = Recorder()
    async with world(help_text="{name}: STOP ends it.") as it:
        for number, text in enumerate(("HELP", "Допомога", "help me")):
            await it.channel.receive(report({**INBOUND, "id": f"h{number}", "text": text}), recorder)
    said = f"{it.account.name}: STOP ends it."
    assert [e.help for e in recorder.events if isinstance(e, MessageArrived)] == [said, said, None]
