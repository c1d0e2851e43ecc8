"""Compares what was sent, acknowledged, stored and shown. It believes nobody: each ledger is kept where it was made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Said:
    """One message as the database has it. `key` is the name that its sender gave it."""

    entry_id: int
    key: str
    text: str
    visitor: str
    """The visitor whose conversation it stands in."""
    is_reply: bool


@dataclass(slots=True)
class Ledgers:
    """Everything that anybody wrote down. Messages are named by their senders' keys, entries by their ids."""

    sent: dict[str, str] = field(default_factory=dict)
    """Key → text of everything that a visitor or an agent sent at least once."""
    acknowledged: dict[str, set[int]] = field(default_factory=dict)
    """Key → every entry id that an acknowledgement of it named."""
    stored: list[Said] = field(default_factory=list)
    owed_to_consoles: dict[str, set[int]] = field(default_factory=dict)
    """Console → positions in the journal that its agent is entitled to."""
    told_to_consoles: dict[str, list[int]] = field(default_factory=dict)
    """Console → positions of the events that it heard, over all its sockets."""
    shown_on_consoles: dict[str, list[int]] = field(default_factory=dict)
    """Console → ids of the messages in the events that it heard, over all its sockets."""
    shown_to_visitors: dict[str, list[int]] = field(default_factory=dict)
    """Visitor → ids of the messages on the page, from top to bottom."""
    offers: list[str] = field(default_factory=list)
    """What is wrong with offers, work and their owners, each as a sentence."""


def judge(ledgers: Ledgers) -> list[str]:
    """Every loss, double and contradiction as a sentence; empty when there is none."""
    return [
        *_stored_as_sent(ledgers),
        *_stored_as_acknowledged(ledgers),
        *_told(ledgers),
        *_shown_on_consoles(ledgers),
        *_shown_to_visitors(ledgers),
        *ledgers.offers,
    ]


def _stored_as_sent(ledgers: Ledgers) -> Iterable[str]:
    yield from _doubles("stored", "the database", [said.key for said in ledgers.stored])
    for said in ledgers.stored:
        if said.key not in ledgers.sent:
            yield f"invented: {said.key} is stored and nobody sent it"
        elif ledgers.sent[said.key] != said.text:
            yield f"changed: {said.key} was sent as {ledgers.sent[said.key]!r} and stored as {said.text!r}"


def _stored_as_acknowledged(ledgers: Ledgers) -> Iterable[str]:
    stored = {said.key: said.entry_id for said in ledgers.stored}
    for key in ledgers.sent:
        if key not in ledgers.acknowledged:
            yield f"never acknowledged: {key}"
    for key, ids in ledgers.acknowledged.items():
        if key not in stored:
            yield f"lost: {key} was acknowledged and is not stored"
        elif ids != {stored[key]}:
            yield f"acknowledged as another: {key} is entry {stored[key]}, its acknowledgements named {sorted(ids)}"


def _told(ledgers: Ledgers) -> Iterable[str]:
    for console, owed in ledgers.owed_to_consoles.items():
        told = ledgers.told_to_consoles.get(console, [])
        yield from _doubles("told", console, told)
        for position in sorted(owed - set(told)):
            yield f"gap: {console} was not told event {position}"
        for position in sorted(set(told) - owed):
            yield f"not theirs: {console} was told event {position}"
        if told != sorted(told):
            yield f"out of order: {console}"


def _shown_on_consoles(ledgers: Ledgers) -> Iterable[str]:
    everything = [said.entry_id for said in ledgers.stored]
    for console, shown in ledgers.shown_on_consoles.items():
        yield from _compared(console, everything, shown)


def _shown_to_visitors(ledgers: Ledgers) -> Iterable[str]:
    history: dict[str, list[int]] = {visitor: [] for visitor in ledgers.shown_to_visitors}
    for said in sorted(ledgers.stored, key=lambda said: said.entry_id):
        history.setdefault(said.visitor, []).append(said.entry_id)
    for visitor, entries in history.items():
        shown = ledgers.shown_to_visitors.get(visitor, [])
        yield from _compared(visitor, entries, shown)
        if shown != sorted(shown):
            yield f"out of order: {visitor}"


def _compared(who: str, stored: Sequence[int], shown: Sequence[int]) -> Iterable[str]:
    yield from _doubles("shown", who, shown)
    for entry_id in sorted(set(stored) - set(shown)):
        yield f"not shown: {who} never saw entry {entry_id}"
    for entry_id in sorted(set(shown) - set(stored)):
        yield f"shown and not stored: {who} saw entry {entry_id}"


def _doubles(what: str, who: str, things: Iterable[object]) -> Iterable[str]:
    for thing, times in Counter(things).items():
        if times > 1:
            yield f"double: {thing} was {what} {times} times ({who})"


@dataclass(frozen=True, slots=True)
class Held:
    """A conversation that is not closed, with its work and what is offered of it."""

    conversation_id: int
    assignee_id: int | None
    work: Sequence[tuple[str, int | None, int | None]]
    """State, agent and queue of every work item that is not done."""
    offers: Sequence[tuple[int, int]]
    """Agent and deadline of every pending offer."""


def judge_work(held: Iterable[Held], accepted: Mapping[int, str], now: int) -> list[str]:
    """What is stuck or belongs to nobody. `accepted`: offers that an agent was told are theirs, as stored now."""
    wrong = [f"an offer that was accepted is {state}" for state in accepted.values() if state != "accepted"]
    for one in held:
        wrong += [f"conversation {one.conversation_id}: {sentence}" for sentence in _wrong_with(one, now)]
    return wrong


def _wrong_with(one: Held, now: int) -> Iterable[str]:
    if len(one.work) != 1:
        yield f"has {len(one.work)} items of work"
        return
    state, agent_id, queue_id = one.work[0]
    if len(one.offers) != (1 if state == "offered" else 0):
        yield f"is {state} and has {len(one.offers)} pending offers"
    for offered_to, expires_at in one.offers:
        if offered_to != agent_id:
            yield "is offered to one agent and held for another"
        if expires_at < now:
            yield "has an offer that ran out and still stands"
    if state == "assigned" and (agent_id is None or agent_id != one.assignee_id):
        yield f"is worked on by {agent_id} and belongs to {one.assignee_id}"
    if state == "queued" and (queue_id is None or agent_id is not None):
        yield "waits in no queue, or for nobody"
