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
from crm_core.words.calls import CostTold, LegAnswered, ReportedSignal, Scene, SceneLeg
from crm_core.words.clock import DAY, HOUR, MINUTE, SECOND, Moment
from crm_core.words.content import ExternalId
from crm_core.words.errors import HubError, StoreUnavailable
from crm_core.words.values.calls import LegRole

ROUND: Final = 300.0
"""Seconds between two looks."""
AGAIN: Final = 30.0
"""Seconds until the next look when ours was the side that failed."""
GLANCE: Final = 3.0
"""Seconds between two glances at the calls in progress, while somebody is rung."""
STEADY: Final[Moment] = 20 * SECOND
"""How long nobody asks after legs that are connected."""
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
        self._live: dict[int, bool] = {}
        """Calls that are not over, and whether somebody is rung in them."""
        self._glanced_at: Moment = 0
        self._all_seen_at: Moment = 0

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

    # --- glances: what a lost report would have said -------------------------------------------------

    def saw(self, scene: Scene) -> None:
        """The newest scene of a call: whether it is to be glanced at, and how often."""
        if scene.over:
            self._live.pop(scene.call_id, None)
        else:
            self._live[scene.call_id] = any(not leg.connected for leg in scene.legs)

    async def glances(self, deliver: Deliver) -> None:
        """Glance as often as the calls need it. Raises AccountBroken; whatever else fails is tried again."""
        while True:
            await asyncio.sleep(GLANCE)
            try:
                await self.glance(deliver)
            except AccountBroken:
                raise
            except HubError as error:
                log.info("a glance at the calls has to wait", code=error.code)
                await asyncio.sleep(AGAIN)

    async def glance(self, deliver: Deliver) -> None:
        """Report what happened to the legs of live calls and was not told, or not yet.

        One request for all calls while somebody is rung, and one every 20 seconds while calls are connected; a leg
        that is not in progress is then asked after by its name. None when there is no call.
        """
        now = self._tools.now()
        of_all = now - self._all_seen_at >= STEADY
        if not any(self._live.values()) and not (of_all and self._live):
            return
        known = set(self._live)
        scenes = [scene for scene in await self._tools.calls.live() if not scene.over]
        for call_id in known - {scene.call_id for scene in scenes}:
            self._live.pop(call_id, None)
        if not scenes:
            return
        running = {one.sid: one for one in await self._api.running()}
        self._acts.dialler.spent(running.values())
        for scene in scenes:
            for leg in scene.legs:
                sid = self._sid(scene, leg)
                found = running.get(sid)
                if found is None and sid and of_all:
                    found = await self._api.call(sid)
                if found is not None:
                    await self._leg(scene, leg, found, deliver)
        self._glanced_at = now
        if of_all:
            self._all_seen_at = now

    # --- rounds ------------------------------------------------------------------------------------

    async def round(self, deliver: Deliver) -> None:
        """One look."""
        now = self._tools.now()
        far = self._last_far is None or now - self._last_far >= HOUR
        since = now - (DAY if far else NEAR)
        # The hub's calls are asked for first: one that begins meanwhile is in neither list.
        scenes = await self._tools.calls.live()
        listed = await self._api.calls(since)
        self._acts.dialler.spent(listed)
        known = {one.sid: one for one in listed}
        for scene in scenes:
            self.saw(scene)
            await self._legs(scene, known, deliver)
        ours = {scene.external_id for scene in scenes}
        for one in sorted(listed, key=lambda call: (call.made_at, call.sid)):
            if one.inbound and one.to in self._numbers and one.sid not in ours:
                await self._unknown(one, deliver)
            await self._cost(one, deliver)
        await self._acts.library.missed(await self._api.recordings(now - DAY), deliver)
        if far:
            self._last_far = now

    async def _legs(self, scene: Scene, known: dict[str, CallRecord], deliver: Deliver) -> None:
        """A call that the hub takes for live: what happened to its legs at Twilio?"""
        for leg in scene.legs:
            sid = self._sid(scene, leg)
            found = (known.get(sid) or await self._api.call(sid)) if sid else None
            if found is not None:
                await self._leg(scene, leg, found, deliver)
        if not scene.legs and scene.external_id:
            await self._acts.arrange(scene, deliver)

    def _sid(self, scene: Scene, leg: SceneLeg) -> str:
        """The leg's name at Twilio, which only this process knows before a report came."""
        return leg.external_id or self._stands.of_scene(scene).legs.get(leg.id, "")

    async def _leg(self, scene: Scene, leg: SceneLeg, found: CallRecord, deliver: Deliver) -> None:
        """Report what Twilio knows of a leg and the hub does not."""
        if found.status == parse.IN_PROGRESS:
            if not leg.connected and found.sid not in self._stands.over:
                # Twilio does not say whether a call's start is its first ring: it was not answered at the last glance.
                at = max(found.started_at or self._tools.now(), self._glanced_at)
                answered = LegAnswered(leg_id=leg.id, external_id=found.sid)
                await self._tell(scene, answered, f"{found.sid}:answered", at, deliver)
        elif found.is_over:
            self._stands.over.put(found.sid, True)
            signal: ReportedSignal | None = parse.leg_signal(found.status, found.sid, leg.id, found.to)
            if leg.role is LegRole.CUSTOMER:
                signal = parse.ended(found.status, leg_id=leg.id)
            if signal is not None:
                await self._tell(scene, signal, f"{found.sid}:ended", found.ended_at or self._tools.now(), deliver)

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

    async def _tell(self, scene: Scene, signal: ReportedSignal, key: str, at: Moment, deliver: Deliver) -> None:
        await deliver(CallReported(signal=signal, key=key, at=at, call_id=scene.call_id))


def _form(one: CallRecord) -> dict[str, str]:
    """A call as its webhook would have said it."""
    return {"CallSid": one.sid, "From": one.sender, "To": one.to, "CallStatus": one.status}
