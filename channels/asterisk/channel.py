"""An open Asterisk: events in, scenes out, softphones through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

import structlog

from channels.asterisk.ari import Ari
from channels.asterisk.names import Kind, name, read
from channels.asterisk.parse import Source, events, finished_playback, finished_recording, listener_ready
from channels.asterisk.reconciling import missed, strays
from channels.asterisk.recordings import Recordings
from channels.asterisk.render import sounds_of
from channels.asterisk.settings import AsteriskSettings
from channels.asterisk.softphones import Softphones
from channels.asterisk.stage import Stage
from channels.contract import (
    Account,
    AccountBroken,
    Calling,
    CallReported,
    Capabilities,
    Channel,
    ChannelError,
    Deliver,
    PhonePass,
    PhoneSocket,
    PhoneWanted,
    Stored,
    Tools,
    TryLater,
)
from channels.together import together
from crm_core.words.calls import LegLost, PromptPlayed, Scene
from crm_core.words.errors import HubError

log = structlog.get_logger(__name__)

_SWEEP: Final = 60.0
"""Seconds between looks for recordings that could not be brought when they were done."""
_BRINGERS: Final = 3
"""Recordings that are brought at a time: a long one does not keep the others waiting."""


class AsteriskChannel:
    """One account."""

    def __init__(self, account: Account, tools: Tools) -> None:
        settings = account.settings
        assert isinstance(settings, AsteriskSettings), "the registry hands each channel its own settings"
        self._tools = tools
        self._settings = settings
        self._source = Source(app=settings.app, account_id=account.id, region=account.region, line=account.name)
        self._plan = settings.dial_plan(account.region)
        self._ari = Ari(tools.http, tools.peers, settings)
        self._stage = Stage(self._ari, tools, settings, self._plan)
        self._recordings = Recordings(self._ari, tools, settings.app)
        self._softphones = Softphones(self._ari, settings, account.id, self._softphone_gone)
        self._deliver: Deliver | None = None
        """Of the connection that stands; none while nothing of ours would be heard."""

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities()

    @property
    def calling(self) -> Calling:
        return Calling(
            media="sip",
            number=self._settings.caller_id,
            dial_plan=self._plan,
            dials_numbers=True,
            speaks=self._tools.speech.is_there,
            sounds=sounds_of(self._settings),
            records=True,
            listens_in=True,
        )

    @property
    def connected(self) -> bool:
        """Whether Asterisk's events are heard."""
        return self._deliver is not None

    async def arrange(self, scene: Scene, deliver: Deliver, /) -> None:
        """Bring Asterisk to the scene. While events are not heard nothing is begun: its answer would be lost."""
        if self._deliver is None:
            raise TryLater("Asterisk is not connected.", after_ms=500)
        await self._stage.arrange(scene, deliver)

    async def lend(self, wanted: PhoneWanted, /) -> PhonePass:
        """The softphone of a tab."""
        return await self._softphones.lend(wanted)

    async def connect(self, phone: PhoneSocket, /) -> None:
        """Carry a softphone's SIP."""
        await self._softphones.connect(phone)

    async def listen(self, deliver: Deliver, /) -> None:
        """Hear Asterisk until the connection ends; what happened before it began is found out first."""
        try:
            async with self._ari.events() as heard:
                self._deliver = deliver
                await self._catch_up(deliver)
                finished: asyncio.Queue[str] = asyncio.Queue()
                await together(
                    partial(self._follow, heard, deliver, finished),
                    *(partial(self._bringing, deliver, finished) for _ in range(_BRINGERS)),
                    partial(self._sweep, deliver),
                )
        finally:
            self._deliver = None

    async def _catch_up(self, deliver: Deliver) -> None:
        stand = await self._stage.look()
        known = await self._tools.calls.live()
        for event in missed(known, stand, self._source, now=self._tools.now()):
            await deliver(event)
        await self._softphones.restore()
        live = await self._tools.calls.live()
        for call_id in strays(live, stand, self._settings.app):
            await self._stage.clear(call_id, stand)
        for scene in live:
            try:
                await self._stage.arrange(scene, deliver)
            except ChannelError as error:
                # The hub tries it again by itself; the other calls must not wait for this one.
                log.warning("a call could not be arranged again", call_id=scene.call_id, problem=str(error))

    async def _follow(
        self, heard: AsyncIterator[Mapping[str, Any]], deliver: Deliver, finished: asyncio.Queue[str]
    ) -> None:
        async for data in heard:
            await self._hear(data, deliver, finished)

    async def _hear(self, data: Mapping[str, Any], deliver: Deliver, finished: asyncio.Queue[str]) -> None:
        if data.get("type") == "ApplicationReplaced":
            raise AccountBroken("Another hub has taken this application's calls. Give each hub an application.")
        if await self._playback_over(data, deliver):
            return
        for event in events(data, self._source, now=self._tools.now()):
            stored = await deliver(event)
            if isinstance(event, CallReported) and isinstance(event.signal, PromptPlayed):
                await self._prompt_over(event, stored, deliver)
        label = finished_recording(data, self._source)
        if label:
            finished.put_nowait(label)
        call_id = listener_ready(data, self._source)
        if call_id is not None:
            await self._look_again(call_id, deliver)

    async def _playback_over(self, data: Mapping[str, Any], deliver: Deliver) -> bool:
        """Begin the queue's music anew, or say a prompt another way; whether that is all there is to an event."""
        over = finished_playback(data, self._source)
        if over is None:
            return False
        playback, failed = over
        call_id, number = playback.call_id, playback.number
        if playback.kind is Kind.MUSIC:
            is_ours = self._stage.music_over(call_id, number, failed=failed)
            if is_ours and failed:
                log.warning("Asterisk could not fetch or play the queue's music", call_id=call_id)
        else:
            is_ours = failed and self._stage.prompt_failed(call_id, number)
        if is_ours:
            await self._look_again(call_id, deliver)
        return is_ours

    async def _prompt_over(self, event: CallReported, stored: Stored, deliver: Deliver) -> None:
        """A recorder follows its prompt without any change of the call, so nobody else would ask for it."""
        assert isinstance(event.signal, PromptPlayed)
        if event.call_id is not None and stored.scene is not None:
            self._stage.prompt_over(event.call_id, event.signal.seq)
            await self._look_again(event.call_id, deliver)

    async def _look_again(self, call_id: int, deliver: Deliver) -> None:
        try:
            await self._stage.again(call_id, deliver)
        except ChannelError as error:
            log.warning("a call could not be looked at again", call_id=call_id, problem=str(error))

    async def _bringing(self, deliver: Deliver, finished: asyncio.Queue[str]) -> None:
        while True:
            label = await finished.get()
            try:
                await self._recordings.collect(label, deliver)
            except HubError as error:
                # It lies where it was, and the next sweep brings it.
                log.warning("a recording could not be brought yet", recording=label, problem=str(error))

    async def _sweep(self, deliver: Deliver) -> None:
        while True:
            try:
                await self._recordings.collect_all(deliver)
            except HubError as error:
                log.warning("recordings could not be brought yet", problem=str(error))
            try:
                await self._softphones.tidy()
            except HubError as error:
                log.warning("old softphones could not be taken away yet", problem=str(error))
            await asyncio.sleep(_SWEEP)

    async def _softphone_gone(self, endpoint: str) -> None:
        """A tab is gone without hanging up: the legs that it carried are lost. Raises TryLater."""
        deliver = self._deliver
        if deliver is None:
            raise TryLater("Asterisk is not connected.", after_ms=500)
        for channel_id, channel in (await self._stage.look()).channels.items():
            ours = read(self._settings.app, channel_id)
            if ours is None or ours.kind is not Kind.LEG:
                continue
            if str(channel.get("name", "")).startswith(f"PJSIP/{endpoint}-"):
                key = name(self._settings.app, Kind.LEG, ours.call_id, ours.number) + ":gone"
                signal = LegLost(leg_id=ours.number)
                await deliver(CallReported(signal=signal, key=key, at=self._tools.now(), call_id=ours.call_id))


@asynccontextmanager
async def open_asterisk(account: Account, tools: Tools) -> AsyncIterator[Channel]:
    """Open the account; nothing is asked of Asterisk yet (`AsteriskChannel.listen`)."""
    yield AsteriskChannel(account, tools)
