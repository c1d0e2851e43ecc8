"""One look at one call: compares a scene with what stands at Asterisk, and does what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from channels.asterisk.ari import Ari, quoted
from channels.asterisk.names import Kind, name, read
from channels.asterisk.render import LISTENING, endpoint_of, in_room, is_silent, is_softphone, originate, rings_aloud
from channels.asterisk.settings import AsteriskSettings
from channels.asterisk.sounds import Sounds
from channels.asterisk.standing import LATE, Memory, Stand
from channels.contract import CallReported, Refused, Tools, TryLater
from crm_core.words.calls import Hears, LegEnded, RecordingFailed, RecordingStarted, Scene, SceneLeg
from crm_core.words.content import FileRef
from crm_core.words.dialling import DialPlan
from crm_core.words.values.calls import LegMode, LegRole, RecordingState

log = structlog.get_logger(__name__)

_ABSENT: Final = (400, *LATE)
"""A channel that is late is a bad request where bridges are asked."""
_NOTICE: Final = "recording"
"""The code of the prompt that tells of a recording."""
_REPEATS: Final = 20
"""How often Asterisk plays the queue's music before it is asked to play it again."""
_UNCALLABLE: Final = (400, 404, 500)
"""No such endpoint, or none of its devices is signed in (`Allocation failed`)."""


@dataclass(slots=True)
class Look:
    """One look at one call."""

    ari: Ari
    tools: Tools
    settings: AsteriskSettings
    plan: DialPlan
    memory: Memory
    scene: Scene
    stand: Stand
    reports: list[CallReported]
    sounds: Sounds
    is_done: bool = True

    async def run(self) -> bool:
        """Do what is missing, in the order in which people would notice it least; whether that was all."""
        await self._hang_up_others()
        await self._room()
        await self._contact()
        await self._listeners()
        await self._mutes()
        for leg in self.scene.legs:
            if not leg.connected:
                await self._dial(leg)
        await self._ring_aloud()
        try:
            await self._record()
        except (TryLater, Refused) as error:
            # A full disk, say. A call that is not recorded is still a call; the hub tries again.
            log.warning("a call is not recorded", call_id=self.scene.call_id, problem=str(error))
            self.is_done = False
        return self.is_done

    def _name(self, kind: Kind, *parts: int | str) -> str:
        return name(self.settings.app, kind, self.scene.call_id, *parts)

    def _channel(self, leg: SceneLeg) -> str:
        return leg.external_id or self._name(Kind.LEG, leg.id)

    # --- who is there ---

    async def _hang_up_others(self) -> None:
        wanted = {self._channel(leg) for leg in self.scene.legs}
        for channel in self.stand.channels:
            ours = read(self.settings.app, channel)
            if ours is None or ours.call_id != self.scene.call_id or ours.kind is not Kind.LEG or channel in wanted:
                continue
            await self.ari.ask("DELETE", f"/channels/{quoted(channel)}")

    async def _dial(self, leg: SceneLeg) -> None:
        channel = self._channel(leg)
        if leg.external_id or channel in self.memory.dialled or channel in self.stand.channels:
            return
        endpoint = endpoint_of(leg, self.settings, self.plan)
        if endpoint is None:
            log.warning("a number or extension was not called", call_id=self.scene.call_id, leg_id=leg.id)
            self._failed(leg, "This number or extension may not be called.")
            return
        contact = self.stand.channels.get(self.scene.external_id, {}).get("caller")
        caller = contact if isinstance(contact, Mapping) else {}
        params, body = originate(self.scene, leg, self.settings, caller=caller, now=self.tools.now())
        self.memory.dialled.add(channel)
        answer = await self.ari.ask(
            "POST", f"/channels/{quoted(channel)}", body, tolerate=(409, *_UNCALLABLE), endpoint=endpoint, **params
        )
        if answer.status not in _UNCALLABLE:
            return
        if is_softphone(leg):
            # A tab that was just loaded signs in within moments; the leg's own deadline ends the waiting.
            self.memory.dialled.discard(channel)
            self.is_done = False
        else:
            self._failed(leg, answer.words)

    def _failed(self, leg: SceneLeg, words: str) -> None:
        signal = LegEnded(leg_id=leg.id, reason="failed", detail=words)
        key = f"{self._name(Kind.LEG, leg.id)}:ended"
        self.reports.append(CallReported(signal=signal, key=key, at=self.tools.now(), call_id=self.scene.call_id))

    # --- where they are ---

    async def _room(self) -> None:
        """Everybody who talks, into the room; whoever talks no more, out of it."""
        room = self._name(Kind.ROOM)
        wanted = [self._channel(leg) for leg in self.scene.legs if in_room(leg)]
        if wanted and room not in self.stand.bridges:
            await self._make_bridge(room, "mixing,dtmf_events")
        for leg in self.scene.legs:
            channel = self._channel(leg)
            if channel in self.stand.members(room) and channel not in wanted and leg.role is not LegRole.CUSTOMER:
                await self._remove(room, channel)
        for leg in self.scene.legs:
            if in_room(leg) and leg.role is not LegRole.CUSTOMER:
                await self._put(room, self._channel(leg))

    async def _contact(self) -> None:
        contact = self.scene.customer
        if contact is None or self._channel(contact) not in self.stand.channels:
            return
        channel = self._channel(contact)
        if not self.stand.is_up(channel):
            if contact.hears is Hears.RINGING:
                await self.ari.ask("POST", f"/channels/{quoted(channel)}/ring", tolerate=LATE)
                return
            if contact.connected:
                await self.ari.ask("POST", f"/channels/{quoted(channel)}/answer", tolerate=LATE)
        if not contact.connected:
            return
        if contact.hears in (Hears.PROMPT, Hears.RECORDER):
            await self._leave_bridges(channel)
            await self._say(f"/channels/{quoted(channel)}")
            if contact.hears is Hears.RECORDER:
                await self._take_message(channel)
        else:
            await self._say_or_hush()
            await self._put_contact(channel, contact.hears)

    async def _put_contact(self, channel: str, hears: Hears) -> None:
        if hears is Hears.ROOM:
            await self._leave_line(channel)
            await self._put(self._name(Kind.ROOM), channel)
            return
        line = self._name(Kind.LINE)
        if line not in self.stand.bridges:
            await self._make_bridge(line, "holding")
        if channel in self.stand.members(self._name(Kind.ROOM)):
            await self._remove(self._name(Kind.ROOM), channel)
        if channel not in self.stand.members(line):
            await self._put(line, channel)
            await self._play_class(channel)
        elif self.memory.is_music_over:
            await self._play_class(channel)
        await self._play_music(line)

    async def _leave_bridges(self, channel: str) -> None:
        await self._leave_line(channel)
        if channel in self.stand.members(self._name(Kind.ROOM)):
            await self._remove(self._name(Kind.ROOM), channel)

    async def _leave_line(self, channel: str) -> None:
        line = self._name(Kind.LINE)
        if channel in self.stand.members(line):
            await self._hush_music()
            await self.ari.ask("DELETE", f"/channels/{quoted(channel)}/moh", tolerate=LATE)
            await self._remove(line, channel)

    async def _make_bridge(self, bridge: str, kind: str) -> None:
        await self.ari.ask("POST", f"/bridges/{quoted(bridge)}", type=kind, name=bridge)

    async def _put(self, bridge: str, channel: str) -> None:
        if channel not in self.stand.members(bridge):
            await self.ari.ask("POST", f"/bridges/{quoted(bridge)}/addChannel", tolerate=_ABSENT, channel=channel)

    async def _remove(self, bridge: str, channel: str) -> None:
        await self.ari.ask("POST", f"/bridges/{quoted(bridge)}/removeChannel", tolerate=_ABSENT, channel=channel)

    # --- what they hear ---

    async def _say_or_hush(self) -> None:
        """Among people a prompt is said to everybody in the room; without one nothing is said any more."""
        if self.scene.prompt is not None and self._name(Kind.ROOM) in self.stand.bridges:
            await self._say(f"/bridges/{quoted(self._name(Kind.ROOM))}")
        elif self.memory.saying:
            await self._hush()

    async def _say(self, where: str) -> None:
        prompt = self.scene.prompt
        if prompt is None or prompt.seq <= self.memory.said:
            return
        media = await self.sounds.of(prompt, fetched=prompt.seq != self.memory.unfetched)
        if prompt.code == _NOTICE:
            self.memory.untold = is_silent(media)
        await self._hush()
        path = f"{where}/play/{self._name(Kind.SAY, prompt.seq)}"
        before, self.memory.said = self.memory.said, prompt.seq
        # Known before it is asked for: that it is over may be heard before the answer.
        self.memory.saying = self._name(Kind.SAY, prompt.seq)
        done = False
        try:
            params = {"media": ",".join(media), "lang": prompt.language}
            done = (await self.ari.ask("POST", path, tolerate=LATE, **params)).done
        finally:
            if not done:
                self.memory.said, self.memory.saying = before, ""
        if done and prompt.seq == self.memory.unfetched:
            log.warning("Asterisk could not fetch a prompt from the hub", call_id=self.scene.call_id, code=prompt.code)

    async def _hush(self) -> None:
        if self.memory.saying:
            await self.ari.ask("DELETE", f"/playbacks/{self.memory.saying}", tolerate=LATE)
            self.memory.saying = ""

    async def _play_class(self, channel: str) -> None:
        """The account's. The bridge's own falls silent for whoever comes back to it (Asterisk 22); this does not."""
        music = self.settings.music_class
        await self.ari.ask("POST", f"/channels/{quoted(channel)}/moh", tolerate=LATE, mohClass=music)
        self.memory.is_music_over = False

    async def _play_music(self, line: str) -> None:
        """The queue's own, where it has some: over the account's class, which it ends."""
        file_id, memory = self.scene.music_file_id, self.memory
        if file_id is None or memory.music or memory.is_music_bad:
            return
        memory.music = self._name(Kind.MUSIC, self.scene.version)
        path = f"/bridges/{quoted(line)}/play/{memory.music}"
        done = False
        try:
            media = [f"sound:{self.sounds.link(FileRef(file_id))}"] * _REPEATS
            done = (await self.ari.ask("POST", path, {"media": media}, tolerate=LATE)).done
        finally:
            if not done:
                memory.music = ""

    async def _hush_music(self) -> None:
        playback, self.memory.music = self.memory.music, ""
        if playback:
            await self.ari.ask("DELETE", f"/playbacks/{playback}", tolerate=LATE)

    async def _ring_aloud(self) -> None:
        room, playback = self._name(Kind.ROOM), self._name(Kind.TONE)
        if not rings_aloud(self.scene):
            if self.memory.rings is not False:
                await self.ari.ask("DELETE", f"/playbacks/{playback}", tolerate=LATE)
                self.memory.rings = False
            return
        if self.memory.rings is None:
            self.memory.rings = (await self.ari.ask("GET", f"/playbacks/{playback}")).done
        if not self.memory.rings:
            path = f"/bridges/{quoted(room)}/play/{playback}"
            self.memory.rings = (await self.ari.ask("POST", path, tolerate=LATE, media="tone:ring")).done

    async def _mutes(self) -> None:
        unknown = None if self.memory.forgot else False
        for leg in self.scene.legs:
            channel = self._channel(leg)
            muted = leg.muted and leg.mode not in LISTENING
            if not leg.connected or self.memory.muted.get(channel, unknown) is muted:
                continue
            path = f"/channels/{quoted(channel)}/mute"
            await self.ari.ask("POST" if muted else "DELETE", path, tolerate=LATE, direction="in")
            self.memory.muted[channel] = muted

    # --- who listens in ---

    async def _listeners(self) -> None:
        wanted: set[str] = set()
        target = self._listened_to()
        for leg in self.scene.legs:
            if leg.mode in LISTENING and leg.connected and target is not None:
                wanted |= await self._listen(leg, target)
        for thing in (*self.stand.channels, *self.stand.bridges):
            ours = read(self.settings.app, thing)
            if ours is None or ours.call_id != self.scene.call_id or thing in wanted:
                continue
            if ours.kind is Kind.SNOOP:
                await self.ari.ask("DELETE", f"/channels/{quoted(thing)}")
            elif ours.kind is Kind.EAR:
                await self.ari.ask("DELETE", f"/bridges/{quoted(thing)}")

    async def _listen(self, leg: SceneLeg, target: SceneLeg) -> set[str]:
        """A snoop hears both sides of the agent, which is everybody; what it says only the agent hears."""
        ear = self._name(Kind.EAR, leg.id)
        snoop = self._name(Kind.SNOOP, leg.id, leg.mode, target.id)
        if snoop not in self.stand.channels:
            whisper = "out" if leg.mode is LegMode.WHISPER else "none"
            path = f"/channels/{quoted(self._channel(target))}/snoop/{snoop}"
            params = {"spy": "both", "whisper": whisper, "app": self.settings.app, "appArgs": "snoop"}
            await self.ari.ask("POST", path, tolerate=(400, *LATE), **params)
        if ear not in self.stand.bridges:
            await self._make_bridge(ear, "mixing")
        for channel in (self._channel(leg), snoop):
            await self._put(ear, channel)
        return {ear, snoop}

    def _listened_to(self) -> SceneLeg | None:
        talking = [leg for leg in self.scene.legs if leg.connected and leg.mode is LegMode.TALK]
        order = {LegRole.AGENT: 0, LegRole.THIRD: 1, LegRole.CUSTOMER: 2}
        return min((leg for leg in talking if leg.role in order), key=lambda leg: order[leg.role], default=None)

    # --- what is kept ---

    async def _record(self) -> None:
        scene, memory = self.scene, self.memory
        memory.recording = scene.recording_id or memory.recording
        if scene.recording is RecordingState.OFF:
            if memory.recording:
                await self._of_recording("POST", "stop")
            memory.recording, memory.paused = "", False
            return
        if not memory.recording:
            await self._begin_recording()
            return
        paused = scene.recording is RecordingState.PAUSED
        if paused is not memory.paused:
            await self._of_recording("POST" if paused else "DELETE", "pause")
            memory.paused = paused

    async def _of_recording(self, method: str, what: str) -> None:
        path = f"/recordings/live/{quoted(self.memory.recording)}/{what}"
        await self.ari.ask(method, path, tolerate=LATE)

    async def _begin_recording(self) -> None:
        """Named by the version, so that the same scene begins no second one; one that runs unknown is taken over."""
        if self.memory.untold:
            self._refuse_to_record()
            return
        room = self._name(Kind.ROOM)
        known = await self._running() if self.memory.forgot else ""
        label = known or self._name(Kind.TALK, self.scene.version)
        params = {"name": label, "format": "wav", "ifExists": "fail"}
        answer = await self.ari.ask("POST", f"/bridges/{quoted(room)}/record", tolerate=_ABSENT, **params)
        if not answer.done and answer.status != 409:
            return
        self.memory.recording = label
        signal = RecordingStarted(external_id=label)
        now, call_id = self.tools.now(), self.scene.call_id
        self.reports.append(CallReported(signal=signal, key=f"{label}:started", at=now, call_id=call_id))

    def _refuse_to_record(self) -> None:
        """Nobody is recorded who was to be told of it and heard nothing."""
        log.warning("a call is not recorded: its notice could not be said", call_id=self.scene.call_id)
        signal = RecordingFailed(external_id="", reason="untold")
        key = f"{self._name(Kind.TALK, self.scene.version)}:untold"
        self.reports.append(CallReported(signal=signal, key=key, at=self.tools.now(), call_id=self.scene.call_id))

    async def _running(self) -> str:
        for stored in await self.ari.listed("/recordings/stored"):
            label = str(stored.get("name"))
            ours = read(self.settings.app, label)
            if ours is None or ours.kind is not Kind.TALK or ours.call_id != self.scene.call_id:
                continue
            if (await self.ari.ask("GET", f"/recordings/live/{quoted(label)}")).done:
                return label
        return ""

    async def _take_message(self, channel: str) -> None:
        """Once the prompt is over; Asterisk gives the tone."""
        prompt, memory = self.scene.prompt, self.memory
        if memory.recorder or (prompt is not None and memory.saying):
            return
        label = self._name(Kind.MAIL, prompt.seq if prompt is not None else 0)
        params: dict[str, str | int] = {
            "name": label, "format": "wav", "beep": "true", "ifExists": "fail", "terminateOn": "#",
            "maxDurationSeconds": max(1, self.scene.most_voicemail // 1000), "maxSilenceSeconds": 10,
        }  # fmt: skip
        answer = await self.ari.ask("POST", f"/channels/{quoted(channel)}/record", tolerate=LATE, **params)
        if answer.done or answer.status == 409:
            memory.recorder = label
