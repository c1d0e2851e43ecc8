"""Everybody with an open console, indexed by what decides who is told."""

from __future__ import annotations

from asyncio import Timeout
from collections.abc import Collection
from typing import Final, Protocol

from crm_core.words.clock import Moment
from crm_core.words.permissions import Actor, Audience, Permission

QUEUE_BYTES: Final = 1024 * 1024
"""Bytes that may wait for one console's network before it is dropped."""
BURST: Final = 120
"""Frames a console may send at once; a page that returns from sleep says several."""


class Pipe(Protocol):
    """What is used of a connection's transport."""

    def write(self, data: bytes) -> None: ...
    def get_write_buffer_size(self) -> int: ...
    def is_closing(self) -> bool: ...


class Console:
    """One open socket. Small on purpose: there are thousands, nearly all idle."""

    __slots__ = (
        "actor",
        "allowance",
        "busy",
        "close_code",
        "heard",
        "leash",
        "live",
        "pending",
        "pinged",
        "pipe",
        "strikes",
        "tick",
        "tokens",
        "topped_up",
        "typing",
        "until",
        "wants",
        "watching",
    )

    def __init__(self, pipe: Pipe, now: float) -> None:
        self.pipe = pipe
        self.actor: Actor | None = None
        self.live = False
        """Whether events go straight to it; not while a snapshot is being made."""
        self.until: Moment | None = None
        """When its session runs out, int ms UTC; none when never."""
        self.close_code: int | None = None
        self.leash: Timeout | None = None
        """Wakes the coroutine that reads from this socket."""
        self.pending: list[bytes] | None = None
        self.tick = -1
        self.allowance = QUEUE_BYTES
        self.watching: tuple[int, ...] = ()
        self.typing: tuple[int, str] | None = None
        self.wants: str | None = None
        self.busy = False
        self.heard = now
        self.pinged = now
        self.strikes = 0
        self.tokens: float = BURST
        self.topped_up = now

    @property
    def is_ended(self) -> bool:
        return self.close_code is not None

    def take_want(self) -> str | None:
        """What it wants, which it then wants no more."""
        wanted, self.wants = self.wants, None
        return wanted

    def end(self, code: int) -> None:
        """Close the socket with this code, soon: the coroutine that reads from it wakes and does it."""
        if self.close_code is not None:
            return
        self.close_code = code
        self.live = False
        self.pending = None
        if self.leash is not None and not self.leash.expired():
            # A deadline of the past ends the reading at its next wait.
            self.leash.reschedule(0.0)


class Crowd:
    """The consoles that said hello. Adding and removing costs as much as an agent has queues."""

    def __init__(self) -> None:
        self.all: set[Console] = set()
        self._of_agent: dict[int, set[Console]] = {}
        self._of_queue: dict[int, set[Console]] = {}
        self._seers: set[Console] = set()
        self._configurers: set[Console] = set()

    def add(self, console: Console, actor: Actor) -> None:
        """Count the console in, with its actor's rights."""
        console.actor = actor
        self.all.add(console)
        for group in self._groups(actor):
            group.add(console)

    def remove(self, console: Console) -> None:
        """Count the console out. Harmless for one that is not in."""
        actor = console.actor
        if actor is None or console not in self.all:
            return
        self.all.discard(console)
        for group in self._groups(actor):
            group.discard(console)
        if not self._of_agent.get(actor.agent_id, True):
            del self._of_agent[actor.agent_id]
        for queue in actor.queues:
            if not self._of_queue.get(queue, True):
                del self._of_queue[queue]

    def change(self, console: Console, actor: Actor) -> None:
        """The console's actor has other rights from now on."""
        self.remove(console)
        self.add(console, actor)

    def of_agent(self, agent_id: int) -> Collection[Console]:
        """The consoles one agent has open."""
        return tuple(self._of_agent.get(agent_id, ()))

    def told(self, audience: Audience) -> Collection[Console]:
        """Everybody in the audience, once each."""
        if audience.everyone:
            return self.all
        groups = [group for queue in audience.queues if (group := self._of_queue.get(queue))]
        groups += [group for agent in audience.agents if (group := self._of_agent.get(agent))]
        if audience.all_seers and self._seers:
            groups.append(self._seers)
        if audience.configurers and self._configurers:
            groups.append(self._configurers)
        return groups[0] if len(groups) == 1 else set().union(*groups)

    def _groups(self, actor: Actor) -> list[set[Console]]:
        groups = [self._of_queue.setdefault(queue, set()) for queue in actor.queues]
        groups.append(self._of_agent.setdefault(actor.agent_id, set()))
        if actor.may(Permission.SEE_ALL):
            groups.append(self._seers)
        if actor.may(Permission.CONFIGURE):
            groups.append(self._configurers)
        return groups
