"""The calls of an account, carried from browser to browser: whose page carries each, and what only time brings on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog

from channels.contract import CallReported, Deliver
from channels.webchat.limits import Bucket
from crm_core.words.calls import Hears, LegAnswered, LegEnded, LegLost, PromptPlayed, ReportedSignal, Scene
from crm_core.words.clock import MINUTE, Clock, Moment
from crm_core.words.errors import HubError, StoreUnavailable
from crm_core.words.values import EndedBy, LegRole, PromptValue

ABSENT_SECONDS: Final = 30.0
"""How long the visitor's page may be gone before the call is over: a refresh is back long before."""
SILENT_SECONDS: Final = 5.0
"""How long it may be gone without a word before the agent is told: sockets break and are back while people talk on."""
KEY_SECONDS: Final = 30.0
"""How long a prompt with keys waits for one."""
SOUND_SECONDS: Final = 100.0
"""How long a page may play a recorded prompt: one that never says that it is over does not stop the call."""
AGAIN_SECONDS: Final = 2.0
MOST_REMEMBERED: Final = 10_000
"""Network addresses whose calls are counted."""

log = structlog.get_logger(__name__)


class Page(Protocol):
    """A page of the visitor, as the call that it carries knows it."""

    def dismissed(self) -> None:
        """Another page carries the sound now."""
        ...

    def plays_anew(self) -> None:
        """What it has to play and record is another than it was."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Playing:
    """What a scene has for the page and a visitor's news has not."""

    music: int | None = None
    """The file that is heard while waiting; none: the page's own tones."""
    most_voicemail: int = 120_000
    """Milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Absence:
    """Nobody carries the visitor's sound."""

    since: Moment
    said: bool = False
    """The page said that it goes; otherwise its line broke."""


@dataclass(slots=True, eq=False)
class _Room:
    """One call that is not over."""

    carrier: Page | None = None
    absence: _Absence | None = None
    """None while there is a carrier."""
    back: asyncio.Event = field(default_factory=asyncio.Event)
    watching: asyncio.Task[None] | None = None
    """While there is an absence, or one of which the hub knows."""
    is_told_away: bool = False
    playing: Playing = field(default_factory=Playing)
    said: int = 0
    """The prompt whose end is waited for."""
    saying: asyncio.Task[None] | None = None
    sounded: tuple[int, bool] = (0, False)
    """The newest recorded prompt of which the page said that it is over, and whether it was heard."""


class Rooms:
    """One per open account. Tasks belong to `group`, which ends with the account."""

    def __init__(
        self,
        now: Clock,
        group: asyncio.TaskGroup,
        *,
        absent_seconds: float = ABSENT_SECONDS,
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        self.arriving = asyncio.Lock()
        """Held while a call begins, so that a visitor with two pages has one call."""
        self._now = now
        self._group = group
        self._absent_seconds = absent_seconds
        self._silent_seconds = silent_seconds
        self._rooms: dict[int, _Room] = {}
        self._peers: dict[str, Bucket] = {}

    def wait(self, peer: str) -> int:
        """Milliseconds until a network address may begin another call; 0 takes one of those it may."""
        bucket = self._peers.pop(peer, None) or Bucket(burst=10, every_ms=MINUTE)
        if len(self._peers) >= MOST_REMEMBERED:
            # Whoever asked longest ago is forgotten first: a crowd of addresses frees none that calls and calls.
            del self._peers[next(iter(self._peers))]
        self._peers[peer] = bucket
        return bucket.wait(self._now())

    def carry(self, call_id: int, page: Page) -> None:
        """A page carries the visitor's sound from now on; the one that did is told so."""
        room = self._rooms.setdefault(call_id, _Room())
        if room.carrier is not None and room.carrier is not page:
            room.carrier.dismissed()
        room.carrier = page
        room.absence = None
        room.back.set()

    def leave(self, call_id: int, page: Page, deliver: Deliver, *, said: bool) -> None:
        """That page is gone, perhaps to come back. `said`: by its own word."""
        room = self._rooms.get(call_id)
        if room is not None and room.carrier is page:
            room.carrier = None
            room.back.clear()
            self._attend(call_id, room, _Absence(since=self._now(), said=said), deliver)

    def playing(self, call_id: int) -> Playing:
        """What the visitor's page plays and records."""
        room = self._rooms.get(call_id)
        return Playing() if room is None else room.playing

    def know(self, scene: Scene) -> None:
        """Keep what a scene has for the page, and tell the page if that is news."""
        room = self._rooms.setdefault(scene.call_id, _Room())
        playing = Playing(music=scene.music_file_id, most_voicemail=scene.most_voicemail)
        if playing != room.playing:
            room.playing = playing
            if room.carrier is not None:
                room.carrier.plays_anew()

    def played(self, call_id: int, prompt: PromptValue, deliver: Deliver, *, heard: bool) -> None:
        """The page says that a recorded prompt is over, or that it cannot play it: then its words are read."""
        room = self._rooms.get(call_id)
        if room is not None and prompt.seq > room.sounded[0]:
            room.sounded = (prompt.seq, heard)
            self._wait_for_end(call_id, room, prompt, deliver)

    async def arrange(self, scene: Scene, deliver: Deliver) -> None:
        """Bring about what the browsers cannot: prompts end, absent visitors are let go, numbers are not called."""
        if scene.over:
            self._forget(scene.call_id)
            return
        self.know(scene)
        room = self._rooms[scene.call_id]
        away_since = None if scene.customer is None else scene.customer.away_since
        if room.watching is None and (room.carrier is None or away_since is not None):
            # After a restart only the hub knows that they were away, and since when.
            room.is_told_away = away_since is not None
            absence = _Absence(since=away_since or self._now()) if room.carrier is None else None
            self._attend(scene.call_id, room, absence, deliver)
        self._say(scene, room, deliver)
        for leg in scene.legs:
            is_outside = leg.role is LegRole.THIRD or leg.device == "phone"
            is_called_out = leg.role is LegRole.CUSTOMER and not leg.connected
            if is_outside or is_called_out:
                ended = LegEnded(
                    leg_id=leg.id, reason="failed", by=EndedBy.SYSTEM, detail="This line calls no numbers."
                )
                await deliver(self._reported(scene.call_id, ended, f"outside:{leg.id}"))

    def _say(self, scene: Scene, room: _Room, deliver: Deliver) -> None:
        prompt = scene.prompt
        customer = scene.customer
        is_said = prompt is not None and customer is not None and customer.hears is not Hears.RECORDER
        seq = prompt.seq if prompt is not None and is_said else 0
        if seq == room.said:
            return
        if room.saying is not None:
            room.saying.cancel()
            room.saying = None
        room.said = 0
        if prompt is not None and seq:
            self._wait_for_end(scene.call_id, room, prompt, deliver)

    def _wait_for_end(self, call_id: int, room: _Room, prompt: PromptValue, deliver: Deliver) -> None:
        if room.saying is not None:
            room.saying.cancel()
        room.said = prompt.seq
        seconds = lasts(prompt, heard=room.sounded[1] if room.sounded[0] == prompt.seq else None)
        room.saying = self._group.create_task(self._played(seconds, call_id, prompt.seq, deliver))

    def _attend(self, call_id: int, room: _Room, absence: _Absence | None, deliver: Deliver) -> None:
        room.absence = absence
        if room.watching is None:
            room.watching = self._group.create_task(self._watch(call_id, room, deliver))

    async def _watch(self, call_id: int, room: _Room, deliver: Deliver) -> None:
        """Tell that nobody carries the sound, that somebody does again, or that it is over; one after the other."""
        while room.absence is not None or room.is_told_away:
            gone = room.absence
            if gone is None:
                await self._tell(self._reported(call_id, LegAnswered(), f"back:{self._now()}"), deliver)
                room.is_told_away = False
            elif not room.is_told_away:
                if gone.said or not await _within(self._silent_seconds, room.back):
                    lost = self._reported(call_id, LegLost(leg_id=None), f"away:{gone.since}", at=gone.since)
                    await self._tell(lost, deliver)
                    room.is_told_away = True
            elif not await _within(self._absent_seconds, room.back):
                # Whoever goes away has hung up, whatever took them; in line they have given up.
                ended = LegEnded(by=EndedBy.CONTACT if gone.said else EndedBy.NOBODY)
                await self._tell(self._reported(call_id, ended, "absent", at=gone.since), deliver)
                return
        room.watching = None

    def _reported(self, call_id: int, signal: ReportedSignal, what: str, *, at: Moment | None = None) -> CallReported:
        happened = self._now() if at is None else at
        return CallReported(signal=signal, key=f"{call_id}:{what}", at=happened, call_id=call_id)

    async def _played(self, seconds: float, call_id: int, seq: int, deliver: Deliver) -> None:
        await asyncio.sleep(seconds)
        await self._tell(self._reported(call_id, PromptPlayed(seq=seq), f"played:{seq}"), deliver)

    async def _tell(self, event: CallReported, deliver: Deliver) -> None:
        while True:
            try:
                await deliver(event)
                return
            except StoreUnavailable:
                await asyncio.sleep(AGAIN_SECONDS)
            except HubError as error:
                log.warning("a signal of a call was not taken", call=event.call_id, code=error.code)
                return

    def close(self) -> None:
        """The account is closed: nothing is waited for any more."""
        for call_id in tuple(self._rooms):
            self._forget(call_id)

    def _forget(self, call_id: int) -> None:
        room = self._rooms.pop(call_id, None)
        for task in (room.watching, room.saying) if room is not None else ():
            if task is not None:
                task.cancel()


async def _within(seconds: float, event: asyncio.Event) -> bool:
    """Whether it happens in that time."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


def lasts(prompt: PromptValue, *, heard: bool | None) -> float:
    """How long a prompt still takes, in seconds. `heard`: what the page said of its sound; none: nothing yet."""
    if prompt.file_id is not None and heard is None:
        return SOUND_SECONDS
    if prompt.digits:
        return KEY_SECONDS
    return 0.0 if heard else reading_seconds(prompt.text)


def reading_seconds(text: str) -> float:
    """How long somebody needs to read a prompt."""
    return min(12.0, 1.5 + 0.06 * len(text))
