"""What the hub does for visitors of a web page: who they are, what was said, and news as it happens.

Everything is selected by the visitor's own identity. There is no way to ask for another's conversation:
ids that a visitor names are only ever looked for among their own.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol

from channels.contract import PhoneSignal, Visit, VisitorHistory, VisitorNews
from crm_core.calls import queries as calls
from crm_core.calls.rules.call import leg, living
from crm_core.contacts import visitors
from crm_core.contacts.rules import claims
from crm_core.conversations import visits
from crm_core.store.database import Database
from crm_core.store.journal import Committed
from crm_core.store.transaction import Tx
from crm_core.words.addresses import Address
from crm_core.words.content import DeliveryStatus
from crm_core.words.errors import NotFound
from crm_core.words.events import AgentChanged, CallChanged, ConversationChanged, EntryAdded, EntryChanged, WorkChanged
from crm_core.words.values import (
    AuthorKind,
    ConversationStatus,
    ConversationValue,
    EntryKind,
    EntryValue,
    LegRole,
    WorkState,
)
from hub.bus.local import Bus
from hub.bus.whispers import PhoneSaid, PresenceSeen, Typing, Whisper
from hub.desk import leads
from hub.desk.receipts import contact_read

NEWS: Final = 500
"""Items a follower may have waiting; one who is further behind is let go and comes back for the history."""
TELL_SECONDS: Final = 1.0
"""How often, at most, visitors are told their place in the queue and whether somebody is there."""


class Waiting(Protocol):
    """What the house knows of queues."""

    def position(self, conversation_id: int) -> int | None:
        """The place of a conversation's work in its queue, 1 for the next; none when it does not wait."""
        ...

    def anyone_available(self, queue_id: int | None) -> bool:
        """Whether somebody of the queue could be offered work now."""
        ...


@dataclass(slots=True, eq=False)
class _Follower:
    """One socket that follows an identity. `None` in its queue is the end."""

    visit: Visit
    queue_id: int | None
    told_available: bool
    told_position: int | None = None
    conversation: ConversationValue | None = None
    news: asyncio.Queue[VisitorNews | None] = field(default_factory=lambda: asyncio.Queue(NEWS))

    def tell(self, item: VisitorNews) -> None:
        if self.news.full():
            self.end()
        else:
            self.news.put_nowait(item)

    def end(self) -> None:
        while not self.news.empty():
            self.news.get_nowait()
        self.news.put_nowait(None)


class Visitors:
    """All visitors who have a socket to this process. One per house."""

    def __init__(self, db: Database, bus: Bus, waiting: Waiting, file_url: Callable[[int], str]) -> None:
        self.db = db
        self.bus = bus
        self.waiting = waiting
        self.file_url = file_url
        self._by_identity: defaultdict[int, set[_Follower]] = defaultdict(set)
        self._by_conversation: defaultdict[int, set[_Follower]] = defaultdict(set)
        self._due: asyncio.TimerHandle | None = None
        bus.subscribe(self._heard)
        bus.hear(self._whispered)

    def desk(self, account_id: int, scope: str, queue_id: int | None) -> VisitorsOfAccount:
        """The desk of one account. `scope` is the account's public key."""
        return VisitorsOfAccount(self, account_id, scope, queue_id)

    @property
    def followers(self) -> int:
        """Open sockets of visitors, for the measures."""
        return sum(len(followers) for followers in self._by_identity.values())

    def join(self, visit: Visit, queue_id: int | None) -> _Follower:
        """Begin to keep news for a socket of an account with this queue."""
        follower = _Follower(visit, queue_id, self.waiting.anyone_available(queue_id))
        self._by_identity[visit.identity_id].add(follower)
        return follower

    def leave(self, follower: _Follower) -> None:
        """The socket is gone."""
        _drop(self._by_identity, follower.visit.identity_id, follower)
        if follower.conversation is not None:
            _drop(self._by_conversation, follower.conversation.id, follower)

    def end(self, visitor_ids: Sequence[int]) -> None:
        """These visitors' tokens are dead: whoever follows with them is told nothing more."""
        dead = set(visitor_ids)
        for followers in self._by_identity.values() if dead else ():
            for follower in followers:
                if follower.visit.visitor_id in dead:
                    follower.end()

    def sees(self, follower: _Follower, conversation: ConversationValue) -> None:
        """Remember how the follower's newest conversation stands."""
        known = follower.conversation
        if known is not None and known.id != conversation.id:
            if known.id > conversation.id:
                return
            _drop(self._by_conversation, known.id, follower)
        if known is None or known.id != conversation.id:
            self._by_conversation[conversation.id].add(follower)
        follower.conversation = conversation

    def open_conversation(self, identity_id: int) -> int | None:
        """The conversation that an identity with a socket here is in."""
        for follower in self._by_identity.get(identity_id, ()):
            known = follower.conversation
            if known is not None and known.status is not ConversationStatus.CLOSED:
                return known.id
        return None

    def position(self, conversation: ConversationValue | None) -> int | None:
        """The place of a conversation in its queue, when it has one."""
        if conversation is None or conversation.status is ConversationStatus.CLOSED:
            return None
        if conversation.work_state not in (WorkState.QUEUED, WorkState.OFFERED):
            return None
        return self.waiting.position(conversation.id)

    # --- from the bus ---------------------------------------------------------------------------

    def _heard(self, events: Sequence[Committed]) -> None:
        if not self._by_identity:
            return
        for happened in events:
            match happened.event:
                case EntryAdded(entry=entry, conversation=conversation):
                    shown = entry if _is_for_visitors(entry) else None
                    self._tell(happened.position, conversation, VisitorNews(position=happened.position, entry=shown))
                case EntryChanged(entry=entry, conversation=conversation):
                    shown = entry if _has_left_now(entry) else None
                    self._tell(happened.position, conversation, VisitorNews(position=happened.position, entry=shown))
                case ConversationChanged(conversation=conversation):
                    self._tell(happened.position, conversation, VisitorNews(position=happened.position))
                case CallChanged(call=call):
                    for follower in tuple(self._by_identity.get(call.identity_id, ())):
                        follower.tell(VisitorNews(position=happened.position, call=call))
                case WorkChanged() | AgentChanged():
                    self._look_soon()
                case _:
                    pass

    def _tell(self, position: int, conversation: ConversationValue, news: VisitorNews) -> None:
        whose = news.entry.identity_id if news.entry is not None else None
        followers = {
            *self._by_identity.get(conversation.identity_id, ()),
            *self._by_identity.get(whose or 0, ()),
            *self._by_conversation.get(conversation.id, ()),
        }
        for follower in followers:
            differs = _looks_different(follower.conversation, conversation)
            self.sees(follower, conversation)
            # The conversation goes on by other ways too: at this browser only what was written here is shown.
            entry = news.entry if whose == follower.visit.identity_id else None
            if entry is not None or differs:
                shown = follower.conversation if differs else None
                follower.tell(VisitorNews(position=position, entry=entry, conversation=shown))

    def _whispered(self, whisper: Whisper) -> None:
        if isinstance(whisper, PhoneSaid):
            if whisper.to_agent is None:
                said = PhoneSignal(
                    call_id=whisper.call_id, from_leg=whisper.from_leg, to_leg=whisper.to_leg, body=whisper.body
                )
                for follower in tuple(self._by_identity.get(whisper.identity_id, ())):
                    follower.tell(VisitorNews(position=0, signal=said))
        elif isinstance(whisper, Typing) and whisper.by is AuthorKind.AGENT and whisper.kind is EntryKind.MESSAGE:
            for follower in tuple(self._by_conversation.get(whisper.conversation_id, ())):
                follower.tell(VisitorNews(position=0, typing=whisper.on))
        elif isinstance(whisper, PresenceSeen) and self._by_identity:
            self._look_soon()

    def _look_soon(self) -> None:
        if self._due is None:
            loop = asyncio.get_running_loop()
            self._due = loop.call_later(TELL_SECONDS, self._look)

    def _look(self) -> None:
        self._due = None
        there: dict[int | None, bool] = {}
        for follower in [f for followers in self._by_identity.values() for f in followers]:
            queue = follower.queue_id
            available = there.setdefault(queue, self.waiting.anyone_available(queue))
            if available != follower.told_available:
                follower.told_available = available
                follower.tell(VisitorNews(position=0, available=available))
            place = self.position(follower.conversation)
            if place is not None and place != follower.told_position:
                follower.told_position = place
                follower.tell(VisitorNews(position=0, queue_position=place))


class VisitorsOfAccount:
    """`VisitorDesk` of one account."""

    def __init__(self, house: Visitors, account_id: int, scope: str, queue_id: int | None) -> None:
        self._house = house
        self._account_id = account_id
        self._scope = scope
        self._queue_id = queue_id

    async def welcome(
        self, token: str | None, /, *, proven: Address | None, name: str, facts: Mapping[str, str]
    ) -> Visit:
        arriving = visitors.Arriving(
            account_id=self._account_id, scope=self._scope, token=token, proven=proven, name=name, facts=facts
        )
        welcomed = await self._house.db.write(_welcome, arriving)
        self._house.end(welcomed.ended)
        return _visit(welcomed)

    async def known(self, token: str, /) -> Visit | None:
        welcomed = await self._house.db.read(visitors.known_by, self._account_id, token)
        return None if welcomed is None else _visit(welcomed)

    async def history(self, visit: Visit, /, *, before: int | None, most: int) -> VisitorHistory:
        said = await self._house.db.read(visits.said_with, visit.identity_id, before=before, most=most)
        return VisitorHistory(
            position=said.position,
            entries=said.entries,
            conversation=said.conversation,
            queue_position=self._house.position(said.conversation),
            has_more=said.has_more,
            call=await self._house.db.read(calls.live_of, visit.identity_id),
        )

    def follow(self, visit: Visit, /) -> AbstractAsyncContextManager[AsyncIterator[VisitorNews]]:
        return self._followed(visit)

    @asynccontextmanager
    async def _followed(self, visit: Visit) -> AsyncIterator[AsyncIterator[VisitorNews]]:
        follower = self._house.join(visit, self._queue_id)
        try:
            said = await self._house.db.read(visits.newest_with, visit.identity_id)
            if said is not None and follower.conversation is None:
                self._house.sees(follower, said)
            yield _items(follower)
        finally:
            self._house.leave(follower)

    async def has_received(self, visit: Visit, entry_id: int, /) -> None:
        await self._house.db.write(visits.arrived, visit.identity_id, entry_id)

    async def has_read(self, visit: Visit, entry_id: int, /) -> None:
        await self._house.db.write(_has_read, visit.identity_id, entry_id)

    async def typing(self, visit: Visit, /, *, on: bool) -> None:
        conversation = self._house.open_conversation(visit.identity_id)
        if conversation is not None:
            self._house.bus.whisper(Typing(conversation_id=conversation, by=AuthorKind.CONTACT, on=on))

    async def relay(self, visit: Visit, signal: PhoneSignal, /) -> None:
        ends = await self._house.db.read(_ends, visit.identity_id, signal)
        if ends is not None:
            self._house.bus.whisper(ends)

    def file_url(self, visit: Visit, file_id: int, /) -> str:
        return self._house.file_url(file_id)

    async def anyone_available(self) -> bool:
        return self._house.waiting.anyone_available(self._queue_id)


def _has_read(tx: Tx, identity_id: int, entry_id: int) -> None:
    conversation_id = visits.conversation_of(tx, identity_id, entry_id)
    if conversation_id is not None:
        contact_read(tx, conversation_id, identity_id, entry_id)


def _ends(tx: Tx, identity_id: int, signal: PhoneSignal) -> PhoneSaid | None:
    """What a visitor says to an agent's browser, if both take part in the visitor's own call."""
    try:
        call = calls.whole(tx, signal.call_id)
    except NotFound:
        return None
    own, other = leg(call, signal.from_leg), leg(call, signal.to_leg)
    if call.identity_id != identity_id or own is None or own.role is not LegRole.CUSTOMER:
        return None
    if other is None or other.agent_id is None or other not in living(call):
        return None
    return PhoneSaid(
        call_id=call.id,
        from_leg=own.id,
        to_leg=other.id,
        to_agent=other.agent_id,
        identity_id=identity_id,
        body=signal.body,
    )


async def _items(follower: _Follower) -> AsyncIterator[VisitorNews]:
    while True:
        item = await follower.news.get()
        if item is None:
            return
        yield item


def _drop(index: defaultdict[int, set[_Follower]], key: int, follower: _Follower) -> None:
    index[key].discard(follower)
    if not index[key]:
        del index[key]


def _visit(welcomed: visitors.Welcomed) -> Visit:
    return Visit(
        visitor_id=welcomed.visitor_id,
        identity_id=welcomed.identity_id,
        address=welcomed.address,
        token=welcomed.token,
        name=welcomed.name,
        verified=welcomed.verified,
    )


def _is_for_visitors(entry: EntryValue) -> bool:
    """Whether an entry is a message that has left: one for later is shown when its time has come."""
    waits = entry.details is not None and entry.details.send_at is not None
    is_held = entry.delivery is DeliveryStatus.CANCELLED or (waits and entry.delivery is DeliveryStatus.QUEUED)
    return entry.kind is EntryKind.MESSAGE and not is_held


def _has_left_now(entry: EntryValue) -> bool:
    """Whether this change is that of a message for later that left."""
    waited = entry.details is not None and entry.details.send_at is not None
    return entry.kind is EntryKind.MESSAGE and waited and entry.delivery is DeliveryStatus.SENT


def _looks_different(before: ConversationValue | None, now: ConversationValue) -> bool:
    """Whether a visitor would see the difference; priority, tags, owner and queue are none of their business."""
    if before is None or before.id != now.id:
        return True
    return (before.status, before.work_state, before.agent_read_id) != (now.status, now.work_state, now.agent_read_id)


def _welcome(tx: Tx, arriving: visitors.Arriving) -> visitors.Welcomed:
    """Who leaves an address while they chat can be reached again: their lead opens."""
    welcomed = visitors.welcome(tx, arriving)
    if claims(arriving.facts):
        said = visits.newest_with(tx, welcomed.identity_id)
        if said is not None and said.status is not ConversationStatus.CLOSED:
            leads.became_contactable(tx, said.id)
    return welcomed
