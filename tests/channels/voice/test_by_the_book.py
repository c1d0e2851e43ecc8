"""What we ask of Twilio about calls, and what the stand-in answers, judged by Twilio's own document."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import aiohttp
import pytest

from channels.contract import Refused
from channels.simulators.twilio import Answer, HeldTime, How, Line, TwilioCloud
from channels.twilio.calls import CallsApi, Invitation, NotLive
from channels.twilio.client import authorization
from channels.voice.settings import VoiceSettings
from tests.channels.voice.bench import ACCOUNT, KNOWN, OTHER, OURS, TOKEN
from tests.peers.children import free_port
from tests.peers.clock import VirtualClock
from tests.peers.prism import PrismServer

HERE = f"/2010-04-01/Accounts/{ACCOUNT}"
PLAY = "<Response><Play loop='0'>https://x.example/m.mp3</Play></Response>"
AGENT = "client:agent_7_tab1"


@dataclass
class Court:
    cloud: TwilioCloud
    api: CallsApi
    http: aiohttp.ClientSession
    origin: str

    async def ask(self, method: str, path: str, **more: object) -> int:
        """The status of a request that our own client would never make."""
        headers = authorization((ACCOUNT, TOKEN))
        async with self.http.request(method, self.origin + path, headers=headers, **more) as answer:  # type: ignore[arg-type]
            return answer.status


@dataclass
class Judge:
    """Prism, which takes seconds to start, and the port of whoever it judges."""

    origin: str
    upstream_port: int


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    port = free_port()
    prism = PrismServer(f"http://127.0.0.1:{port}")
    yield Judge(prism.origin, port)
    prism.stop()


@pytest.fixture
async def court(judge: Judge) -> AsyncIterator[Court]:
    clock = VirtualClock()
    cloud = TwilioCloud(account_sid=ACCOUNT, auth_token=TOKEN, clock=clock)
    cloud.exchange.passing = HeldTime(clock, clock.advance)
    cloud.lines[OURS] = Line("http://127.0.0.1:9/nobody")
    async with cloud.serving(port=judge.upstream_port), aiohttp.ClientSession() as http:
        settings = VoiceSettings.model_validate({**KNOWN, "api_origin": judge.origin})
        yield Court(cloud, CallsApi(http, settings), http, judge.origin)


def invitation(to: str, **more: object) -> Invitation:
    """Somebody who is called into the room."""
    known = {"room": "pub-key-5", "to": to, "sender": OURS, "label": "9", "seconds": 20}
    return Invitation(callback="https://hub.example/in/key/leg?call=5&leg=9", **{**known, **more})  # type: ignore[arg-type]


async def test_all_that_we_ask_of_calls_and_all_that_is_answered_is_by_the_book(court: Court) -> None:
    api, cloud = court.api, court.cloud
    agent = await api.invite(invitation(AGENT))
    await cloud.exchange.quiet()
    boss = await api.invite(invitation("client:agent_9_tab9", muted=True, coached=agent.sid, label="10"))
    other = await api.invite(invitation(OTHER, label="11"))
    await cloud.exchange.quiet()
    room = await api.room("pub-key-5")
    assert room is not None
    people = {one.label: one for one in await api.people(room)}
    assert people["9"].joined
    assert (people["10"].coaching, people["10"].coached) == (True, agent.sid)
    await api.change(other, muted=True)
    await api.change(other, hold=True, hold_url="https://x.example/m.mp3")
    await api.change(other, hold=False)
    await api.change(boss, coaching=False, muted=False)
    await api.change(boss, coaching=True, call_sid_to_coach=agent.sid)
    recording = await api.record(other.sid, "https://hub.example/in/key/recording?call=5")
    await api.turn_recording(other.sid, recording, "paused")
    await api.turn_recording(other.sid, recording, "in-progress")
    assert [one.sid for one in await api.recordings_of(other.sid)] == [recording]
    await api.redirect(other.sid, PLAY)
    await cloud.exchange.quiet()
    await api.hang_up(other.sid)
    await cloud.exchange.quiet()
    found = await api.call(other.sid)
    assert found is not None
    assert (found.is_over, found.inbound) == (True, False)
    assert {one.sid for one in await api.running()} == {agent.sid, boss.sid}
    assert {one.sid for one in await api.calls(1_000)} >= {agent.sid, boss.sid, other.sid}
    assert [(one.sid, one.status) for one in await api.recordings(1_000)] == [(recording, "completed")]
    assert (await api.voice_number(OURS)) is not None


async def test_single_resources_are_by_the_book_too(court: Court) -> None:
    agent = await court.api.invite(invitation(AGENT))
    await court.cloud.exchange.quiet()
    recording = await court.api.record(agent.sid, "https://hub.example/in/key/recording")
    for path in (
        f"Conferences/{agent.room}.json",
        f"Conferences/{agent.room}/Participants/{agent.sid}.json",
        f"Recordings/{recording}.json",
        f"Calls/{agent.sid}.json",
        "Calls.json?PageSize=1&Status=in-progress",
        "Conferences.json?Status=in-progress",
    ):
        assert await court.ask("GET", f"{HERE}/{path}") == 200


async def test_what_is_over_is_not_live_and_no_failure_of_the_account(court: Court) -> None:
    api = court.api
    agent = await api.invite(invitation(AGENT))
    await court.cloud.exchange.quiet()
    await api.hang_up(agent.sid)
    await court.cloud.exchange.quiet()
    with pytest.raises(NotLive):
        await api.redirect(agent.sid, PLAY)
    with pytest.raises(NotLive):
        await api.record(agent.sid, "https://hub.example/in/key/recording")
    with pytest.raises(NotLive):
        await api.change(agent, muted=True)
    with pytest.raises(NotLive):
        await api.hang_up("CA" + "f" * 32)
    assert await api.call("CA" + "f" * 32) is None
    assert await api.people("CF" + "f" * 32) == []
    assert await api.room("nowhere") is None


async def test_a_refusal_comes_through_with_its_words(court: Court) -> None:
    court.cloud.exchange.answers.append(Answer.FORBIDDEN_COUNTRY)
    with pytest.raises(Refused, match="21215"):
        await court.api.invite(invitation(OTHER))
    with pytest.raises(Refused):
        await court.api.invite(invitation(OTHER, sender="+19998887777"))


async def test_a_ringing_device_is_listed_in_its_room(court: Court) -> None:
    court.cloud.exchange.dials[AGENT] = How.IGNORES
    await court.api.invite(invitation(AGENT))
    await court.cloud.exchange.quiet()
    room = await court.api.room("pub-key-5")
    assert room is not None
    assert [(one.label, one.joined) for one in await court.api.people(room)] == [("9", False)]


async def test_the_judge_bites(court: Court) -> None:
    agent = await court.api.invite(invitation(AGENT))
    assert await court.ask("POST", f"{HERE}/Calls/{agent.sid}.json", data={"Status": "asleep"}) == 422
    assert await court.ask("GET", f"{HERE}/Calls/bogus.json") == 422
    nobody = {"From": OURS}
    assert await court.ask("POST", f"{HERE}/Conferences/x/Participants.json", data=nobody) == 422
    court.cloud.exchange.calls[0].status = "levitating"
    assert await court.ask("GET", f"{HERE}/Calls/{agent.sid}.json") == 500
