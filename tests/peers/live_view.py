"""Proves that a console's live view is what a fresh snapshot would show, for everybody, whatever is done."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from crm_core.staff import queries as staff
from crm_core.store import journal
from crm_core.store.database import Database
from crm_core.store.journal import Committed
from crm_core.store.transaction import Tx
from crm_core.words.permissions import Actor
from hub.console.protocol import FromServer, Gone, Happened, Snapshot
from hub.console.reducer import lose, reduce
from hub.console.snapshot import snapshot
from hub.console.telling import Telling, gone, rights, telling

R = TypeVar("R")
CASES = Path(__file__).parents[1] / "cases" / "live"
WRITE = "HUB_WRITE_CASES"


class LiveView:
    """`await live_view.proves("an agent replies", db.write(reply, …))` runs the act and checks every console.

    For each agent: the snapshot before, with the events they were told since, equals the snapshot after.
    What happened is kept as JSON in tests/cases/live (written with HUB_WRITE_CASES=1), which the console's own
    reducer is tested with.
    """

    def __init__(self, db: Database, *, keeps: bool) -> None:
        self._db = db
        self._keeps = keeps
        self._kept: set[tuple[str, tuple[str, ...]]] = set()
        self.watching: tuple[int, ...] = ()
        """Conversations that every agent who may read them has on the screen."""

    async def proves(self, name: str, act: Awaitable[R]) -> R:
        actors = await self._db.read(_actors)
        before = {actor.agent_id: await self._db.read(snapshot, actor, self.watching) for actor in actors}
        start = (await self._db.read(journal.head)).position
        result = await act
        events = await self._db.read(journal.after, start, most=1_000)
        assert events, f"{name}: nothing was recorded"
        after = {actor.agent_id: actor for actor in await self._db.read(_actors)}
        for actor in actors:
            now = after.get(actor.agent_id)
            if now is not None and rights(now) == rights(actor):
                await self._check(name, now, before[actor.agent_id], events)
        return result

    async def _check(self, name: str, actor: Actor, before: Snapshot, events: Sequence[Committed]) -> None:
        frames = _told(actor, events)
        shown = fold(before, frames)
        watching = [w.conversation.id for w in before.watched]
        fresh = replace(await self._db.read(snapshot, actor, watching), position=shown.position)
        wrong = list(_differences(_parts(shown), _parts(fresh), ""))
        assert not wrong, "\n".join([f"{name}, as {actor.name} sees it", *wrong])
        effect = tuple(key for key, part in _parts(shown).items() if key != "position" and part != _parts(before)[key])
        if self._keeps and effect and (name, effect) not in self._kept:
            # One reader for each way in which a console changes is enough for the other reducer.
            self._kept.add((name, effect))
            self._keep(f"{name} as {actor.name}", {"before": before, "frames": frames, "after": shown})

    def _keep(self, name: str, case: dict[str, Any]) -> None:
        path = CASES / f"{name.lower().replace(' ', '_').replace(chr(39), '')}.json"
        if os.environ.get(WRITE):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(msgspec.json.encode(case) + b"\n")
        assert path.is_file(), f"{path.name} is missing; write it with {WRITE}=1"


def fold(snapshot: Snapshot, frames: Sequence[FromServer]) -> Snapshot:
    """The snapshot after the frames."""
    for frame in frames:
        match frame:
            case Happened():
                snapshot = reduce(snapshot, frame.position, frame.event)
            case Gone():
                snapshot = lose(snapshot, frame.position, frame.conversation_id)
    return snapshot


def _told(actor: Actor, events: Sequence[Committed]) -> list[FromServer]:
    frames: list[FromServer] = []
    for c in events:
        match telling(c.event, actor):
            case Telling.EVENT:
                frames.append(Happened(position=c.position, at=c.at, event=c.event))
            case Telling.GONE:
                frames.append(gone(c.position, c.event))
    return frames


def _parts(snapshot: Snapshot) -> dict[str, Any]:
    return dict(msgspec.to_builtins(snapshot))


def _differences(live: Any, fresh: Any, path: str) -> Iterator[str]:
    """Where two views differ, so that a failing test names the field."""
    if isinstance(live, dict) and isinstance(fresh, dict):
        for key in sorted({*live, *fresh}):
            yield from _differences(live.get(key), fresh.get(key), f"{path}.{key}")
    elif isinstance(live, list) and isinstance(fresh, list) and len(live) == len(fresh):
        for index, (a, b) in enumerate(zip(live, fresh, strict=True)):
            yield from _differences(a, b, f"{path}[{index}]")
    elif live != fresh:
        yield f"{path}: live {live!r}, fresh {fresh!r}"


def _actors(tx: Tx) -> list[Actor]:
    found = [staff.actor_of(tx, agent.id) for agent in staff.agents(tx)]
    return [actor for actor in found if actor is not None]
