"""The routing engine: given facts and a moment, who is offered what.

The engine answers from memory and changes nothing outside itself. Its answers are those of `routing.reference`, which
is the specification; this file is about finding them without looking at everything.
"""

from __future__ import annotations

from collections.abc import Iterator

from routing.alarms import Alarm, Alarms
from routing.attempts import ANYBODY, Attempts
from routing.backlog import Backlog, Bucket, Item, demand_of
from routing.eligibility import holds
from routing.explanation import Because, Explanation
from routing.inquest import Inquest
from routing.model import Agent, Decision, Queue, Strategy, Work
from routing.ordering import Place
from routing.roster import KEPT, KEPT_FROM_ANY, MEDIA, OPEN, Roster, Seat, qualifies
from routing.strategies import BECAUSE

_EMPTY_BUCKETS_KEPT = 2_000


class Engine:
    """Queues, agents and waiting work, and the matching of the two.

    Feed it facts with `set_*` and `remove_*`, then ask `assign(now)`. Between two calls of `assign` it remembers only
    what changed, because nothing else can have become possible: that is why it is fast. `now` is int ms UTC and
    must not go back; a smaller one counts as the largest seen.
    """

    def __init__(self) -> None:
        self._queues: dict[int, Queue] = {}
        self._roster = Roster()
        self._backlog = Backlog()
        self._alarms = Alarms(self._alarm_holds)
        self._now = 0
        self._new_work: set[int] = set()
        self._freed: set[int] = set()
        self._roster.rank_by(Strategy.LONGEST_IDLE)

    # Facts

    def set_queue(self, queue: Queue) -> None:
        """Add or change a queue."""
        unknown = queue.id not in self._queues
        self._queues[queue.id] = queue
        self._roster.rank_by(queue.strategy)
        if unknown:
            self._reconsider_all()

    def remove_queue(self, queue_id: int) -> None:
        """Forget a queue; its work stays and is offered to nobody until the queue is back."""
        if self._queues.pop(queue_id, None) is not None:
            self._reconsider_all()

    def set_agent(self, agent: Agent) -> None:
        """Add an agent, or replace everything known of one with the facts of the database."""
        known = self._roster.seats.get(agent.id)
        if known is not None and known.is_as(agent):
            return
        seat = self._roster.seat(agent)
        if self._roster.take_over(seat, agent):
            self._reseat(seat)
        if agent.wrap_up_until is not None:
            self._alarms.set(Alarm(agent.wrap_up_until, False, agent.id))
        self._freed.add(agent.id)
        self._reconsider_preferring(agent.id)

    def remove_agent(self, agent_id: int) -> None:
        """Forget an agent; an unknown one is no error."""
        if agent_id not in self._roster.seats:
            return
        seat = self._roster.remove(agent_id)
        for buckets in seat.buckets.values():
            for bucket in buckets:
                bucket.bits ^= seat.bit
        self._freed.discard(agent_id)
        self._reconsider_preferring(agent_id)

    def set_work(self, work: Work) -> None:
        """Add waiting work, or replace what is known of it. Work that no longer waits must be removed."""
        known = self._backlog.items.get(work.id)
        if known is not None:
            if known.work == work:
                return
            self.remove_work(work.id)
        item = self._backlog.add(work, self._bucket_for(work))
        for moment in item.moments():
            self._alarms.set(Alarm(moment, True, work.id))
        self._new_work.add(work.id)

    def remove_work(self, work_id: int) -> None:
        """Forget work that no longer waits; an unknown one is no error."""
        if work_id not in self._backlog.items:
            return
        self._freed.update(self._released_by(self._backlog.items[work_id]))
        self._backlog.remove(work_id)
        self._new_work.discard(work_id)

    # Answers

    def assign(self, now: int, *, explained: bool = True) -> list[Decision]:
        """Make every offer possible now, in order, and keep the capacity for each inside the engine.

        The caller commits each decision by compare-and-set; where it lost, `set_agent` and `set_work` with the facts
        put things right. Explaining costs several times as much as deciding: `explained=False` leaves it out.
        """
        now = self._pass_time(now)
        attempts = self._attempts()
        decisions: list[Decision] = []
        while (attempt := attempts.take()) is not None:
            at, agent_id = attempt
            item = self._backlog.items.get(at[2])
            if item is not None and item.place == at:
                seat = self._choose(item, now)
                if seat is not None:
                    decisions.append(self._decision(item, seat, explained=explained))
                    for released in self._take(item, seat):
                        self._expect(attempts, released, at)
            if agent_id != ANYBODY:
                self._expect(attempts, agent_id, at)
        return decisions

    def decide(self, work_id: int, now: int) -> Decision:
        """What would happen to this work if it were its turn, and why; changes nothing.

        Raises KeyError for work that is not waiting.
        """
        now = self._pass_time(now)
        item = self._backlog.items[work_id]
        return self._decision(item, self._choose(item, now), explained=True)

    def for_agent(self, agent_id: int, now: int) -> Work | None:
        """The first work in order that this agent could be offered now, ranks of others aside.

        Raises KeyError for an unknown agent.
        """
        self._pass_time(now)
        item = self._next_for(self._roster.seats[agent_id], None)
        return None if item is None else item.work

    def next_wake(self, now: int) -> int | None:
        """The earliest moment after `now`, int ms, at which time alone may make an offer possible."""
        self._pass_time(now)
        return self._alarms.next()

    def position(self, work_id: int) -> int:
        """The place of this work in its queue, 1 for the next. O(b log n): b filled buckets, n items in each.

        Raises KeyError for work that is not waiting.
        """
        return self._backlog.ahead_of(self._backlog.items[work_id]) + 1

    # What changed

    def _pass_time(self, now: int) -> int:
        self._now = max(self._now, now)
        for alarm in self._alarms.due(self._now):
            if alarm.of_work:
                self._reconsider(self._backlog.items[alarm.id])
            else:
                seat = self._roster.seats[alarm.id]
                seat.wrapping = False
                self._roster.refresh(seat)
                self._freed.add(alarm.id)
        return self._now

    def _alarm_holds(self, alarm: Alarm) -> bool:
        if alarm.of_work:
            item = self._backlog.items.get(alarm.id)
            return item is not None and alarm.at in item.moments()
        seat = self._roster.seats.get(alarm.id)
        return seat is not None and seat.wrapping and seat.agent.wrap_up_until == alarm.at

    def _reconsider(self, item: Item) -> None:
        self._new_work.add(item.work.id)
        self._freed.update(self._released_by(item))

    def _reconsider_preferring(self, agent_id: int) -> None:
        for work_id in self._backlog.preferring.get(agent_id, ()):
            self._reconsider(self._backlog.items[work_id])

    def _reconsider_all(self) -> None:
        self._new_work.update(self._backlog.items)
        self._freed.update(self._roster.seats)

    def _released_by(self, item: Item) -> list[int]:
        """Agents this item may be keeping from later work."""
        kept = item.bucket.bits & self._roster.marked.get(KEPT[item.bucket.medium], 0)
        return [seat.agent.id for seat in self._roster.seated(kept)]

    # Buckets

    def _bucket_for(self, work: Work) -> Bucket:
        demand = demand_of(work)
        bucket = self._backlog.buckets.get(demand)
        if bucket is None:
            if len(self._backlog.buckets) >= 2 * _EMPTY_BUCKETS_KEPT:
                self._drop_empty_buckets()
            bucket = self._backlog.buckets[demand] = Bucket(demand)
            bucket.bits = self._roster.qualified(demand)
            for seat in self._roster.seated(bucket.bits):
                seat.buckets[bucket.medium].append(bucket)
        return bucket

    def _drop_empty_buckets(self) -> None:
        empty = self._backlog.empty_buckets()
        if len(empty) < _EMPTY_BUCKETS_KEPT:
            return
        for bucket in empty:
            del self._backlog.buckets[bucket.demand]
        for seat in self._roster.seats.values():
            for medium, buckets in seat.buckets.items():
                seat.buckets[medium] = [bucket for bucket in buckets if bucket.places]

    def _reseat(self, seat: Seat) -> None:
        seat.buckets = {medium: [] for medium in MEDIA}
        for demand, bucket in self._backlog.buckets.items():
            bucket.bits &= ~seat.bit
            if qualifies(seat.agent, demand):
                bucket.bits |= seat.bit
                seat.buckets[bucket.medium].append(bucket)

    # One work: who gets it

    def _choose(self, item: Item, now: int) -> Seat | None:
        """The agent for this work, or None. Reservations are looked up for the best agent only, until one is free."""
        work, bucket = item.work, item.bucket
        queue = self._queues.get(work.queue_id)
        bits = bucket.bits & self._roster.marked.get(OPEN[bucket.medium], 0)
        if queue is None or not bits:
            return None
        if not item.plain:
            bits &= self._admitted(item, now)
        seat = self._best(item, queue, bits)
        if seat is not None and self._reserved(seat, item.place):
            seat = self._best(item, queue, bits & ~self._reserved_bits(item.place))
        return seat

    def _best(self, item: Item, queue: Queue, bits: int) -> Seat | None:
        preferred = self._preferred_among(item, bits)
        if preferred is not None:
            return preferred
        slot = self._roster.rankings[queue.strategy].best(bits)
        return None if slot is None else self._roster.by_slot[slot]

    def _preferred_among(self, item: Item, bits: int) -> Seat | None:
        work = item.work
        seat = None if work.preferred is None else self._roster.seats.get(work.preferred)
        over = work.preferred_until is not None and work.preferred_until <= self._now
        return None if seat is None or over or not seat.bit & bits else seat

    def _admitted(self, item: Item, now: int) -> int:
        """Everybody but those whom this item itself turns away: cooling, excluded, not the preferred agent."""
        work, seats = item.work, self._roster.seats
        away = 0
        for agent_id, until in work.cooling.items():
            if until > now and agent_id in seats:
                away |= seats[agent_id].bit
        for agent_id in work.excluded:
            if agent_id in seats:
                away |= seats[agent_id].bit
        preferred = None if work.preferred is None else seats.get(work.preferred)
        if preferred is not None and work.preferred_until is not None and holds(work, preferred.facts(), now):
            return preferred.bit & ~away
        return self._roster.everybody & ~away

    # Reservation: an exclusive item that waits keeps agents from smaller ones behind it

    def _reserved_bits(self, place: Place) -> int:
        """All agents kept for some item before this place."""
        reserved = 0
        for medium in MEDIA:
            kept = self._roster.marked.get(KEPT[medium], 0)
            if not kept:
                continue
            for bucket in self._backlog.filled[medium].values():
                reserved |= self._kept_for(bucket, bucket.bits & kept & ~reserved, place)
        return reserved

    def _kept_for(self, bucket: Bucket, candidates: int, place: Place) -> int:
        if not candidates or bucket.places[0] >= place or bucket.queue_id not in self._queues:
            return 0
        kept = 0
        for item in bucket.between(None, place):
            if item.plain:
                return candidates
            kept |= candidates & self._admitted(item, self._now)
        return kept

    def _reserved(self, seat: Seat, place: Place) -> bool:
        kept_for = self._kept_for_item(seat)
        return kept_for is not None and kept_for.place < place

    def _kept_for_item(self, seat: Seat) -> Item | None:
        """The first waiting item that this agent is being kept for."""
        if KEPT_FROM_ANY not in seat.marks:
            return None
        first: Item | None = None
        for medium in MEDIA:
            if KEPT[medium] in seat.marks:
                first = self._first_open(seat, seat.buckets[medium], None, first)
        return first

    # One agent: what they get

    def _next_for(self, seat: Seat, after: Place | None) -> Item | None:
        """The first item behind `after` that this agent may be offered."""
        limit = self._kept_for_item(seat)
        found = limit
        for medium in MEDIA:
            if OPEN[medium] in seat.marks:
                found = self._first_open(seat, seat.buckets[medium], after, found)
        return None if found is limit else found

    def _first_open(self, seat: Seat, buckets: list[Bucket], after: Place | None, best: Item | None) -> Item | None:
        """The first item behind `after` and before `best` in these buckets that does not turn the agent away."""
        for bucket in buckets:
            places = bucket.places
            if not places or (best is not None and places[0] >= best.place):
                continue
            if bucket.queue_id not in self._queues:
                continue
            for item in bucket.between(after, None if best is None else best.place):
                if item.plain or self._admitted(item, self._now) & seat.bit:
                    best = item
                    break
        return best

    # Bookkeeping of one call of `assign`

    def _attempts(self) -> Attempts:
        """What to look at: all new work, and for each freed agent the first work open to them."""
        attempts = Attempts(self._backlog.items[work_id].place for work_id in self._new_work)
        attempts.complete = len(self._new_work) == len(self._backlog.items)
        for agent_id in self._freed:
            self._expect(attempts, agent_id, None)
        self._new_work.clear()
        self._freed.clear()
        return attempts

    def _expect(self, attempts: Attempts, agent_id: int, after: Place | None) -> None:
        if attempts.complete:
            return
        item = self._next_for(self._roster.seats[agent_id], after)
        if item is not None:
            attempts.expect(agent_id, item.place)

    def _take(self, item: Item, seat: Seat) -> Iterator[int]:
        """Move the item to the agent; the agents who are no longer kept for it."""
        roster = self._roster
        released = self._released_by(item)
        self._backlog.remove(item.work.id)
        index = MEDIA.index(item.bucket.medium)
        seat.used = (*seat.used[:index], seat.used[index] + 1, *seat.used[index + 1 :])
        seat.idle_since = max(seat.idle_since, self._now)
        roster.refresh(seat)
        return (agent_id for agent_id in released if agent_id != seat.agent.id)

    def _decision(self, item: Item, seat: Seat | None, *, explained: bool) -> Decision:
        work = item.work
        queue = self._queues.get(work.queue_id)
        return Decision(
            work_id=work.id,
            queue_id=work.queue_id,
            agent_id=None if seat is None else seat.agent.id,
            offer_ms=0 if queue is None else queue.offer_ms_for(work.medium),
            explanation=self._explain(item, seat) if explained else None,
        )

    def _explain(self, item: Item, seat: Seat | None) -> Explanation:
        queue = self._queues.get(item.work.queue_id)
        if queue is None:
            return Explanation(at=self._now, chosen_because=Because.QUEUE_UNKNOWN, considered=0)
        because = BECAUSE[queue.strategy]
        if seat is not None and self._preferred_among(item, seat.bit) is seat:
            because = Because.PREFERRED
        inquest = Inquest(
            roster=self._roster,
            item=item,
            at=self._now,
            admitted=self._admitted(item, self._now),
            reserved=self._reserved_bits(item.place),
            kept_for=self._kept_for_item,
        )
        return inquest.explain(queue, seat, because)
