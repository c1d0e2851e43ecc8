"""Brings Asterisk to what a scene says: looks what stands there, and does what is missing.

A contact who waits stands in a holding bridge of their own (`line`), which plays music. Whoever talks stands in the
call's mixing bridge (`room`); a prompt is played to the contact in neither. A supervisor who only listens or whispers
stands in a bridge with a channel that snoops on the agent (`ear`).
"""

from __future__ import annotations

import asyncio

from channels.asterisk.ari import Ari, quoted
from channels.asterisk.look import Look
from channels.asterisk.names import Kind, name, read
from channels.asterisk.render import hang_up_reason
from channels.asterisk.settings import AsteriskSettings
from channels.asterisk.sounds import Sounds
from channels.asterisk.standing import LATE, Memory, Stand
from channels.contract import CallReported, Deliver, Tools, TryLater
from crm_core.words.calls import RecordingFailed, Scene
from crm_core.words.dialling import DialPlan


class Stage:
    """The calls of one account."""

    def __init__(self, ari: Ari, tools: Tools, settings: AsteriskSettings, plan: DialPlan) -> None:
        self._ari = ari
        self._tools = tools
        self._settings = settings
        self._plan = plan
        self._sounds = Sounds(tools, settings)
        self._app = settings.app
        self._memories: dict[int, Memory] = {}
        self._looking = asyncio.Lock()
        self._asked = 0
        self._looked = 0
        self._stand = Stand({}, {})

    async def look(self) -> Stand:
        """All channels and bridges as they are now. Raises TryLater, AccountBroken.

        Whoever asks while others are looking shares the next look, so a hundred calls that change at once cost two.
        """
        self._asked += 1
        mine = self._asked
        async with self._looking:
            if self._looked < mine:
                asked = self._asked
                channels, bridges = await self._ari.listed("/channels"), await self._ari.listed("/bridges")
                self._stand = Stand({str(c.get("id")): c for c in channels}, {str(b.get("id")): b for b in bridges})
                self._looked = asked
            return self._stand

    async def arrange(self, scene: Scene, deliver: Deliver) -> None:
        """Bring about a scene, unless a newer one was. What cannot be called is reported. Raises TryLater."""
        memory = self._memories.setdefault(scene.call_id, Memory.of(scene))
        done = True
        reports: list[CallReported] = []
        async with memory.lock:
            if scene.version < memory.version:
                return
            memory.version, memory.scene = scene.version, scene
            stand = await self.look()
            if scene.over:
                await self._clear(scene, stand)
                if scene.owes_recording and not memory.recording:
                    over = RecordingFailed(external_id="", reason="over")
                    key = f"{name(self._app, Kind.TALK, scene.call_id)}:never"
                    now = self._tools.now()
                    reports.append(CallReported(signal=over, key=key, at=now, call_id=scene.call_id))
                self._memories.pop(scene.call_id, None)
            else:
                look = Look(
                    self._ari, self._tools, self._settings, self._plan, memory, scene, stand, reports, self._sounds
                )  # fmt: skip
                done = await look.run()
        for report in reports:
            await deliver(report)
        if not done:
            raise TryLater("Not all of a call stands at Asterisk yet.", after_ms=500)

    async def again(self, call_id: int, deliver: Deliver) -> None:
        """Look at a call again because something that was begun is ready now."""
        memory = self._memories.get(call_id)
        if memory is not None and memory.scene is not None:
            await self.arrange(memory.scene, deliver)

    def prompt_over(self, call_id: int, seq: int) -> None:
        """A prompt has been played."""
        memory = self._memories.get(call_id)
        if memory is not None and memory.saying == name(self._app, Kind.SAY, call_id, seq):
            memory.saying = ""

    def prompt_failed(self, call_id: int, seq: int) -> bool:
        """Asterisk could not fetch a prompt's sound from us; whether the next look says it another way."""
        memory = self._memories.get(call_id)
        if memory is None or memory.saying != name(self._app, Kind.SAY, call_id, seq) or memory.unfetched == seq:
            return False
        memory.saying, memory.said, memory.unfetched = "", seq - 1, seq
        return True

    def music_over(self, call_id: int, version: int, *, failed: bool) -> bool:
        """The queue's music has ended; whether it was what is to be heard now, so that the next look begins it anew."""
        memory = self._memories.get(call_id)
        if memory is None or memory.music != name(self._app, Kind.MUSIC, call_id, version):
            return False
        memory.music, memory.is_music_over, memory.is_music_bad = "", True, failed
        return True

    async def clear(self, call_id: int, stand: Stand) -> None:
        """Take away whatever stands there of a call that nobody knows any more."""
        for bridge in [one for one in stand.bridges if self._belongs(one, call_id)]:
            await self._ari.ask("DELETE", f"/bridges/{quoted(bridge)}")
        for channel in [one for one in stand.channels if self._belongs(one, call_id)]:
            await self._ari.ask("DELETE", f"/channels/{quoted(channel)}")

    async def _clear(self, scene: Scene, stand: Stand) -> None:
        memory = self._memories[scene.call_id]
        # What ends now was not badly fetched.
        memory.saying = memory.music = ""
        contact = scene.external_id
        if contact in stand.channels:
            reason = "normal" if stand.is_up(contact) else hang_up_reason(scene)
            await self._ari.ask("DELETE", f"/channels/{quoted(contact)}", reason=reason)
        for recording in filter(None, (memory.recording, memory.recorder)):
            await self._ari.ask("POST", f"/recordings/live/{quoted(recording)}/stop", tolerate=LATE)
        await self.clear(scene.call_id, stand)

    def _belongs(self, thing: str, call_id: int) -> bool:
        ours = read(self._app, thing)
        return ours is not None and ours.call_id == call_id
