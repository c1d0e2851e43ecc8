from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import ClassVar

import pytest
from pydantic import ValidationError

from channels.conformance import ListensConformance, Recorder, WebhookConformance
from channels.contract import CallArrived, CarriesCalls, Channel, Problem, TakesWebhooks, WebhookRequest
from channels.simulators.twilio import Line
from channels.voice import MANIFEST
from channels.voice.settings import VoiceSettings
from tests.channels.voice.bench import KEY, KNOWN, OURS, ringing, town, webhook


class TestPhone(WebhookConformance, ListensConformance):
    kind: ClassVar[str] = "voice"
    settings = KNOWN

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Channel]:  # type: ignore[override]
        async with town() as it:
            yield it.channel

    def genuine(self) -> WebhookRequest:
        return webhook(ringing())

    def forged(self) -> Sequence[WebhookRequest]:
        right = self.genuine()
        return [
            replace(right, headers={}),
            replace(right, body=right.body.replace(b"ringing", b"busy")),
            replace(right, url=right.url + "/other"),
            webhook(ringing(), token="another"),
        ]

    def unknown(self) -> WebhookRequest:
        return webhook(ringing(), path="levitate")

    async def test_the_same_payload_twice_names_the_same_message(self) -> None:
        """A call, here."""
        recorder = Recorder()
        async with self.open() as channel:
            assert isinstance(channel, TakesWebhooks)
            for _ in range(2):
                assert (await channel.receive(self.genuine(), recorder)).status == 200
        named = [event.external_id for event in recorder.events if isinstance(event, CallArrived)]
        assert len(named) >= 2
        assert len(set(named)) == 1

    async def test_nothing_is_acknowledged_that_was_not_stored(self) -> None:
        """A caller cannot be told to come back: they are asked for patience, and Twilio to ask the same again."""
        recorder = Recorder()
        recorder.failing = True
        async with self.open() as channel:
            assert isinstance(channel, TakesWebhooks)
            reply = await channel.receive(self.genuine(), recorder)
        assert '<Redirect method="POST">' in reply.body
        assert "again=1" in reply.body

    async def test_it_carries_calls(self) -> None:
        async with self.open() as channel:
            assert isinstance(channel, CarriesCalls)
            assert channel.calling.dials_numbers
            assert channel.calling.number == OURS
            assert channel.calling.dial_plan is not None
            assert channel.calling.dial_plan.countries == {"US"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": "12345"},
        {"number": "sip:x"},
        {"countries": ["Poland"]},
        {"prefixes": ["44"]},
        {"forbidden": ["+x"]},
        {"music": "file:///etc/passwd"},
        {"agent_minute": 0},
        {"day_cost": -1},
        {"api_sid": "SK" + "a" * 32},
    ],
)
def test_what_can_never_work_is_said_when_it_is_saved(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        VoiceSettings.model_validate({**KNOWN, **wrong})


def test_countries_and_prefixes_are_read_as_people_write_them() -> None:
    settings = VoiceSettings.model_validate({**KNOWN, "countries": ["pl", " UA ", ""], "prefixes": ["+44 (20)"]})
    plan = settings.dial_plan("PL")
    assert (plan.countries, plan.allowed, plan.region) == ({"PL", "UA"}, ("+4420",), "PL")


async def _examined(lines: dict[str, Line], **settings: object) -> list[tuple[str, Problem | None]]:
    async with town(dict(settings)) as it:
        right = it.cloud.lines[OURS]
        it.cloud.lines.clear()
        it.cloud.lines.update({number: replace(line, url=line.url or right.url) for number, line in lines.items()})
        assert MANIFEST.examine is not None
        found = await MANIFEST.examine(it.account, it.bench.tools(it.http))
        return [(one.step, one.problem) for one in found]


async def test_the_settings_are_tried_out() -> None:
    async with town(KEY) as it:
        assert MANIFEST.examine is not None
        it.cloud.auth_token = "another"
        refused = await MANIFEST.examine(it.account, it.bench.tools(it.http))
    assert [(one.step, one.problem) for one in refused] == [("credentials", Problem.PASSWORD)]
    async with town() as it:
        found = await MANIFEST.examine(it.account, it.bench.tools(it.http))
    steps = ["credentials", "number", "webhook", "fallback", "status", "browser"]
    assert [(one.step, one.problem) for one in found] == [(step, None) for step in steps]
    assert await _examined({}) == [("credentials", None), ("number", Problem.MISSING), ("browser", None)]
    half = await _examined({OURS: Line("")})
    assert half[2:5] == [("webhook", None), ("fallback", Problem.MISSING), ("status", Problem.MISSING)]
    astray = await _examined({OURS: Line("https://elsewhere.example", fallback="https://bin.example")})
    assert astray[2:4] == [("webhook", Problem.MISSING), ("fallback", None)]
