"""Brings consoles up to the present: by what they missed, by a snapshot, or by the conversation they open."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from crm_core.words.errors import HubError
from crm_core.words.permissions import Actor
from hub.console.backlog import Kept
from hub.console.crowd import QUEUE_BYTES, Console
from hub.console.frames import encoded
from hub.console.live import BEAT_SECONDS, HEARTBEAT_SECONDS, Live, gone_frame
from hub.console.protocol import (
    PROTOCOL,
    CloseCode,
    Gone,
    Ready,
    Resume,
    Resync,
    ResyncReason,
    Snapshot,
    SnapshotTaken,
    Watched,
    WatchedShown,
)
from hub.console.reducer import see
from hub.console.snapshot import look, snapshot
from hub.console.telling import Telling, rights, telling

READERS: Final = 3
"""Consoles read for at once. One less than the database's readers, so that the API answers in a storm of returns."""
TRIES: Final = 5
"""How often a snapshot is begun again because the world moved too far while it was read."""

log = structlog.get_logger(__name__)


class CatchingUp:
    """Serves what the consoles want. `run()` until cancelled."""

    def __init__(self, live: Live) -> None:
        self._live = live

    async def run(self) -> None:
        """Read for consoles, and let the heart beat."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._beat())
            for _ in range(READERS):
                tasks.create_task(self._work())

    def admit(self, console: Console, resume: Resume | None) -> None:
        """Say ready to a console that was counted in, then what it missed, or that a snapshot will come."""
        live = self._live
        actor = console.actor
        if actor is None or console.is_ended:
            return
        missed = self._missed(resume, actor)
        resumed = not isinstance(missed, ResyncReason)
        ready = Ready(
            protocol=PROTOCOL,
            agent_id=actor.agent_id,
            epoch=live.epoch,
            rights=rights(actor),
            position=live.bus.position,
            at=live.clock(),
            resumed=resumed,
            present=sorted(live.presence.present()) if resumed else [],
            heartbeat_ms=int(HEARTBEAT_SECONDS * 1000),
        )
        live.fan.send(console, encoded(ready))
        if isinstance(missed, ResyncReason):
            live.fan.send(console, encoded(Resync(reason=missed)))
            live.want(console, "snapshot")
            return
        self._catch_up(console, missed)
        console.live = not console.is_ended
        if console.watching:
            live.want(console, "watch")

    def _missed(self, resume: Resume | None, actor: Actor) -> Sequence[Kept] | ResyncReason:
        live = self._live
        if resume is None:
            return ResyncReason.NEW
        if resume.epoch != live.epoch:
            return ResyncReason.OTHER_EPOCH
        if resume.rights != rights(actor):
            return ResyncReason.RIGHTS
        if not 0 <= resume.position <= live.bus.position:
            return ResyncReason.UNKNOWN_POSITION
        missed = live.backlog.since(resume.position, live.clock())
        return ResyncReason.TOO_OLD if missed is None else missed

    def _catch_up(self, console: Console, missed: Sequence[Kept]) -> None:
        actor = console.actor
        assert actor is not None, "only consoles with an agent are caught up"
        frames: list[bytes] = []
        for kept in missed:
            match telling(kept.event, actor, kept.told):
                case Telling.EVENT:
                    frames.append(kept.frame)
                case Telling.GONE:
                    frames.append(gone_frame(kept))
        if frames:
            self._give(console, b"".join(frames))

    def _give(self, console: Console, data: bytes) -> None:
        # What is owed as a whole may be larger than what may wait of passing news.
        console.allowance = max(console.allowance, QUEUE_BYTES + console.pipe.get_write_buffer_size() + len(data))
        self._live.fan.send(console, data)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            self._live.beat()

    async def _work(self) -> None:
        while True:
            await self.serve(await self._live.wanting.get())

    async def serve(self, console: Console) -> None:
        """Give one console what it wants now."""
        wants = console.take_want()
        try:
            if console.is_ended:
                return
            if wants == "snapshot":
                await self._give_snapshot(console)
            elif wants == "watch":
                await self._give_look(console)
        except HubError as error:
            log.info("a console could not be read for", code=error.code)
            console.end(CloseCode.TRY_AGAIN)
        except Exception as error:
            log.error("reading for a console failed", exc_info=error)
            console.end(CloseCode.TRY_AGAIN)
        finally:
            console.busy = False
            if console.wants is not None and not console.is_ended:
                self._live.want(console, console.wants)

    async def _give_snapshot(self, console: Console) -> None:
        live = self._live
        console.live = False
        for _ in range(TRIES):
            actor = console.actor
            assert actor is not None, "only consoles with an agent want a snapshot"
            taken = await live.db.read(snapshot, actor, console.watching)
            await live.bus.reached(taken.position)
            if console.is_ended:
                return
            missed = live.backlog.since(taken.position, live.clock())
            if missed is not None and console.actor is actor:
                if console.wants == "snapshot":
                    console.take_want()
                self._show(console, actor, taken, missed)
                return
        console.end(CloseCode.TRY_AGAIN)

    def _show(self, console: Console, actor: Actor, taken: Snapshot, missed: Sequence[Kept]) -> None:
        live = self._live
        frame = SnapshotTaken(
            epoch=live.epoch,
            rights=rights(actor),
            at=live.clock(),
            snapshot=see(taken, live.presence.present(), present=True),
        )
        self._give(console, encoded(frame))
        self._catch_up(console, missed)
        console.live = not console.is_ended
        self._enter_rooms(console, taken.watched, missed)

    async def _give_look(self, console: Console) -> None:
        live = self._live
        actor, watching, told = console.actor, console.watching, live.bus.position
        if actor is None or not console.live or not watching:
            return
        # Everything up to `told` is with the console or on its way; nothing more until the reading is done.
        console.live = False
        seen = await live.db.read(look, actor, watching)
        await live.bus.reached(seen.position)
        if console.is_ended or console.actor is not actor:
            return
        missed = live.backlog.since(told, live.clock())
        if missed is None:
            live.want(console, "snapshot")
            return
        later = [kept for kept in missed if kept.position > seen.position]
        self._catch_up(console, missed[: len(missed) - len(later)])
        shown = [one for one in seen.watched.values() if one is not None and one.conversation.id in console.watching]
        for one in shown:
            self._give(console, encoded(WatchedShown(position=seen.position, watched=one)))
        for key, found in seen.watched.items():
            if found is None:
                console.watching = tuple(i for i in console.watching if i != key)
                self._give(console, encoded(Gone(position=seen.position, conversation_id=key)))
        self._catch_up(console, later)
        console.live = not console.is_ended
        self._enter_rooms(console, shown, later)

    def _enter_rooms(self, console: Console, shown: Sequence[Watched], later: Sequence[Kept]) -> None:
        live = self._live
        if console.is_ended or console not in live.crowd.all:
            return
        for one in shown:
            if one.conversation.id in console.watching:
                live.rooms.enter(console, one.conversation)
        # The rooms learn what happened since the reading before anybody is told who is in them.
        for kept in later:
            live.turn_out(kept.event)
        for one in shown:
            live.show_viewers(one.conversation.id)
