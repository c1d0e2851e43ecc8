from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from channels.asterisk.ari import Ari
from channels.asterisk.settings import AsteriskSettings
from channels.asterisk.softphones import Softphones
from channels.contract import PhoneWanted
from crm_core.calls.rules.signals import AcceptedBy
from crm_core.words.values.calls import CallState, LegState
from tests.channels.asterisk.house import House
from tests.peers.asterisk import APP, PASSWORD, USER
from tests.peers.sipp import caller

pytestmark = pytest.mark.long


class Tab:
    """The socket of an agent's tab, and just enough SIP over WebSocket (RFC 7118) to sign in and be rung."""

    def __init__(self, agent_id: int, facts: Mapping[str, Any]) -> None:
        self.agent_id = agent_id
        self.is_signed_out = False
        self.facts = facts
        self.received: list[str] = []
        self._out: asyncio.Queue[str | None] = asyncio.Queue()
        self._tag, self._call = secrets.token_hex(4), secrets.token_hex(8)

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        while (frame := await self._out.get()) is not None:
            yield frame

    async def send(self, frame: str | bytes, /) -> None:
        self.received.append(frame if isinstance(frame, str) else frame.decode())

    async def close(self, code: int, reason: str = "", /) -> None:
        self._out.put_nowait(None)

    def vanish(self) -> None:
        """The browser is gone."""
        self._out.put_nowait(None)

    def register(self, sequence: int = 1, password: str | None = None) -> None:
        """Ask to be signed in, with the answer to a challenge if there was one."""
        asked = [m for m in self.received if m.startswith("SIP/2.0 401")]
        name, uri = self.facts["user"], f"sip:{self.facts['domain']}"
        proof = ""
        if asked:
            said = dict(re.findall(r'(\w+)="?([^",\r\n]+)"?', asked[-1].split("WWW-Authenticate:")[1].splitlines()[0]))
            first = _md5(f"{name}:{said['realm']}:{password or self.facts['password']}")
            answer = _md5(f"{first}:{said['nonce']}:00000001:abc:auth:{_md5(f'REGISTER:{uri}')}")
            proof = (
                f'Authorization: Digest username="{name}", realm="{said["realm"]}", nonce="{said["nonce"]}", '
                f'uri="{uri}", response="{answer}", algorithm=MD5, qop=auth, nc=00000001, cnonce="abc", '
                f'opaque="{said["opaque"]}"\r\n'
            )
        self._out.put_nowait(
            f"REGISTER {uri} SIP/2.0\r\nVia: SIP/2.0/WS tab.invalid;branch=z9hG4bK{secrets.token_hex(6)}\r\n"
            f"Max-Forwards: 69\r\nFrom: <{self.facts['uri']}>;tag={self._tag}\r\nTo: <{self.facts['uri']}>\r\n"
            f"Call-ID: {self._call}\r\nCSeq: {sequence} REGISTER\r\n{proof}"
            f"Contact: <sip:{name}@tab.invalid;transport=ws>;expires=120\r\nContent-Length: 0\r\n\r\n"
        )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


async def _sign_in(house: House, tab: Tab) -> None:
    tab.register()
    await house.until(lambda: any(m.startswith("SIP/2.0 401") for m in tab.received))
    tab.register(2)
    await house.until(lambda: any(m.startswith("SIP/2.0 200") for m in tab.received))


async def test_a_tab_signs_in_through_the_hub_and_is_rung_with_the_calls_number(house: House) -> None:
    tab = Tab(3, await house.lend(3, "tab1"))
    with caller(house.asterisk.sip_port, "+380445556677"):
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(house.channel.connect(tab))
            await _sign_in(house, tab)
            await house.until_endpoint(tab.facts["user"], "online")
            call = await house.until_state(CallState.QUEUED)
            house.do(AcceptedBy(agent_id=3, leg_id=960, device="tab1"))
            await house.until(lambda: any(m.startswith("INVITE") for m in tab.received))
            invite = next(m for m in tab.received if m.startswith("INVITE"))
            assert f"X-Switchboard-Call: {call.id}\r\n" in invite
            assert "X-Switchboard-Leg: 960\r\n" in invite
            assert "a=fingerprint:" in invite
            assert "UDP/TLS/RTP/SAVPF" in invite
            tab.vanish()
            await house.until(lambda: house.call.legs[-1].state in (LegState.LOST, LegState.ENDED))
            serving.cancel()
    assert house.call.outcome is None


async def test_a_tab_that_signs_in_after_its_call_was_accepted_is_rung(house: House) -> None:
    tab = Tab(3, await house.lend(3, "late"))
    with caller(house.asterisk.sip_port, "+380445556677"):
        await house.until_state(CallState.QUEUED)
        house.do(AcceptedBy(agent_id=3, leg_id=961, device="late"))
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(house.channel.connect(tab))
            await _sign_in(house, tab)
            await house.until(lambda: any(m.startswith("INVITE") for m in tab.received))
            assert house.call.legs[-1].state in (LegState.DIALLING, LegState.RINGING)
            serving.cancel()


async def test_whoever_signs_out_has_no_softphone_left(house: House) -> None:
    tab = Tab(3, await house.lend(3, "mine"))
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(house.channel.connect(tab))
        await _sign_in(house, tab)
        await house.until_endpoint(tab.facts["user"], "online")
        tab.is_signed_out = True
        tab.vanish()
        await serving
    assert await house.ari("GET", f"/endpoints/PJSIP/{tab.facts['user']}") is None
    assert (await house.lend(3, "mine"))["password"] != tab.facts["password"]


async def test_a_tab_that_left_while_asterisk_was_away_is_told_of_when_it_is_back(house: House) -> None:
    tab = Tab(3, await house.lend(3, "far"))
    with caller(house.asterisk.sip_port, "+380445556677"):
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(house.channel.connect(tab))
            await _sign_in(house, tab)
            await house.until_state(CallState.QUEUED)
            house.do(AcceptedBy(agent_id=3, leg_id=962, device="far"))
            await house.until(lambda: any(m.startswith("INVITE") for m in tab.received))
            await house.connection_lost()
            tab.vanish()
            await serving
            assert house.call.legs[-1].state is not LegState.LOST
        await house.connection_back()
        await house.until(lambda: house.call.legs[-1].state in (LegState.LOST, LegState.ENDED))


async def test_softphones_of_a_hub_before_this_one_are_taken_away(house: House) -> None:
    old, mine = await house.lend(3, "old"), await house.lend(4, "mine")
    facts = {"ari_url": house.asterisk.url, "user": USER, "password": PASSWORD, "app": APP}
    settings = AsteriskSettings.model_validate(facts)
    ari = Ari(house.http, house.bench.tools(house.http).peers, settings)
    again = Softphones(ari, settings, 7, _nobody_is_gone)
    await again.lend(PhoneWanted(agent_id=4, agent_name="Bea", device="mine"))
    await again.tidy()
    assert await house.ari("GET", f"/endpoints/PJSIP/{old['user']}") is None
    assert await house.ari("GET", f"/endpoints/PJSIP/{mine['user']}") is not None


async def _nobody_is_gone(_endpoint: str) -> None:
    return None


async def test_a_wrong_password_gets_nobody_in(house: House) -> None:
    tab = Tab(3, await house.lend(3, "tab2"))
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(house.channel.connect(tab))
        tab.register()
        await house.until(lambda: any(m.startswith("SIP/2.0 401") for m in tab.received))
        tab.register(2, password="guessed")
        await house.until(lambda: sum(m.startswith("SIP/2.0 401") for m in tab.received) == 2)
        serving.cancel()
    assert not any(m.startswith("SIP/2.0 200") for m in tab.received)


async def test_the_same_tab_gets_the_same_softphone_and_another_another(house: House) -> None:
    first, again = await house.lend(3, "tab3"), await house.lend(3, "tab3")
    other, stranger = await house.lend(3, "tab4"), await house.lend(4, "tab3")
    assert first == again
    assert len({one["user"] for one in (first, other, stranger)}) == 3
    assert len({one["password"] for one in (first, other, stranger)}) == 3


async def test_an_agent_with_many_tabs_keeps_the_newest_softphones(house: House) -> None:
    oldest = await house.lend(5, "first")
    for number in range(8):
        newest = await house.lend(5, f"tab{number}")
    assert await house.ari("GET", f"/endpoints/PJSIP/{oldest['user']}") is None
    assert await house.ari("GET", f"/endpoints/PJSIP/{newest['user']}") is not None
