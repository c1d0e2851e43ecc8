"""The live state of all open consoles: who is told, what they missed, when they are let go.

Events reach it by the bus, in order. A console is either *live* (events go straight to it) or being caught up:
then a worker reads from the database at some position, and everything after that position is sent from the
backlog in the same breath in which the console becomes live. So there is no gap and nothing comes twice.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import structlog

from crm_core.store import journal
from crm_core.store.database import Database
from crm_core.store.journal import Committed
from crm_core.words.clock import Clock, monotonic
from crm_core.words.events import (
    AgentChanged,
    AnyEvent,
    CaseChanged,
    ConversationChanged,
    EntryAdded,
    EntryChanged,
    SignedOut,
)
from crm_core.words.permissions import Actor
from crm_core.words.values import AuthorKind, EntryKind
from hub.bus.local import Bus
from hub.bus.whispers import PhoneSaid, PresenceSeen, Typing, Viewing, Whisper
from hub.console.backlog import MOST, Backlog, Kept
from hub.console.crowd import Console, Crowd
from hub.console.fan import Fan
from hub.console.frames import encoded
from hub.console.protocol import (
    CloseCode,
    PhoneHeard,
    Position,
    PresenceShown,
    Restarting,
    Resync,
    ResyncReason,
    TypingShown,
    ViewingShown,
)
from hub.console.rooms import Rooms
from hub.console.telling import Telling, actor_now, gone, rights, telling
from hub.machinery.presence import Presence

BEAT_SECONDS: Final = 1.0
HEARTBEAT_SECONDS: Final = 20.0
SILENCE_SECONDS: Final = 45.0
"""Two heartbeats without a sign of life, and a little: the connection is dead."""
DRAIN_SECONDS: Final = 5.0
RETURN_MS: Final = (200, 4_000)
"""Between which milliseconds after a drain consoles are asked to come back."""

log = structlog.get_logger(__name__)


class Live:
    """One per process, inside the gateway."""

    def __init__(
        self,
        db: Database,
        bus: Bus,
        presence: Presence,
        *,
        clock: Clock,
        elapsed: Callable[[], float] = monotonic,
    ) -> None:
        self.db = db
        self.bus = bus
        self.presence = presence
        self.clock = clock
        self.elapsed = elapsed
        self.crowd = Crowd()
        self.rooms = Rooms()
        self.backlog = Backlog()
        self.fan = Fan(self._too_slow)
        self.epoch = ""
        self.is_draining = False
        self.wanting: asyncio.Queue[Console] = asyncio.Queue()
        self._came: set[int] = set()
        self._left: set[int] = set()
        self._all_left = asyncio.Event()
        self._ended: list[tuple[int, SignedOut]] = []

    async def start(self) -> None:
        """Hear the bus, and fetch the newest events so that consoles of before a restart can go on."""
        self.bus.subscribe(self.publish)
        self.bus.hear(self._hear)
        await self._begin()

    async def _begin(self) -> None:
        head = await self.db.read(journal.head)
        self.epoch = head.epoch
        await self.bus.reached(head.position)
        self.backlog.begin(self.bus.position)
        await self._fetch_earlier(self.bus.position)

    async def _fetch_earlier(self, position: int) -> None:
        at = max(0, position - MOST)
        earlier: list[Kept] = []
        while at < position:
            rows = await self.db.read(journal.after, at, most=500)
            if not rows:
                break
            earlier.extend(Kept.of(row) for row in rows if row.position <= position)
            at = rows[-1].position
        self.backlog.add_before(earlier)

    # --- what happened ----------------------------------------------------------------------------

    def publish(self, events: Sequence[Committed]) -> None:
        """Tell everybody who may know. Called by the bus, in order."""
        for committed in events:
            kept = Kept.of(committed)
            self.backlog.add(kept)
            self._obey(kept.event, None)
            event = kept.event
            if isinstance(event, ConversationChanged | CaseChanged):
                self._tell_of_change(kept)
            else:
                told = self.crowd.told(kept.told)
                if told:
                    self.fan.spread(told, kept.frame)
            self.turn_out(event)

    def _tell_of_change(self, kept: Kept) -> None:
        losers: list[Console] = []
        keepers: list[Console] = []
        for console in self.crowd.told(kept.told):
            if console.actor is None:
                continue
            loses = telling(kept.event, console.actor, kept.told) is Telling.GONE
            (losers if loses else keepers).append(console)
        self.fan.spread(keepers, kept.frame)
        if losers:
            self.fan.spread(losers, gone_frame(kept))

    def turn_out(self, event: AnyEvent) -> None:
        """Those who look at a conversation and may not read it any more look at nothing now."""
        if not isinstance(event, EntryAdded | EntryChanged | ConversationChanged):
            return
        conversation = event.conversation
        for console in self.rooms.learn(conversation):
            console.watching = tuple(i for i in console.watching if i != conversation.id)
            self.leave_rooms(console, (conversation.id,))

    def _obey(self, event: AnyEvent, only: Console | None) -> None:
        """Change rights and end sessions: for every console of the agent, or one that just came in."""
        match event:
            case SignedOut():
                if only is None:
                    self._ended.append((self.clock(), event))
                    del self._ended[:-1000]
                for console in self._of(event.agent_id, only):
                    actor = console.actor
                    if actor is not None and event.session_id in (None, actor.session_id):
                        console.end(CloseCode.SIGNED_OUT)
            case AgentChanged(agent=agent):
                for console in self._of(agent.id, only):
                    if agent.disabled:
                        console.end(CloseCode.SIGNED_OUT)
                    elif console.actor is not None:
                        self._regrant(console, actor_now(agent, console.actor.session_id))

    def obey_since(self, console: Console, position: int) -> None:
        """Apply to a console that came in with rights of `position` what changed rights since."""
        for kept in self.backlog.since(position, self.clock()) or ():
            self._obey(kept.event, console)

    def was_ended_since(self, moment: int, agent_id: int, session_id: int | None) -> bool:
        """Whether the session, or all of the agent's, ended at or after a moment of the last minute or so."""
        return any(
            at >= moment and event.agent_id == agent_id and event.session_id in (None, session_id)
            for at, event in self._ended
        )

    def _of(self, agent_id: int, only: Console | None) -> Iterable[Console]:
        if only is None:
            return self.crowd.of_agent(agent_id)
        return (only,) if only.actor is not None and only.actor.agent_id == agent_id else ()

    def _regrant(self, console: Console, actor: Actor) -> None:
        before = console.actor
        if before is None or rights(before) == rights(actor):
            return
        self.crowd.change(console, actor)
        self.leave_rooms(console, console.watching)
        console.live = False
        self.fan.send(console, encoded(Resync(reason=ResyncReason.RIGHTS)))
        self.want(console, "snapshot")

    # --- who comes, stays and goes ------------------------------------------------------------------

    def enter(self, console: Console, actor: Actor) -> None:
        """Count a console in. It is not live yet."""
        self.crowd.add(console, actor)
        self.presence.came(actor.agent_id)

    def leave(self, console: Console) -> None:
        """Forget a console whose socket ended."""
        if console.actor is None or console not in self.crowd.all:
            return
        self.leave_rooms(console, console.watching)
        self.crowd.remove(console)
        self.presence.left(console.actor.agent_id)
        if self.is_draining and not self.crowd.all:
            self._all_left.set()

    def want(self, console: Console, what: str) -> None:
        """Have a worker read for this console: its `snapshot`, or the conversation it `watch`es."""
        if console.wants != "snapshot":
            console.wants = what
        if not console.busy:
            console.busy = True
            self.wanting.put_nowait(console)

    def leave_rooms(self, console: Console, conversation_ids: Iterable[int]) -> None:
        """The console does not show these any more: say so to those who still do."""
        ids = tuple(conversation_ids)
        self.stop_typing(console)
        for conversation_id in self.rooms.leave(console, ids):
            self.show_viewers(conversation_id)

    def show_viewers(self, conversation_id: int) -> None:
        """Tell everybody in the room who is in it."""
        agents = self.rooms.agents(conversation_id)
        self.bus.whisper(Viewing(conversation_id=conversation_id, agent_ids=agents))

    def stop_typing(self, console: Console) -> None:
        """The console's agent writes no more."""
        if console.typing is None or console.actor is None:
            return
        conversation_id, kind = console.typing
        console.typing = None
        self.bus.whisper(typing_of(console.actor, conversation_id, kind, on=False))

    async def close(self) -> None:
        """Let everybody go, each told to come back at another moment, so that they do not all come at once."""
        self.is_draining = True
        for console in tuple(self.crowd.all):
            self.fan.send(console, encoded(Restarting(after_ms=random.randrange(*RETURN_MS))))
            console.end(CloseCode.RESTART)
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                if self.crowd.all:
                    await self._all_left.wait()
        except TimeoutError:
            log.warning("consoles were still open when the drain ended", count=len(self.crowd.all))

    # --- what is worth telling only now -------------------------------------------------------------

    def _hear(self, whisper: Whisper) -> None:
        match whisper:
            case Typing():
                frame = encoded(
                    TypingShown(
                        conversation_id=whisper.conversation_id,
                        by=whisper.by,
                        agent_id=whisper.agent_id,
                        on=whisper.on,
                        kind=whisper.kind,
                    )
                )
                room = self.rooms.consoles(whisper.conversation_id)
                self.fan.spread([c for c in room if c.actor and c.actor.agent_id != whisper.agent_id], frame)
            case Viewing():
                shown = ViewingShown(conversation_id=whisper.conversation_id, agent_ids=list(whisper.agent_ids))
                self.fan.spread(self.rooms.consoles(whisper.conversation_id), encoded(shown))
            case PhoneSaid(to_agent=agent_id) if agent_id is not None:
                said = PhoneHeard(
                    call_id=whisper.call_id,
                    from_leg=whisper.from_leg,
                    to_leg=whisper.to_leg,
                    body=dict(whisper.body),
                )
                self.fan.spread(self.crowd.of_agent(agent_id), encoded(said))
            case PresenceSeen(agent_id=agent_id, present=True):
                self._left.discard(agent_id)
                self._came.add(agent_id)
            case PresenceSeen(agent_id=agent_id):
                self._came.discard(agent_id)
                self._left.add(agent_id)

    def beat(self) -> None:
        """Once a second: who came and left, heartbeats, the end of dead connections and of sessions that ran out."""
        now, today = self.elapsed(), self.clock()
        if self._came or self._left:
            frame = encoded(PresenceShown(came=sorted(self._came), left=sorted(self._left)))
            self._came.clear()
            self._left.clear()
            self.fan.spread(self.crowd.all, frame)
        heartbeat = encoded(Position(position=self.bus.position, at=today))
        for console in tuple(self.crowd.all):
            if console.until is not None and console.until <= today:
                console.end(CloseCode.SIGNED_OUT)
            elif now - console.heard > SILENCE_SECONDS:
                console.end(CloseCode.GOING_AWAY)
            elif now - console.pinged >= HEARTBEAT_SECONDS:
                console.pinged = now
                self.fan.spread((console,), heartbeat)

    def _too_slow(self, console: Console) -> None:
        if not console.is_ended:
            log.info("a console is too slow and is dropped", agent_id=console.actor and console.actor.agent_id)
            console.end(CloseCode.TRY_AGAIN)


def gone_frame(kept: Kept) -> bytes:
    """What those hear who lost a conversation or a case: its id, and nothing more."""
    return encoded(gone(kept.position, kept.event))


def typing_of(actor: Actor, conversation_id: int, kind: str, *, on: bool) -> Typing:
    """An agent's typing as a whisper."""
    return Typing(
        conversation_id=conversation_id, by=AuthorKind.AGENT, agent_id=actor.agent_id, on=on, kind=EntryKind(kind)
    )
