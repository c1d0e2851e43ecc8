from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from typing import Any

import aiohttp
import pytest
from msgspec.structs import replace

from channels.asterisk.ari import Answer, Ari
from channels.asterisk.names import softphone_name
from channels.asterisk.settings import AsteriskSettings
from channels.asterisk.softphones import Softphones
from channels.asterisk.stage import Stage
from channels.conformance import Bench
from channels.contract import ChannelEvent, PhoneWanted, Stored, TryLater
from crm_core.words.calls import Hears, Scene, SceneLeg
from crm_core.words.values.calls import LegRole, RecordingState
from crm_core.words.values.marks import Direction
from tests.peers.clock import VirtualClock

SETTINGS = AsteriskSettings.model_validate({"password": "secret"})
PLAN = SETTINGS.dial_plan("UA")
CONTACT = SceneLeg(id=1, role=LegRole.CUSTOMER, hears=Hears.ROOM, external_id="c.1", connected=True)
AGENT = SceneLeg(id=2, role=LegRole.AGENT, hears=Hears.ROOM, agent_id=3, device="tab", connected=True)
THIRD = SceneLeg(id=3, role=LegRole.THIRD, hears=Hears.ROOM, address="+380441234567")
TALK = Scene(call_id=5, version=4, direction=Direction.IN, external_id="c.1", legs=(CONTACT, AGENT))


class Shelf(Ari):
    """An Asterisk whose disk may be full: remembers what it was asked, and answers yes."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        super().__init__(http, Bench(VirtualClock()).tools(http).peers, SETTINGS)
        self.is_full = False
        self.busy = ""
        """The tab whose softphone carries a call."""
        self.asked: list[str] = []

    async def ask(
        self, method: str, path: str, body: Any = None, *, tolerate: Collection[int] = (404,), **params: str | int
    ) -> Answer:
        self.asked.append(f"{method} {path}")
        await asyncio.sleep(0)
        if self.is_full and path.endswith("/record"):
            raise TryLater("Asterisk failed: 500")
        if path.startswith("/endpoints/PJSIP/"):
            is_busy = path.endswith(softphone_name(SETTINGS.app, 3, self.busy))
            return Answer(200, {"state": "online", "channel_ids": ["s.1"] if is_busy else []})
        if path == "/channels":
            return Answer(200, [{"id": "c.1", "state": "Up"}, {"id": "switchboard-leg-5-2", "state": "Up"}])
        return Answer(200, [] if path in ("/bridges", "/recordings/stored") else None)


async def _told(_event: ChannelEvent, /) -> Stored:
    return Stored()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def _stage(shelf: Shelf, http: aiohttp.ClientSession) -> Stage:
    return Stage(shelf, Bench(VirtualClock()).tools(http), SETTINGS, PLAN)


async def test_a_full_disk_stops_no_call_that_goes_out(http: aiohttp.ClientSession) -> None:
    shelf = Shelf(http)
    shelf.is_full = True
    stage = _stage(shelf, http)
    scene = replace(TALK, legs=(CONTACT, AGENT, THIRD), recording=RecordingState.ON)
    with pytest.raises(TryLater):
        await stage.arrange(scene, _told)
    assert "POST /channels/switchboard-leg-5-3" in shelf.asked
    shelf.is_full = False
    await stage.arrange(scene, _told)
    assert [one for one in shelf.asked if one.startswith("POST") and one.endswith("/record")] != []


async def test_after_a_restart_nobody_stays_muted_and_no_ringing_or_pause_goes_on(http: aiohttp.ClientSession) -> None:
    shelf = Shelf(http)
    scene = replace(TALK, recording=RecordingState.ON, recording_id="switchboard-talk-5-3")
    await _stage(shelf, http).arrange(scene, _told)
    assert "DELETE /channels/switchboard-leg-5-2/mute" in shelf.asked
    assert "DELETE /playbacks/switchboard-tone-5" in shelf.asked
    assert "DELETE /recordings/live/switchboard-talk-5-3/pause" in shelf.asked


async def test_a_call_that_is_followed_from_its_first_moment_is_asked_nothing_twice(
    http: aiohttp.ClientSession,
) -> None:
    shelf = Shelf(http)
    stage = _stage(shelf, http)
    await stage.arrange(replace(TALK, version=1, legs=(CONTACT,)), _told)
    await stage.arrange(replace(TALK, version=2), _told)
    assert not [one for one in shelf.asked if "/mute" in one or "/playbacks/" in one or "/recordings" in one]


async def test_many_who_look_at_once_share_a_look(http: aiohttp.ClientSession) -> None:
    shelf = Shelf(http)
    stage = _stage(shelf, http)
    async with asyncio.TaskGroup() as group:
        for _ in range(50):
            group.create_task(stage.look())
    assert shelf.asked.count("GET /channels") == 2


async def test_a_ninth_tab_never_takes_the_softphone_of_one_that_talks(http: aiohttp.ClientSession) -> None:
    async def gone(_endpoint: str) -> None:
        return None

    shelf = Shelf(http)
    shelf.busy = "tab0"
    softphones = Softphones(shelf, SETTINGS, 7, gone)
    for number in range(9):
        await softphones.lend(PhoneWanted(agent_id=3, agent_name="Ann", device=f"tab{number}"))
    taken = [one.rsplit("/", 1)[1] for one in shelf.asked if one.startswith("DELETE") and "/endpoint/" in one]
    assert taken == [softphone_name(SETTINGS.app, 3, "tab1")]
