"""Waiting work, sorted into buckets of equal demands: queue, medium, required skills."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator

from crm_core.words.content import Medium
from routing.model import Work
from routing.ordering import Place, place

Demand = tuple[int, Medium, frozenset[tuple[str, int]]]


class Bucket:
    """The waiting items that ask the same of an agent, and the agents who answer it by standing (as bits).

    A sorted list rather than a heap: items in the middle must be found and taken out, a place in the queue must be
    told, and at ten thousand items moving the tail costs a few microseconds.
    """

    __slots__ = ("bits", "demand", "items", "medium", "places", "queue_id")

    def __init__(self, demand: Demand) -> None:
        self.demand = demand
        self.queue_id, self.medium, _ = demand
        self.bits = 0
        self.places: list[Place] = []
        self.items: dict[Place, Item] = {}

    def between(self, after: Place | None, before: Place | None) -> Iterator[Item]:
        """Items in order, strictly between the two places; None leaves that side open."""
        start = 0 if after is None else bisect_right(self.places, after)
        for index in range(start, len(self.places)):
            at = self.places[index]
            if before is not None and at >= before:
                return
            yield self.items[at]


class Item:
    """One waiting work with its place. `plain`: open to every agent of its bucket, whatever the moment."""

    __slots__ = ("bucket", "place", "plain", "work")

    def __init__(self, work: Work, bucket: Bucket) -> None:
        self.work = work
        self.place = place(work)
        self.bucket = bucket
        self.plain = not work.cooling and not work.excluded and work.preferred_until is None

    def moments(self) -> Iterator[int]:
        """When a cooldown or the wait for the preferred agent ends, int ms."""
        yield from self.work.cooling.values()
        if self.work.preferred is not None and self.work.preferred_until is not None:
            yield self.work.preferred_until


def demand_of(work: Work) -> Demand:
    """What this work asks of an agent; required levels of 0 and less ask nothing."""
    required = frozenset((skill, level) for skill, level in work.skills.items() if level > 0)
    return (work.queue_id, work.medium, required)


class Backlog:
    """All waiting items: by id, by bucket, by queue, and by the agent they prefer."""

    def __init__(self) -> None:
        self.items: dict[int, Item] = {}
        self.buckets: dict[Demand, Bucket] = {}
        self.filled: dict[Medium, dict[Demand, Bucket]] = {medium: {} for medium in Medium}
        self.preferring: dict[int, set[int]] = {}

    def add(self, work: Work, bucket: Bucket) -> Item:
        """Put the work into its bucket. The id must not be waiting already."""
        item = Item(work, bucket)
        self.items[work.id] = item
        insort(bucket.places, item.place)
        bucket.items[item.place] = item
        self.filled[bucket.medium][bucket.demand] = bucket
        if work.preferred is not None:
            self.preferring.setdefault(work.preferred, set()).add(work.id)
        return item

    def remove(self, work_id: int) -> Item:
        """Take the item out. Raises KeyError when it is not waiting."""
        item = self.items.pop(work_id)
        bucket = item.bucket
        del bucket.items[item.place]
        del bucket.places[bisect_left(bucket.places, item.place)]
        if not bucket.places:
            del self.filled[bucket.medium][bucket.demand]
        preferred = item.work.preferred
        if preferred is not None:
            self.preferring[preferred].discard(work_id)
            if not self.preferring[preferred]:
                del self.preferring[preferred]
        return item

    def ahead_of(self, item: Item) -> int:
        """Items of the same queue that are served sooner. O(b log n) for b filled buckets."""
        return sum(
            bisect_left(bucket.places, item.place)
            for buckets in self.filled.values()
            for bucket in buckets.values()
            if bucket.queue_id == item.work.queue_id
        )

    def empty_buckets(self) -> list[Bucket]:
        """Buckets nothing waits in."""
        return [bucket for bucket in self.buckets.values() if not bucket.places]
