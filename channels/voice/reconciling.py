"""What Twilio's own lists know that we do not: calls that ended, recordings, callers nobody told us of."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

import structlog

from channels.contract import (
    AccountBroken,
    CallReported,
    ChannelError,
    Deliver,
    Tools,
    TryLater,
)
from channels.twilio.calls import CallRecord, CallsApi
from channels.twilio.recent import Recent
from channels.voice import parse
from channels.voice.dialler import Dialler
from channels.voice.library import Library
from channels.voice.settings import VoiceSettings
from channels.voice.standing import Stands
from crm_core.words.calls import CostTold, ReportedSignal, Scene
from crm_core.words.clock import DAY, HOUR, MINUTE, Moment
from crm_core.words.content import ExternalId
from crm_core.words.errors import StoreUnavailable
from crm_core.words.values.calls import LegRole

ROUND: Final = 300.0
"""Seconds between two looks."""
AGAIN: Final = 30.0
"""Seconds until the next look when ours was the side that failed."""
NEAR: Final[Moment] = HOUR
SETTLED: Final[Moment] = MINUTE
"""How old a call has to be before it counts as one that nobody told us of."""

log = structlog.get_logger(__name__)


class Acts(Protocol):
    """The account itself."""

    @property
    def dialler(self) -> Dialler: ...
    @property
    def library(self) -> Library: ...
    async def arrange(self, scene: Scene, deliver: Deliver, /) -> None: ...


class Reconciler:
    """Compares the lists of the last 24 hours with the hub's live calls. Each look overlaps the one before."""

    def __init__(self, api: CallsApi, settings: VoiceSettings, tools: Tools, stands: Stands, acts: Acts) -> None:
        self._api = api
        self._numbers = settings.numbers
        self._tools = tools
        self._stands = stands
        self._acts = acts
        self._done: Recent[str, bool] = Recent(50_000)
        """Calls that are over and were handed in."""
        self._priced: Recent[str, bool] = Recent(50_000)
        self._last_far: Moment | None = None

    async def rounds(self, deliver: Deliver) -> None:
        """Look now and every five minutes. Raises AccountBroken, TryLater."""
        while True:
            pause = ROUND
            try:
                await self.round(deliver)
            except AccountBroken:
                raise
            except StoreUnavailable as error:
                log.warning("reconciling has to wait", code=error.code)
                pause = AGAIN
            except ChannelError as error:
                raise TryLater(str(error), after_ms=getattr(error, "after_ms", None)) from error
            await asyncio.sleep(pause)

    async def round(self, deliver: Deliver) -> None:
        """One look."""
        now = self._tools.now()
        far = self._last_far is None or now - self._last_far >= HOUR
        since = now - (DAY if far else NEAR)
        # The hub's calls are asked for first: one that begins meanwhile is in neither list.
        scenes = await self._tools.calls.live()
        listed = await self._api.calls(since)
        self._acts.dialler.spent(one for one in listed if not one.inbound)
        known = {one.sid: one for one in listed}
        for scene in scenes:
            await self._live(scene, known, deliver)
        ours = {scene.external_id for scene in scenes}
        for one in sorted(listed, key=lambda call: (call.made_at, call.sid)):
            if one.inbound and one.to in self._numbers and one.sid not in ours:
                await self._unknown(one, deliver)
            await self._cost(one, deliver)
        await self._acts.library.missed(await self._api.recordings(now - DAY), deliver)
        if far:
            self._last_far = now

    async def _live(self, scene: Scene, known: dict[str, CallRecord], deliver: Deliver) -> None:
        """A call that the hub takes for live: has a leg of it ended at Twilio?"""
        for leg in scene.legs:
            sid = leg.external_id
            found = (known.get(sid) or await self._api.call(sid)) if sid else None
            if found is None or not found.is_over:
                continue
            self._stands.over.put(sid, True)
            signal: ReportedSignal | None = parse.leg_signal(found.status, sid, leg.id, found.to)
            if leg.role is LegRole.CUSTOMER:
                signal = parse.ended(found.status, leg_id=leg.id)
            if signal is not None:
                await self._tell(scene, signal, found, deliver)
        if not scene.legs and scene.external_id:
            await self._acts.arrange(scene, deliver)

    async def _unknown(self, one: CallRecord, deliver: Deliver) -> None:
        """A caller whom the hub does not take for live: over and known, or never heard of."""
        if one.sid in self._done or (not one.is_over and self._tools.now() - one.made_at < SETTLED):
            return
        if one.sid not in self._stands.met:
            stored = await deliver(parse.arrived(_form(one), one.started_at or one.made_at))
            self._stands.met.put(one.sid, True)
            if not one.is_over and stored.scene is not None:
                await self._acts.arrange(stored.scene, deliver)
        if one.is_over:
            signal = parse.ended(one.status)
            at = one.ended_at or self._tools.now()
            await deliver(CallReported(signal=signal, key=f"{one.sid}:ended", at=at, call=ExternalId(one.sid)))
            self._done.put(one.sid, True)

    async def _cost(self, one: CallRecord, deliver: Deliver) -> None:
        """What Twilio asks for the contact's leg, once it tells."""
        if one.price is None or one.sid in self._priced or one.to.startswith(parse.CLIENT):
            return
        said = CostTold(cost=f"{one.price:g} {one.unit}".strip())
        await deliver(CallReported(signal=said, key=f"{one.sid}:cost", at=self._tools.now(), call=ExternalId(one.sid)))
        self._priced.put(one.sid, True)

    async def _tell(self, scene: Scene, signal: ReportedSignal, found: CallRecord, deliver: Deliver) -> None:
        at = found.ended_at or self._tools.now()
        await deliver(CallReported(signal=signal, key=f"{found.sid}:ended", at=at, call_id=scene.call_id))


def _form(one: CallRecord) -> dict[str, str]:
    """A call as its webhook would have said it."""
    return {"CallSid": one.sid, "From": one.sender, "To": one.to, "CallStatus": one.status}
