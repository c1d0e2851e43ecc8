from __future__ import annotations

import asyncio
from urllib.parse import urlencode

import aiohttp
import pytest

from channels.contract import (
    AccountBroken,
    NotGenuine,
    NotUnderstood,
    Refused,
    TryLater,
    Unclear,
    WebhookRequest,
)
from channels.simulators.twilio import Answer, Service
from channels.sms import MANIFEST
from crm_core.words.addresses import TEL, Address
from crm_core.words.content import Content, DeliveryStatus, FileRef, Place, ReachState, ThreadKey
from crm_core.words.texting import SENDER
from tests.channels.twilio.bench import ACCOUNT, OURS, THEIRS, TOKEN, inbound, outbound, webhook, world
from tests.channels.twilio.corpus import corpus, strings
from tests.channels.twilio.door import Door

SERVICE = "MG" + "0" * 32


# --- in -----------------------------------------------------------------------------------------


async def test_a_message_arrives_with_who_wrote_it_and_where_an_answer_goes() -> None:
    async with world(MANIFEST, {}) as it:
        sid, status = await it.cloud.phone(THEIRS).text(OURS, "Hello")
        (message,) = it.arrived
    assert status == 200
    assert (message.external_id, message.sender, message.thread) == (sid, Address(TEL, THEIRS), f"{THEIRS}>{OURS}")
    assert (message.content.text, message.content.problem) == ("Hello", None)


@pytest.mark.parametrize(("sender", "address"), [("BANK", "BANK"), ("12345", "12345")])
async def test_a_name_or_a_short_code_is_nobody_to_write_back_to(sender: str, address: str) -> None:
    async with world(MANIFEST, {}) as it:
        await it.channel.receive(webhook(inbound(**{"From": sender})), it.recorder)
        assert it.arrived[0].sender == Address(SENDER, address)
        with pytest.raises(Refused):
            await it.channel.send(outbound(to=it.arrived[0].sender))


async def test_an_empty_message_is_shown_as_one() -> None:
    async with world(MANIFEST, {}) as it:
        await it.channel.receive(webhook(inbound("")), it.recorder)
    assert it.arrived[0].content.problem == "empty"


async def test_text_with_zero_bytes_half_characters_and_direction_marks_is_storable() -> None:
    async with world(MANIFEST, {}) as it:
        await it.channel.receive(webhook(inbound("a\0b\u202ec" + "x" * 1_600)), it.recorder)
        raw = urlencode(inbound(sid="SM2")).encode().replace(b"Hello", b"%ED%A0%80")
        door = Door(TOKEN)
        await it.channel.receive(door.signed(raw), it.recorder)
    assert it.arrived[0].content.text.startswith("a\u2400b\u202ec")
    it.arrived[1].content.text.encode("utf-8")


async def test_a_webhook_by_get_is_a_message_too() -> None:
    async with world(MANIFEST, {}) as it:
        await it.channel.receive(Door(TOKEN).get(inbound()), it.recorder)
    assert it.arrived[0].content.text == "Hello"


async def test_the_same_request_a_hundred_times_at_once_names_one_message() -> None:
    async with world(MANIFEST, {}) as it:
        replies = await asyncio.gather(*(it.channel.receive(webhook(inbound()), it.recorder) for _ in range(100)))
    assert {reply.status for reply in replies} == {200}
    assert {message.external_id for message in it.arrived} == {"SM" + "1" * 32}


async def test_the_same_name_with_other_words_is_acknowledged_and_nothing_else_follows() -> None:
    async with world(MANIFEST, {}) as it:
        door = Door(TOKEN)
        first = await it.channel.receive(webhook(inbound("Hello")), door)
        second = await it.channel.receive(webhook(inbound("STOP")), door)
    assert (first.status, second.status) == (200, 200)
    assert [event.content.text for event in door.messages] == ["Hello"]
    assert not door.reaches


async def test_json_without_its_digest_is_refused() -> None:
    async with world(MANIFEST, {}) as it:
        request = WebhookRequest("https://hub.example/in/pub-key", {"Content-Type": "application/json"}, b"{}")
        with pytest.raises(NotGenuine):
            await it.channel.receive(request, it.recorder)
        signed = Door(TOKEN).signed(b"{}", kind="application/json")
        with pytest.raises(NotGenuine):
            await it.channel.receive(signed, it.recorder)
    assert not it.events


async def test_an_address_that_means_nothing_is_not_understood() -> None:
    async with world(MANIFEST, {}) as it:
        with pytest.raises(NotUnderstood):
            await it.channel.receive(webhook(inbound(), path="voice"), it.recorder)


# --- wishes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "more", "state"),
    [
        ("STOP", {}, ReachState.OPTED_OUT),
        ("стоп", {}, ReachState.OPTED_OUT),
        ("退订", {}, ReachState.OPTED_OUT),
        ("CANCEL", {}, ReachState.OPTED_OUT),
        ("No more", {"OptOutType": "STOP"}, ReachState.OPTED_OUT),
        ("START", {}, ReachState.OK),
        ("Again", {"OptOutType": "START"}, ReachState.OK),
    ],
)
async def test_who_wants_no_messages_is_heard_and_shown(body: str, more: dict[str, str], state: ReachState) -> None:
    async with world(MANIFEST, {}) as it:
        await it.channel.receive(webhook(inbound(body, **more)), it.recorder)
    assert [message.content.text for message in it.arrived] == [body]
    assert [(reach.address, reach.state) for reach in it.reaches] == [(Address(TEL, THEIRS), state)]


@pytest.mark.parametrize(
    ("body", "more", "opt_out", "answer"),
    [
        ("HELP", {"OptOutType": "HELP"}, "twilio", ""),
        ("please stop calling", {"OptOutType": "HELP"}, "hub", ""),
        ("HELP", {}, "twilio", ""),
        ("INFO", {}, "twilio", ""),
        ("HELP", {}, "hub", "Ours: STOP ends it."),
        ("допомога", {}, "twilio", "Ours: STOP ends it."),
        ("INFO", {}, "hub", None),
        ("please help", {}, "hub", None),
    ],
)
async def test_a_plea_for_help_is_told_as_one_with_what_is_still_to_be_answered(
    body: str, more: dict[str, str], opt_out: str, answer: str | None
) -> None:
    async with world(MANIFEST, {"opt_out": opt_out, "help_text": "Ours: STOP ends it."}) as it:
        await it.channel.receive(webhook(inbound(body, **more)), it.recorder)
    (message,) = it.arrived
    assert message.help == answer
    assert not it.reaches


async def test_who_asks_for_help_is_told_the_name_of_the_account_unless_something_else_is_set() -> None:
    async with world(MANIFEST, {"opt_out": "hub"}) as it:
        await it.channel.receive(webhook(inbound("HELP")), it.recorder)
    (message,) = it.arrived
    assert message.help is not None
    assert "{name}" not in message.help
    assert "STOP" in message.help


async def test_cancel_is_a_word_like_others_where_the_hub_keeps_the_list() -> None:
    async with world(MANIFEST, {"opt_out": "hub"}) as it:
        await it.channel.receive(webhook(inbound("Cancel")), it.recorder)
    assert it.arrived
    assert not it.reaches


async def test_whoever_opted_out_is_not_written_to() -> None:
    async with world(MANIFEST, {}) as it:
        await it.cloud.phone(THEIRS).text(OURS, "STOP")
        with pytest.raises(Refused, match="opted out") as refused:
            await it.channel.send(outbound())
    assert refused.value.reach is ReachState.OPTED_OUT


# --- out ----------------------------------------------------------------------------------------


async def test_a_message_reaches_the_phone_and_its_receipts_come_back() -> None:
    async with world(MANIFEST, {}) as it:
        sent = await it.channel.send(outbound("Good morning", delivery=77))
        await it.cloud.settled()
        (received,) = it.cloud.phone(THEIRS).received
    assert (received.sid, received.body, received.sender) == (sent.external_ids[0], "Good morning", OURS)
    assert [report.delivery for report in it.reports] == [77, 77, 77]
    assert [report.status for report in it.reports] == ["sent", "sent", "delivered"]
    assert {report.external_id for report in it.reports} == {received.sid}


async def test_receipts_in_any_order_and_twice_report_only_how_far_it_got() -> None:
    async with world(MANIFEST, {}) as it:
        it.cloud.manner.shuffled = it.cloud.manner.twice = True
        await it.channel.send(outbound())
        await it.cloud.settled()
    furthest = it.reports[0].status
    for report in it.reports:
        furthest = report.status if report.status.outranks(furthest) else furthest
    assert len(it.reports) == 6
    assert furthest is DeliveryStatus.DELIVERED


async def test_a_failure_says_why_in_words() -> None:
    async with world(MANIFEST, {}) as it:
        it.cloud.unreachable[THEIRS] = 30006
        await it.channel.send(outbound())
        await it.cloud.settled()
    last = it.reports[-1]
    assert last.status is DeliveryStatus.FAILED
    assert last.reason
    assert "landline" in last.reason


async def test_a_failure_for_an_opt_out_is_one() -> None:
    fields = {"MessageSid": "SM3", "MessageStatus": "failed", "ErrorCode": "21610", "To": THEIRS, "From": OURS}
    async with world(MANIFEST, {}) as it:
        await it.channel.receive(webhook(fields, path="status"), it.recorder)
    assert [(r.address.value, r.state) for r in it.reaches] == [(THEIRS, ReachState.OPTED_OUT)]
    # First of all, since a failure may have the message go another way.
    assert it.events[0] == it.reaches[0]


@pytest.mark.parametrize("ref", ["", "x", "9" * 30, "-1", "١٢"])
async def test_a_reference_that_is_none_of_ours_is_left_out(ref: str) -> None:
    fields = {"MessageSid": "SM3", "MessageStatus": "delivered", "To": THEIRS, "From": OURS}
    async with world(MANIFEST, {}) as it:
        await it.channel.receive(webhook(fields, path="status", query=urlencode({"ref": ref})), it.recorder)
    assert it.reports[0].delivery is None


async def test_a_status_nobody_has_heard_of_is_acknowledged_and_changes_nothing() -> None:
    fields = {"MessageSid": "SM3", "MessageStatus": "teleported", "To": THEIRS, "From": OURS}
    async with world(MANIFEST, {}) as it:
        reply = await it.channel.receive(webhook(fields, path="status"), it.recorder)
    assert reply.status == 200
    assert not it.events


async def test_a_reply_of_a_service_goes_out_by_the_number_they_wrote_to() -> None:
    async with world(MANIFEST, {}, sender=SERVICE) as it:
        it.cloud.numbers = {}
        it.cloud.services[SERVICE] = Service(SERVICE, ["+14155550222", OURS])
        await it.channel.send(outbound())
        await it.channel.send(outbound(thread=ThreadKey("")))
        first, second = it.cloud.phone(THEIRS).received
    assert (first.sender, first.service) == (OURS, SERVICE)
    assert (second.sender, second.service) == ("+14155550222", SERVICE)


async def test_files_go_out_as_links_and_a_place_as_words() -> None:
    content = Content(
        text="Here", files=(FileRef(4), FileRef(5)), place=Place(latitude=50.45, longitude=30.52, title="Kyiv")
    )
    async with world(MANIFEST, {}) as it:
        await it.channel.send(outbound(content=content))
        (received,) = it.cloud.phone(THEIRS).received
    assert received.media_urls == ("https://files.example/files/4", "https://files.example/files/5")
    assert received.body == "Here\nKyiv\ngeo:50.450000,30.520000"


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (Answer.SERVER_ERROR, Unclear),
        (Answer.CUT, Unclear),
        (Answer.SLOW_DOWN, TryLater),
        (Answer.UNAUTHORISED, AccountBroken),
        (Answer.SUSPENDED, AccountBroken),
        (Answer.FORBIDDEN_COUNTRY, Refused),
    ],
)
async def test_each_answer_has_its_consequence(answer: Answer, failure: type[Exception]) -> None:
    async with world(MANIFEST, {}) as it:
        it.cloud.answers.append(answer)
        with pytest.raises(failure) as raised:
            await it.channel.send(outbound())
    if isinstance(raised.value, TryLater):
        assert raised.value.after_ms == 7_000


async def test_when_twilio_is_away_nothing_was_sent() -> None:
    async with world(MANIFEST, {"api_origin": "http://127.0.0.1:9"}) as it:
        with pytest.raises(TryLater):
            await it.channel.send(outbound())


# --- the corpus ---------------------------------------------------------------------------------


async def test_every_message_of_the_corpus_is_taken_and_explained() -> None:
    requests = [r for r in corpus("webhook_payloads.json") if r["name"].startswith(("sms", "mms", "msg", "whatsapp"))]
    async with world(MANIFEST, {"account_sid": ACCOUNT, "auth_token": requests[0]["auth_token"]}) as it:
        for one in requests:
            headers = {"Content-Type": one["content_type"], "X-Twilio-Signature": one["x_twilio_signature"]}
            path = "status" if one["name"].startswith("msg") else ""
            body = urlencode(one["params"]).encode()
            reply = await it.channel.receive(WebhookRequest(one["url"], headers, body, path), it.recorder)
            assert reply.status == 200
            assert MANIFEST.explain is not None
            assert MANIFEST.explain(body)["kind"] == ("receipt" if path and "teleported" not in str(one) else "message")
    assert len(requests) == len(it.arrived) + len(it.reports) + 1
    assert all(not asked[2] or asked[1].startswith("/2010") for asked in it.cloud.asked)


def test_what_is_no_payload_is_explained_as_such() -> None:
    explain = MANIFEST.explain
    assert explain is not None
    for rubbish in (b"", b"{", b"\xff\xfe", b"[1]", b'{"a": {"b": 1}}', b"From=&MessageSid=SM1"):
        assert explain(rubbish)["kind"] == "unknown"


async def test_the_account_is_examined_step_by_step() -> None:
    async with world(MANIFEST, {}) as it, aiohttp.ClientSession() as http:
        examine, tools = MANIFEST.examine, it.bench.tools(http)
        assert examine is not None
        assert [(f.step, f.problem) for f in await examine(it.account, tools)] == [
            ("credentials", None),
            ("sender", None),
            ("webhook", None),
        ]
        it.cloud.numbers[OURS] = "https://elsewhere.example"
        assert (await examine(it.account, tools))[-1].problem == "missing"
        del it.cloud.numbers[OURS]
        assert [(f.step, f.problem) for f in await examine(it.account, tools)][-1] == ("sender", "missing")
        it.cloud.account_status = "suspended"
        assert (await examine(it.account, tools))[-1].problem == "denied"
        it.cloud.auth_token = "changed"
        assert [(f.step, f.problem) for f in await examine(it.account, tools)] == [("credentials", "password")]


async def test_naughty_words_are_messages_like_others() -> None:
    naughty = [text for text in strings("blns.json") if text.strip()]
    async with world(MANIFEST, {}) as it:
        for number, text in enumerate(naughty):
            await it.channel.receive(webhook(inbound(text, sid=f"SM{number}")), it.recorder)
    assert [m.content.text for m in it.arrived] == [text.replace("\0", "\u2400") for text in naughty]
