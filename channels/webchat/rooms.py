"""The calls of an account, carried from browser to browser: whose page carries each, and what only time brings on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from channels.contract import CallReported, Deliver
from channels.webchat.limits import Bucket
from crm_core.words.calls import Hears, LegEnded, PromptPlayed, ReportedSignal, Scene
from crm_core.words.clock import MINUTE, Clock
from crm_core.words.errors import HubError, StoreUnavailable
from crm_core.words.values import EndedBy, LegRole

ABSENT_SECONDS: Final = 30.0
"""How long the visitor's page may be gone before the call is over: a refresh is back long before."""
KEY_SECONDS: Final = 30.0
"""How long a prompt with keys waits for one."""
AGAIN_SECONDS: Final = 2.0
MOST_REMEMBERED: Final = 10_000
"""Network addresses whose calls are counted."""

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class _Room:
    """One call that is not over."""

    carrier: Callable[[], None] | None = None
    """Tells the page that carries the visitor's sound that it does so no longer."""
    absence: asyncio.Task[None] | None = None
    said: int = 0
    saying: asyncio.Task[None] | None = None


class Rooms:
    """One per open account. Tasks belong to `group`, which ends with the account."""

    def __init__(self, now: Clock, group: asyncio.TaskGroup, *, absent_seconds: float = ABSENT_SECONDS) -> None:
        self.arriving = asyncio.Lock()
        """Held while a call begins, so that a visitor with two pages has one call."""
        self._now = now
        self._group = group
        self._absent_seconds = absent_seconds
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

    def carry(self, call_id: int, dismissed: Callable[[], None]) -> None:
        """A page carries the visitor's sound from now on; the one that did is told so."""
        room = self._rooms.setdefault(call_id, _Room())
        if room.carrier is not None and room.carrier != dismissed:
            room.carrier()
        room.carrier = dismissed
        if room.absence is not None:
            room.absence.cancel()
            room.absence = None

    def leave(self, call_id: int, dismissed: Callable[[], None], deliver: Deliver) -> None:
        """That page is gone, perhaps to come back."""
        room = self._rooms.get(call_id)
        if room is not None and room.carrier == dismissed:
            room.carrier = None
            self._miss(call_id, room, deliver)

    async def arrange(self, scene: Scene, deliver: Deliver) -> None:
        """Bring about what the browsers cannot: prompts end, absent visitors are let go, numbers are not called."""
        if scene.over:
            self._forget(scene.call_id)
            return
        room = self._rooms.setdefault(scene.call_id, _Room())
        if room.carrier is None:
            self._miss(scene.call_id, room, deliver)
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
        room.said = seq
        if prompt is not None and seq:
            seconds = KEY_SECONDS if prompt.digits else reading_seconds(prompt.text)
            played = self._reported(scene.call_id, PromptPlayed(seq=seq), f"played:{seq}")
            room.saying = self._group.create_task(self._later(seconds, played, deliver))

    def _miss(self, call_id: int, room: _Room, deliver: Deliver) -> None:
        if room.absence is None:
            ended = self._reported(call_id, LegEnded(reason="failed", by=EndedBy.NOBODY), "absent")
            room.absence = self._group.create_task(self._later(self._absent_seconds, ended, deliver))

    def _reported(self, call_id: int, signal: ReportedSignal, what: str) -> CallReported:
        return CallReported(signal=signal, key=f"{call_id}:{what}", at=self._now(), call_id=call_id)

    async def _later(self, seconds: float, event: CallReported, deliver: Deliver) -> None:
        await asyncio.sleep(seconds)
        while True:
            try:
                await deliver(CallReported(signal=event.signal, key=event.key, at=self._now(), call_id=event.call_id))
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
        for task in (room.absence, room.saying) if room is not None else ():
            if task is not None:
                task.cancel()


def reading_seconds(text: str) -> float:
    """How long somebody needs to read a prompt."""
    return min(12.0, 1.5 + 0.06 * len(text))
