"""A house with one telephone line: the real Asterisk, the channel, and a desk in memory that arranges every change."""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import aiohttp

from channels.asterisk import MANIFEST
from channels.asterisk.channel import AsteriskChannel
from channels.conformance import Bench
from channels.contract import Account, CallReported, NoSpeech, PhoneWanted, TryLater
from crm_core.calls.rules.call import Call, CallPlan
from crm_core.calls.rules.signals import AcceptedBy, Signal
from crm_core.words.clock import system_clock
from crm_core.words.values.calls import CallState
from hub.machinery.speech import AccountSpeech, Voice
from tests.channels.asterisk.hearing import samples_of
from tests.channels.asterisk.served import ServedFiles
from tests.channels.calling import CallDesk
from tests.peers.asterisk import APP, PASSWORD, USER, Asterisk
from tests.peers.sipp import Telephone, telephone

PATIENCE = 60.0
"""Seconds a test waits for what must come. Only a broken channel takes them."""
QUIET = 60
"""Below this root mean square there is nothing to hear (16 bit)."""


class Line:
    """Whether the channel hears Asterisk. Cutting it ends `listen`, as a broken connection would."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()
        self._cut = asyncio.Event()

    def close(self) -> None:
        self._open.clear()
        self._cut.set()

    def open(self) -> None:
        self._cut.clear()
        self._open.set()

    async def listen(self, channel: AsteriskChannel, desk: CallDesk) -> None:
        """Listen as the hub does, again after every failure."""
        while True:
            await self._open.wait()
            async with asyncio.TaskGroup() as group:
                listening = group.create_task(_once(channel, desk))
                cut = group.create_task(self._cut.wait())
                await asyncio.wait((listening, cut), return_when=asyncio.FIRST_COMPLETED)
                listening.cancel()
                cut.cancel()


async def _once(channel: AsteriskChannel, desk: CallDesk) -> None:
    try:
        await channel.listen(desk)
    except TryLater:
        await asyncio.sleep(0.05)


@dataclass
class House:
    """What a test holds in its hands."""

    asterisk: Asterisk
    channel: AsteriskChannel
    desk: CallDesk
    bench: Bench
    line: Line
    http: aiohttp.ClientSession

    @property
    def call(self) -> Call:
        """The newest call."""
        return self.desk.call()

    def do(self, signal: Signal) -> Call:
        """Somebody of the house does something with the newest call."""
        return self.desk.do(self.call.id, signal)

    async def until(self, holds: Callable[[], Any]) -> None:
        """Return once it holds. Raises TimeoutError with what was reported."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not holds():  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        except TimeoutError as error:
            raise TimeoutError(f"it never came to that; {self.desk.calls!r} {self.desk.events!r}") from error

    async def until_state(self, state: CallState) -> Call:
        """The newest call, once there is one in this state."""
        await self.until(lambda: self.desk.calls and self.call.state is state)
        return self.call

    async def ari(self, method: str, path: str, body: Any = None, **params: str) -> Any:
        """Ask Asterisk behind the channel's back."""
        return await asyncio.to_thread(self.asterisk.ari, method, path, body, **params)

    async def hears(self, channel: str) -> float:
        """How loud it is what Asterisk sends to a telephone, over one and a half seconds."""
        return loudness(await self._listen(channel, "out"))

    async def says(self, channel: str) -> float:
        """How loud it is what a telephone sends."""
        return loudness(await self._listen(channel, "in"))

    async def members(self, bridge: str) -> set[str]:
        """The channels in a bridge."""
        found = await self.ari("GET", f"/bridges/{bridge}")
        own = await self.ari("GET", "/channels")
        people = {one["id"] for one in own if not one["name"].startswith(("Recorder/", "Announcer/"))}
        return set(found["channels"]) & people if found else set()

    async def until_in(self, bridge: str, *channels: str) -> None:
        """Return once exactly these are in a bridge; a recorder does not count."""

        async def there() -> bool:
            return await self.members(bridge) == set(channels)

        await self.until_true(there, f"{channels} are not in {bridge}")

    async def until_true(self, holds: Callable[[], Awaitable[bool]], words: str) -> None:
        """Return once Asterisk says so. Raises TimeoutError with what was reported."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not await holds():  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            raise TimeoutError(f"{words}; {self.desk.events!r}") from error

    async def until_gone(self) -> None:
        """Return once nothing stands at Asterisk any more."""

        async def gone() -> bool:
            return not await self.channels() and not await self.ari("GET", "/bridges")

        await self.until_true(gone, "something is left at Asterisk")

    async def until_loud(self, channel: str) -> None:
        """Return once there is something to hear."""

        async def loud() -> bool:
            return await self.hears(channel) > QUIET

        await self.until_true(loud, f"{channel} hears nothing")

    async def until_recording(self, label: str, state: str) -> None:
        """Return once a recording that runs is in this state."""

        async def there() -> bool:
            found = await self.ari("GET", f"/recordings/live/{label}")
            return found is not None and found["state"] == state

        await self.until_true(there, f"{label} is not {state}")

    async def until_answered(self, channel: str) -> None:
        """Return once a telephone's call is answered, or over."""

        async def answered() -> bool:
            found = await self.ari("GET", f"/channels/{channel}")
            return found is None or found["state"] == "Up"

        await self.until_true(answered, f"{channel} is not answered")

    async def until_left(self, channel: str) -> None:
        """Return once a telephone is out of it."""

        async def left() -> bool:
            return channel not in await self.channels()

        await self.until_true(left, f"{channel} is still there")

    async def until_endpoint(self, endpoint: str, state: str = "") -> None:
        """Return once Asterisk knows a softphone, in this state if one is named."""

        async def known() -> bool:
            found = await self.ari("GET", f"/endpoints/PJSIP/{endpoint}")
            return found is not None and state in ("", found["state"])

        await self.until_true(known, f"{endpoint} is not known as {state}")

    async def until_application(self, application: str) -> None:
        """Return once the dialplan has come to this application for somebody."""

        async def there() -> bool:
            return any(one["dialplan"]["app_name"] == application for one in await self.ari("GET", "/channels"))

        await self.until_true(there, f"nobody came to {application}")

    async def until_no_channels(self) -> None:
        """Return once nobody is connected to Asterisk any more."""

        async def none() -> bool:
            return not await self.channels()

        await self.until_true(none, "somebody is still there")

    async def connection_lost(self) -> None:
        """Cut the connection to Asterisk; nothing is heard until `connection_back`."""
        self.line.close()
        await self.until(lambda: not self.channel.connected)

    async def connection_back(self) -> None:
        """Mend it."""
        self.line.open()
        await self.until(lambda: self.channel.connected)

    async def restart_asterisk(self) -> None:
        """Asterisk crashes and comes back with nothing but its files."""
        await asyncio.to_thread(self.asterisk.crash)
        await asyncio.to_thread(self.asterisk.start)
        await self.until(lambda: self.channel.connected)

    async def lend(self, agent_id: int, device: str) -> Mapping[str, Any]:
        """The facts of a tab's softphone."""
        wanted = PhoneWanted(agent_id=agent_id, agent_name="Olena", device=device)
        return (await self.channel.lend(wanted)).facts

    async def until_quiet(self, channel: str) -> None:
        """Return once there is nothing to hear."""

        async def quiet() -> bool:
            return await self.hears(channel) <= QUIET

        await self.until_true(quiet, f"{channel} hears something")

    def trunk(self, *, talks: bool = False, answers: bool = True, ring: int = 100) -> AbstractContextManager[Telephone]:
        """Whoever is called over the trunk, whatever their number."""
        return telephone(talks=talks, answers=answers, ring=ring, port=self.asterisk.trunk_port)

    @property
    def reports(self) -> list[CallReported]:
        """What the channel reported of calls, but for their coming."""
        return [event for event in self.desk.events if isinstance(event, CallReported)]

    def named(self, kind: str, *parts: int | str) -> str:
        """The name of something of the newest call."""
        return "-".join([APP, kind, str(self.call.id), *map(str, parts)])

    async def take(self, leg_id: int, extension: str, agent_id: int = 3) -> tuple[str, str]:
        """An agent takes the newest call, which waits, at their telephone; the contact's and the agent's channels."""
        await self.until_state(CallState.QUEUED)
        self.do(AcceptedBy(agent_id=agent_id, leg_id=leg_id, device="phone", address=extension))
        call = await self.until_state(CallState.TALKING)
        agent = self.named("leg", leg_id)
        await self.until_in(self.named("room"), call.external_id, agent)
        return call.external_id, agent

    async def channels(self) -> list[str]:
        """The names of all channels."""
        return [one["id"] for one in await self.ari("GET", "/channels")]

    async def _listen(self, channel: str, spy: str) -> bytes:
        ear, label = f"ear{secrets.token_hex(4)}", f"heard{secrets.token_hex(4)}"
        await self.ari("POST", f"/channels/{channel}/snoop/{ear}", spy=spy, whisper="none", app=APP, appArgs="test")
        await asyncio.sleep(0.2)
        await self.ari("POST", f"/channels/{ear}/record", name=label, format="wav")
        await asyncio.sleep(1.5)
        await self.ari("DELETE", f"/channels/{ear}")
        await asyncio.sleep(0.2)
        sound: bytes = await self.ari("GET", f"/recordings/stored/{label}/file")
        await self.ari("DELETE", f"/recordings/stored/{label}")
        return sound


def loudness(wav: bytes) -> float:
    """Root mean square of a recording's samples; of none it is no number, which is neither loud nor quiet."""
    samples = samples_of(wav)
    return (sum(s * s for s in samples) / len(samples)) ** 0.5 if samples else math.nan


@asynccontextmanager
async def opened_house(
    asterisk: Asterisk, plan: CallPlan, *, files: ServedFiles | None = None, voice: Voice | None = None, **settings: Any
) -> AsyncIterator[House]:
    """The channel, listening and arranging until the test is done; whatever it leaves at Asterisk is taken away."""
    facts = {"ari_url": asterisk.url, "user": USER, "password": PASSWORD, "app": APP, "own_extensions": ["200-599"]}
    account = Account(7, "pub-key", "Fern & Clay", MANIFEST.settings.model_validate(facts | settings), region="UA")
    bench, desk = Bench(system_clock), CallDesk(system_clock, plan=plan)
    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as group:
        bench.files = files or bench.files
        speech = NoSpeech() if voice is None else AccountSpeech(voice, bench.files, bench.now)
        tools = replace(bench.tools(http), calls=desk, speech=speech)
        async with MANIFEST.open(account, tools) as channel:
            assert isinstance(channel, AsteriskChannel)
            line = Line()
            house = House(asterisk, channel, desk, bench, line, http)
            tasks = [group.create_task(line.listen(channel, desk)), group.create_task(_arrange(channel, desk))]
            await house.until(lambda: channel.connected)
            try:
                yield house
            finally:
                for task in tasks:
                    task.cancel()
                await _tidy(house)


async def _arrange(channel: AsteriskChannel, desk: CallDesk) -> None:
    while True:
        try:
            await desk.settle(channel)
        except TryLater:
            for call_id in desk.calls:
                desk.stir(call_id)
        await asyncio.sleep(0.02)


async def _tidy(house: House) -> None:
    for channel in await house.channels():
        await house.ari("DELETE", f"/channels/{channel}")
    for bridge in await house.ari("GET", "/bridges"):
        await house.ari("DELETE", f"/bridges/{bridge['id']}")
    for stored in await house.ari("GET", "/recordings/stored"):
        await house.ari("DELETE", f"/recordings/stored/{stored['name']}")
