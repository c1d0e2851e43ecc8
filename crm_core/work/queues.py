"""Queues: what they are called, how they offer, who serves them, and who waits in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import msgspec
from sqlalchemy import Row, bindparam, column, delete, func, insert, select, table, update

from crm_core.conversations.model import Conversation
from crm_core.staff import load
from crm_core.staff.model import Agent, QueueMember
from crm_core.store.prepared import RowsOf
from crm_core.store.transaction import Tx
from crm_core.words.errors import Conflict, Invalid, NotFound
from crm_core.words.events import QueueChanged
from crm_core.words.permissions import Actor, Permission
from crm_core.words.text import one_line
from crm_core.words.values import ConversationStatus, QueueValue, QueueVoice, WorkState
from crm_core.work import music, voices
from crm_core.work.model import Queue, WorkItem

TABLE = Queue.__table__
STRATEGIES: Final = ("longest_idle", "least_busy")
_SECONDS: Final = {
    "chat_offer_seconds": (5, 3_600),
    "mail_offer_seconds": (5, 86_400),
    "sticky_seconds": (0, 86_400),
    "cooldown_seconds": (0, 86_400),
}
# Accounts lean on queues, so they may not be imported here: the columns that are read are named.
_account = table("account", column("id"), column("queue_id"))
_WAITING: Final = (WorkState.QUEUED, WorkState.OFFERED)
_voice = RowsOf(lambda _is_sqlite: select(Queue.voice).where(Queue.id == bindparam("id"), Queue.ws == bindparam("ws")))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewQueue:
    """A queue to add. Seconds are limits of an offer, of waiting for the last agent, and between two offers of
    the same work to one agent; `skills` is {skill: least level} that its work asks for; `voice` as in QueueChange."""

    name: str
    strategy: str = "longest_idle"
    chat_offer_seconds: int = 30
    mail_offer_seconds: int = 300
    sticky_seconds: int = 20
    cooldown_seconds: int = 60
    skills: Mapping[str, int] = field(default_factory=dict)
    voice: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueChange:
    """What to change of a queue; what is None stays. `version` is the one the change was made from."""

    name: str | None = None
    strategy: str | None = None
    chat_offer_seconds: int | None = None
    mail_offer_seconds: int | None = None
    sticky_seconds: int | None = None
    cooldown_seconds: int | None = None
    skills: Mapping[str, int] | None = None
    voice: Mapping[str, Any] | None = None
    """How it deals with calls: fields of QueueVoice; those that are not named are as in a new queue."""
    version: int | None = None


def queues(tx: Tx) -> list[QueueValue]:
    """Every queue, archived ones too, in the order they were made, with who waits in it now."""
    return _values(tx, None)


def queue(tx: Tx, queue_id: int) -> QueueValue:
    """One queue with who waits in it now. Raises NotFound."""
    found = _values(tx, queue_id)
    if not found:
        raise NotFound("There is no such queue.")
    return found[0]


def voice_of(tx: Tx, queue_id: int) -> QueueVoice:
    """How a queue deals with calls, without counting who waits in it. Raises NotFound."""
    found = _voice.first(tx, {"id": queue_id, "ws": tx.ws})
    if found is None:
        raise NotFound("There is no such queue.")
    return msgspec.convert(found.voice or {}, QueueVoice)


def add_queue(tx: Tx, actor: Actor | None, new: NewQueue) -> QueueValue:
    """Add a queue. Raises Denied, Invalid, Conflict for a name that an open queue has."""
    _must_configure(actor)
    queue_id = tx.new_id()
    values = _checked({**asdict(new), "skills": dict(new.skills)})
    _must_lead_somewhere(tx, values["voice"], queue_id)
    _must_sound(tx, actor, values["voice"])
    _must_be_free(tx, values["name"], None)
    tx.execute(insert(Queue).values(id=queue_id, ws=tx.ws, version=1, **values))
    return _recorded(tx, queue_id)


def change_queue(tx: Tx, actor: Actor | None, queue_id: int, change: QueueChange) -> QueueValue:
    """Change a queue. Raises Denied, NotFound, Invalid, Conflict for an old version or a name that is taken."""
    _must_configure(actor)
    known = _row(tx, queue_id)
    if change.version is not None and change.version != known.version:
        raise Conflict
    values = {name: value for name, value in asdict(change).items() if value is not None and name != "version"}
    values = _checked(values)
    _must_lead_somewhere(tx, values.get("voice"), queue_id)
    _must_sound(tx, actor, values.get("voice"))
    if "name" in values:
        _must_be_free(tx, values["name"], queue_id)
    _set(tx, queue_id, **values)
    return _recorded(tx, queue_id)


def archive_queue(tx: Tx, actor: Actor | None, queue_id: int) -> QueueValue:
    """Put a queue away; nobody serves it any more. Harmless twice.

    Raises Denied, NotFound, and Conflict while somebody waits in it or is being answered from it, a conversation
    of it is snoozed, or a channel account leads to it: whoever came by it would wait for nobody.
    """
    _must_configure(actor)
    known = _row(tx, queue_id)
    if known.archived_at is not None:
        return queue(tx, queue_id)
    if tx.first(select(WorkItem.id).where(WorkItem.queue_id == queue_id, WorkItem.state != WorkState.DONE).limit(1)):
        raise Conflict("This queue has open work. Move it first.", why="queue_work")
    _must_be_left(tx, queue_id)
    set_members(tx, actor, queue_id, [])
    _set(tx, queue_id, archived_at=tx.now)
    return _recorded(tx, queue_id)


def restore_queue(tx: Tx, actor: Actor | None, queue_id: int) -> QueueValue:
    """Bring an archived queue back, without members. Raises Denied, NotFound, Conflict for a name taken since."""
    _must_configure(actor)
    _must_be_free(tx, _row(tx, queue_id).name, queue_id)
    _set(tx, queue_id, archived_at=None)
    return _recorded(tx, queue_id)


def set_members(tx: Tx, actor: Actor | None, queue_id: int, agent_ids: Sequence[int]) -> list[int]:
    """Let exactly these agents serve a queue; the ids, in order. Raises Denied, NotFound, Invalid for a stranger."""
    _must_configure(actor)
    if _row(tx, queue_id).archived_at is not None and agent_ids:
        raise Conflict("This queue is archived.", why="queue_archived")
    wanted = set(agent_ids)
    known = {r.id for r in tx.all(select(Agent.id).where(Agent.id.in_(sorted(wanted)), Agent.ws == tx.ws))}
    if known != wanted:
        raise Invalid("There is no such agent.", why="no_agent")
    mine = QueueMember.queue_id == queue_id
    before = {r.agent_id for r in tx.all(select(QueueMember.agent_id).where(mine))}
    gone, new = before - wanted, sorted(wanted - before)
    if gone:
        tx.execute(delete(QueueMember).where(mine, QueueMember.agent_id.in_(sorted(gone))))
    if new:
        tx.execute(insert(QueueMember), [{"agent_id": a, "queue_id": queue_id, "ws": tx.ws} for a in new])
    for agent_id in sorted(gone | set(new)):
        load.touch(tx, agent_id)
    return sorted(wanted)


def record_waiting(tx: Tx, queue_ids: Sequence[int]) -> None:
    """Record who waits in these queues now: call it in the transaction that changed it."""
    for queue_id in sorted(set(queue_ids)):
        tx.record(QueueChanged(queue=queue(tx, queue_id)))


def _values(tx: Tx, queue_id: int | None) -> list[QueueValue]:
    statement = select(*TABLE.c).where(Queue.ws == tx.ws).order_by(Queue.id)
    waiting = (
        select(WorkItem.queue_id, func.count().label("waiting"), func.min(WorkItem.virtual_start).label("since"))
        .where(WorkItem.state != WorkState.DONE, WorkItem.state.in_(_WAITING))
        .group_by(WorkItem.queue_id)
    )
    if queue_id is not None:
        statement, waiting = statement.where(Queue.id == queue_id), waiting.where(WorkItem.queue_id == queue_id)
    lines = {r.queue_id: r for r in tx.all(waiting)}
    return [_value(r, lines.get(r.id)) for r in tx.all(statement)]


def _value(found: Row[Any], line: Row[Any] | None) -> QueueValue:
    return QueueValue(
        id=found.id,
        name=found.name,
        waiting=0 if line is None else line.waiting,
        longest_since=None if line is None else line.since,
        chat_offer_seconds=found.chat_offer_seconds,
        mail_offer_seconds=found.mail_offer_seconds,
        sticky_seconds=found.sticky_seconds,
        cooldown_seconds=found.cooldown_seconds,
        strategy=found.strategy,
        skills=found.skills or {},
        voice=msgspec.convert(found.voice or {}, QueueVoice),
        archived=found.archived_at is not None,
        version=found.version,
    )


def _row(tx: Tx, queue_id: int) -> Row[Any]:
    statement = select(*TABLE.c).where(Queue.id == queue_id, Queue.ws == tx.ws)
    found = tx.first(statement if tx.is_sqlite else statement.with_for_update())
    if found is None:
        raise NotFound("There is no such queue.")
    return found


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    if "name" in values:
        values["name"] = one_line(values["name"], most=60)
        if not values["name"]:
            raise Invalid("A queue needs a name.", why="needs_name")
    if values.get("strategy", STRATEGIES[0]) not in STRATEGIES:
        raise Invalid("There is no such strategy.")
    for name, (least, most) in _SECONDS.items():
        if name in values and not least <= values[name] <= most:
            raise Invalid(
                "The value of {name} is {least} to {most} seconds.",
                why="seconds_between",
                name=name,
                least=least,
                most=most,
            )
    if "skills" in values:
        values["skills"] = {one_line(skill, most=40): level for skill, level in values["skills"].items()}
        if "" in values["skills"] or any(not 1 <= level <= 10 for level in values["skills"].values()):
            raise Invalid("A skill has a name and a level from 1 to 10.", why="skill_level")
    if "voice" in values:
        values["voice"] = dict(msgspec.to_builtins(voices.checked(values["voice"])))
    return values


def _must_configure(actor: Actor | None) -> None:
    if actor is not None:
        actor.must(Permission.CONFIGURE)


def _must_be_free(tx: Tx, name: str, own_id: int | None) -> None:
    rows = tx.all(select(Queue.id).where(Queue.ws == tx.ws, Queue.name == name, Queue.archived_at.is_(None)))
    if any(r.id != own_id for r in rows):
        raise Conflict("Another queue has this name.", why="queue_name_taken")


def _must_lead_somewhere(tx: Tx, voice: Mapping[str, Any] | None, own_id: int) -> None:
    wanted = {step["queue_id"] for step in (voice or {}).get("steps", []) if step["then"] == "queue"}
    if own_id in wanted:
        raise Invalid("A step of waiting cannot move callers to the queue that they are in.", why="step_same_queue")
    known = tx.all(select(Queue.id).where(Queue.ws == tx.ws, Queue.id.in_(sorted(wanted)), Queue.archived_at.is_(None)))
    if len(known) != len(wanted):
        raise Invalid("A step of waiting moves callers to a queue that is not there.", why="step_queue_gone")


def _must_sound(tx: Tx, actor: Actor | None, voice: Mapping[str, Any] | None) -> None:
    file_id = (voice or {}).get("music_file_id")
    if file_id is not None:
        music.must_be_music(tx, actor, file_id)


def _must_be_left(tx: Tx, queue_id: int) -> None:
    if tx.first(select(_account.c.id).where(_account.c.queue_id == queue_id).limit(1)):
        raise Conflict("A channel account leads to this queue. Give it another queue first.", why="queue_account")
    unfinished = (Conversation.queue_id == queue_id, Conversation.status != ConversationStatus.CLOSED)
    if tx.first(select(Conversation.id).where(*unfinished).limit(1)):
        raise Conflict(
            "A conversation of this queue is not closed, snoozed perhaps. Move or close it first.",
            why="queue_conversation",
        )


def _set(tx: Tx, queue_id: int, **values: Any) -> None:
    tx.execute(update(Queue).where(Queue.id == queue_id).values(version=Queue.version + 1, **values))


def _recorded(tx: Tx, queue_id: int) -> QueueValue:
    value = queue(tx, queue_id)
    tx.record(QueueChanged(queue=value))
    return value
