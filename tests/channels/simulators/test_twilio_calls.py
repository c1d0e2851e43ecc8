"""What the stand-in of Twilio does with documents that are not the hub's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from channels.contract import WebhookRequest
from channels.simulators.twilio import HeldTime, How, Line, TwilioCloud
from channels.twilio.signature import genuine_fields
from tests.peers.clock import VirtualClock

OURS, THEIRS, OTHER = "+12025550111", "+12025550100", "+12024561414"


@dataclass
class Site:
    """A web site that answers each path with a document, and notes what it was told."""

    cloud: TwilioCloud
    pages: dict[str, str]
    told: list[dict[str, str]] = field(default_factory=list)

    async def passes(self, seconds: float) -> None:
        await self.cloud.exchange.pass_time(int(seconds * 1_000))


@asynccontextmanager
async def site(**pages: str) -> AsyncIterator[Site]:
    clock = VirtualClock()
    cloud = TwilioCloud(account_sid="AC" + "0" * 32, auth_token="12345", clock=clock)
    cloud.exchange.passing = HeldTime(clock, clock.advance)
    found = Site(cloud, pages)

    async def take(request: web.Request) -> web.Response:
        url = f"http://{request.host}{request.raw_path}"
        fields = genuine_fields(WebhookRequest(url, request.headers, await request.read()), "12345")
        found.told.append({name: values[0] for name, values in fields.items()})
        page = found.pages.get(request.match_info["page"])
        return web.Response(status=404) if page is None else web.Response(text=f"<Response>{page}</Response>")

    app = web.Application()
    app.router.add_post("/{page}", take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    cloud.lines[OURS] = Line(f"{origin}/voice", fallback=f"{origin}/fallback", status=f"{origin}/status")
    try:
        async with cloud.serving():
            yield found
    finally:
        await runner.cleanup()


async def test_words_sounds_and_silence_take_their_time_and_the_call_ends_with_the_document() -> None:
    async with site(voice='<Say>Hello</Say><Pause length="2"/><Play>https://x.example/a.mp3</Play>') as it:
        caller = it.cloud.caller(THEIRS, OURS)
        await it.cloud.exchange.quiet()
        assert caller.hears() == {"Hello"}
        await it.passes(1.5)
        assert caller.hears() == frozenset()
        await it.passes(2)
        assert caller.hears() == {"♪ https://x.example/a.mp3"}
        await it.passes(30)
        assert (caller.is_over, caller.call.seconds) == (True, 33)
        assert it.told[-1]["CallStatus"] == "completed"


async def test_keys_are_gathered_until_there_are_enough_or_one_ends_them() -> None:
    async with site(voice='<Gather action="/next" numDigits="3"><Say>Type.</Say></Gather>', next="<Pause/>") as it:
        caller = it.cloud.caller(THEIRS, OURS)
        await it.cloud.exchange.quiet()
        await caller.press("12#")
        assert it.told[-1]["Digits"] == "12"


async def test_nobody_presses_anything_and_the_document_goes_on() -> None:
    async with site(voice='<Gather action="/next"/><Say>Goodbye.</Say>') as it:
        caller = it.cloud.caller(THEIRS, OURS)
        await it.passes(5.5)
        assert caller.hears() == {"Goodbye."}


async def test_a_line_plays_its_wait_document_over_and_over() -> None:
    async with site(voice='<Enqueue waitUrl="/wait">sales</Enqueue>', wait="<Say>Please wait.</Say>") as it:
        caller = it.cloud.caller(THEIRS, OURS)
        await it.passes(5)
        assert caller.heard.count("Please wait.") >= 5


@pytest.mark.parametrize(("how", "hears"), [(How.ANSWERS, {OTHER}), (How.DECLINES, {"Sorry."})])
async def test_a_document_puts_a_caller_through_to_a_number(how: How, hears: set[str]) -> None:
    async with site(voice=f"<Dial><Number>{OTHER}</Number></Dial><Say>Sorry.</Say>") as it:
        it.cloud.exchange.dials[OTHER] = how
        caller = it.cloud.caller(THEIRS, OURS)
        await it.cloud.exchange.quiet()
        assert caller.hears() == hears
        if how is How.ANSWERS:
            await it.cloud.leg(OTHER).hang_up()
            assert caller.hears() == {"Sorry."}


async def test_who_is_rejected_was_never_answered() -> None:
    async with site(voice='<Reject reason="busy"/>') as it:
        caller = it.cloud.caller(THEIRS, OURS)
        await it.cloud.exchange.quiet()
        assert (caller.call.status, caller.call.started_at) == ("busy", None)


async def test_a_site_that_has_no_document_is_asked_for_its_fallback() -> None:
    async with site(fallback="<Say>We are back soon.</Say>") as it:
        caller = it.cloud.caller(THEIRS, OURS)
        await it.cloud.exchange.quiet()
        assert caller.hears() == {"We are back soon."}
        assert it.told[-1]["ErrorCode"] == "11200"


async def test_without_a_fallback_there_is_an_error_and_an_end() -> None:
    async with site() as it:
        caller = it.cloud.caller(THEIRS, OURS)
        await it.cloud.exchange.quiet()
        assert (caller.heard, caller.is_over) == (["An application error has occurred."], True)


async def test_a_recording_is_a_sound_as_long_as_what_was_recorded() -> None:
    async with site(voice='<Record action="/next" maxLength="10"/>', next="<Say>Thanks.</Say>") as it:
        caller = it.cloud.caller(THEIRS, OURS)
        await it.passes(4)
        await caller.press("#")
        assert caller.hears() == {"Thanks."}
        assert it.told[-1]["RecordingDuration"] == "4"
        recording = it.cloud.exchange.recordings[0]
        assert recording.recorded == 4_000


async def test_reports_that_are_held_back_come_in_the_order_that_is_asked_for() -> None:
    async with site(voice="<Pause length='5'/>", status="") as it:
        it.cloud.exchange.habits.held = True
        callers = [it.cloud.caller(THEIRS, OURS) for _ in range(2)]
        await it.passes(1)
        for caller in callers:
            await caller.hang_up()
        assert not [said for said in it.told if "SequenceNumber" in said]
        await it.cloud.exchange.release(lambda kept: kept[::-1])
        told = [said["CallSid"] for said in it.told if "SequenceNumber" in said]
        assert told == [callers[1].sid, callers[0].sid]
