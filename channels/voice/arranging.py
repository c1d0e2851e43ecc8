"""Bringing Twilio's side of a call to what its scene says.

What stands there is asked of Twilio wherever it matters: who is in the room is read from the room. Only what a
caller hears outside of it has to be remembered; a restart plays it to them once more.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from channels.contract import CallReported, Deliver, Refused, TryLater, Unclear
from channels.twilio.calls import MESSAGE, CallsApi, Invitation, NotLive, Person, by_label
from channels.voice.dialler import Dialler
from channels.voice.parse import ended
from channels.voice.render import Ways, document, spot
from channels.voice.standing import Stand, Stands
from crm_core.words.calls import Hears, LegEnded, RecordingFailed, RecordingStarted, ReportedSignal, Scene, SceneLeg
from crm_core.words.clock import SECOND, Clock, Moment
from crm_core.words.content import ExternalId
from crm_core.words.dialling import DialRefused
from crm_core.words.values.calls import EndedBy, LegMode, LegRole, RecordingState

SHORTEST: Final = 5
LONGEST: Final = 600
"""Seconds that somebody is rung at least and at most."""
SOON: Final[Moment] = SECOND
"""When a call is looked at again that Twilio has not answered yet."""
LATE: Final[Moment] = 5 * SECOND
"""How long a contact may take into the room before they are sent there once more."""

log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Arranging:
    """One scene on its way to Twilio. `bring` may be called again with the same effect."""

    api: CallsApi
    dialler: Dialler
    stands: Stands
    now: Clock
    scene: Scene
    stand: Stand
    ways: Ways
    deliver: Deliver
    people: list[Person] = field(default_factory=list)

    async def bring(self) -> None:
        """Do what is missing. Raises TryLater, AccountBroken, StoreUnavailable."""
        try:
            await (self._close() if self.scene.over else self._open())
        except Unclear as error:
            raise TryLater(str(error), after_ms=SOON) from error
        self.stand.whole = True

    async def _open(self) -> None:
        scene, stand = self.scene, self.stand
        others = [leg for leg in scene.legs if leg.role is not LegRole.CUSTOMER]
        if others or stand.legs or not stand.whole or "room" in (spot(scene), stand.spot):
            await self._look()
        await self._hang_up_strangers()
        for leg in others:
            await self._call_in(leg)
        contact = scene.customer
        if contact is not None:
            await self._place(contact, held=any(leg.connected for leg in others))
            await self._record(contact)
        for leg in others:
            await self._attune(leg)

    async def _close(self) -> None:
        """Hang up whatever is left."""
        scene, stand = self.scene, self.stand
        if not stand.whole or stand.legs or stand.room or stand.doubtful:
            await self._look()
        left = {scene.external_id, *stand.legs.values(), *(one.sid for one in self.people)} - {""}
        for sid in sorted(left):
            await self._hang_up(sid)
        if scene.owes_recording:
            await self._settle_recording(left)
        stand.legs.clear()
        stand.spot = "over"

    async def _look(self) -> None:
        """Who is in the room, or on the way into it."""
        stand = self.stand
        self.people = await self.api.people(stand.room) if stand.room else []
        if not self.people:
            stand.room = await self.api.room(self.ways.room) or ""
            self.people = await self.api.people(stand.room) if stand.room else []
        for label, person in by_label(self.people).items():
            if label.isdecimal() and person.sid != self.scene.external_id:
                stand.legs.setdefault(int(label), person.sid)

    async def _hang_up_strangers(self) -> None:
        """Whoever is not in the scene is out of it."""
        wanted = {leg.id for leg in self.scene.legs}
        for leg_id, sid in list(self.stand.legs.items()):
            if leg_id not in wanted and sid != self.scene.external_id:
                await self._hang_up(sid)
                del self.stand.legs[leg_id]

    async def _hang_up(self, sid: str) -> None:
        if sid in self.stands.over:
            return
        with suppress(NotLive):
            await self.api.hang_up(sid)
        self.people = [one for one in self.people if one.sid != sid]

    # --- legs --------------------------------------------------------------------------------------

    async def _call_in(self, leg: SceneLeg) -> None:
        """Call whoever shall take part and was not called yet."""
        stand = self.stand
        if leg.external_id or leg.connected or leg.id in stand.legs or leg.id in stand.refused:
            return
        try:
            if leg.id not in stand.targets:
                # Asked once: trying the same leg again is no second call.
                stand.targets[leg.id] = self.dialler.target(leg, self._whose(leg))
            await self._invite(leg, stand.targets[leg.id])
        except (DialRefused, Refused) as error:
            stand.refused.add(leg.id)
            stand.doubtful.discard(leg.id)
            over = LegEnded(leg_id=leg.id, reason="failed", by=EndedBy.SYSTEM, detail=str(error))
            await self._tell(over, f"leg:{leg.id}:refused", self.now())

    async def _invite(self, leg: SceneLeg, to: str) -> None:
        stand = self.stand
        patience = (leg.until - self.now()) // SECOND if leg.until is not None else 30
        stand.doubtful.add(leg.id)
        person = await self.api.invite(
            Invitation(
                room=self.ways.room,
                to=to,
                sender=self.dialler.line(self.scene.line),
                label=str(leg.id),
                callback=self.ways.told_of_leg(self.scene.call_id, leg.id),
                seconds=max(SHORTEST, min(LONGEST, patience)),
                muted=leg.muted,
                coached=self._coached(leg),
            )
        )
        stand.doubtful.discard(leg.id)
        stand.legs[leg.id], stand.room = person.sid, person.room

    def _whose(self, leg: SceneLeg) -> int | None:
        """The agent on whose behalf a number is called."""
        if leg.agent_id is not None:
            return leg.agent_id
        return next((one.agent_id for one in self.scene.legs if one.agent_id is not None), None)

    def _coached(self, leg: SceneLeg) -> str:
        """The CallSid of the agent whom a supervisor whispers to."""
        if leg.mode is not LegMode.WHISPER:
            return ""
        agent = next((one for one in self.scene.legs if one.role is LegRole.AGENT and one.mode is LegMode.TALK), None)
        return "" if agent is None else self.stand.legs.get(agent.id, agent.external_id)

    async def _attune(self, leg: SceneLeg) -> None:
        """Whether they are heard, and by whom."""
        person = by_label(self.people).get(str(leg.id))
        if person is None or not person.joined:
            return
        coached = self._coached(leg)
        muted = leg.muted or (leg.mode is LegMode.WHISPER and not coached)
        changes: dict[str, Any] = {}
        if person.muted is not muted:
            changes["muted"] = muted
        if person.coaching is not bool(coached) or person.coached != coached:
            changes |= {"coaching": bool(coached), **({"call_sid_to_coach": coached} if coached else {})}
        if person.hold:
            changes["hold"] = False
        if changes:
            with suppress(NotLive):
                await self.api.change(person, **changes)

    # --- the contact -------------------------------------------------------------------------------

    async def _place(self, contact: SceneLeg, *, held: bool) -> None:
        """Have the contact hear what they shall. `held`: others are in the room, who wait for them."""
        if not contact.external_id:
            await self._call_in(contact)
            return
        if not contact.connected or self.scene.version < self.stand.answered:
            # Not there yet; or Twilio has asked since and was told of a newer scene.
            return
        wanted = spot(self.scene)
        own = next((one for one in self.people if one.sid == contact.external_id and one.joined), None)
        if own is not None and (wanted == "room" or (held and wanted == "music")):
            await self._hold(own, on=wanted != "room")
            self.stand.spot = "room"
        elif contact.hears is Hears.RECORDER and await self._records_already(contact.external_id):
            self.stand.spot = wanted
        elif wanted != self.stand.spot or (wanted == "room" and self.now() - self.stand.sent_at > LATE):
            await self._send(contact.external_id)
            self.stand.spot, self.stand.sent_at = wanted, self.now()

    async def _records_already(self, sid: str) -> bool:
        """Whether the contact is leaving a message since before this process began: it is not to be cut off."""
        if self.stand.whole or self.stand.spot:
            return False
        found = await self.api.recordings_of(sid)
        return any(one.source == MESSAGE and one.status == "in-progress" for one in found)

    async def _hold(self, own: Person, *, on: bool) -> None:
        if own.hold is on:
            return
        more = {"hold_url": self.ways.music, "hold_method": "GET"} if on and self.ways.music else {}
        with suppress(NotLive):
            await self.api.change(own, hold=on, **more)

    async def _send(self, sid: str) -> None:
        """Have the contact's call go on with another document. Raises TryLater when it is not answered yet."""
        try:
            await self.api.redirect(sid, document(self.scene, self.ways))
        except NotLive:
            await self._reckon(sid)

    async def _reckon(self, sid: str) -> None:
        """The contact's call is not live: it has ended, or it has not begun."""
        found = await self.api.call(sid)
        if found is not None and not found.is_over:
            raise TryLater("Twilio has not connected the call yet.", after_ms=SOON) from None
        self.stands.over.put(sid, True)
        status, at = ("failed", None) if found is None else (found.status, found.ended_at)
        await self._tell(ended(status), f"{sid}:ended", at or self.now())

    # --- recording ---------------------------------------------------------------------------------

    async def _record(self, contact: SceneLeg) -> None:
        """Record the contact's own leg, which stays through holds and transfers."""
        if not contact.external_id or not contact.connected:
            return
        if self.stand.unrecorded:
            if self.scene.owes_recording:
                await self._never_recorded("refused")
            return
        try:
            await self._turn_recording(contact.external_id)
        except NotLive:
            return
        except Refused as error:
            # A call that is not recorded is still a call.
            self.stand.unrecorded = True
            log.error("a call is not recorded", call=self.scene.call_id, why=str(error))
            await self._never_recorded(str(error))

    async def _turn_recording(self, sid: str) -> None:
        scene, stand = self.scene, self.stand
        if not stand.recording and (scene.recording_id or not stand.whole):
            await self._find_recording(sid)
        if not stand.recording and scene.recording is RecordingState.ON:
            stand.recording = await self.api.record(sid, self.ways.told_of_recording(scene.call_id))
            stand.recording_status = "in-progress"
            name = stand.recording
            await self._tell(RecordingStarted(external_id=name), f"{name}:started", self.now())
        status = {RecordingState.ON: "in-progress", RecordingState.PAUSED: "paused"}.get(scene.recording, "stopped")
        if stand.recording and stand.recording_status != status:
            await self.api.turn_recording(sid, stand.recording, status)
            stand.recording_status = status

    async def _find_recording(self, sid: str) -> None:
        """A recording that runs already, since before this process began."""
        found = await self.api.recordings_of(sid)
        running = next((one for one in found if one.status in ("in-progress", "paused")), None)
        if running is not None and running.source != MESSAGE:
            self.stand.recording, self.stand.recording_status = running.sid, running.status
            name = running.sid
            await self._tell(RecordingStarted(external_id=name), f"{name}:started", self.now())

    async def _settle_recording(self, sids: set[str]) -> None:
        """The call is over and no recording was told of: one may have begun all the same, before a restart."""
        for sid in sorted(sids):
            for one in await self.api.recordings_of(sid):
                if one.source != MESSAGE:
                    await self._tell(RecordingStarted(external_id=one.sid), f"{one.sid}:started", self.now())
                    return
        await self._never_recorded("over")

    async def _never_recorded(self, why: str) -> None:
        never = RecordingFailed(external_id="", reason=why)
        await self._tell(never, f"{self.scene.call_id}:{self.scene.version}:unrecorded", self.now())

    async def _tell(self, signal: ReportedSignal, key: str, at: Moment) -> None:
        known = ExternalId(self.scene.external_id) if self.scene.external_id else None
        await self.deliver(CallReported(signal=signal, key=key, at=at, call=known, call_id=self.scene.call_id))
