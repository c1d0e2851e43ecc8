"""The explanation of one decision, from the engine's sets: every agent falls to exactly one reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, islice

from routing.backlog import Item
from routing.eligibility import detail
from routing.explanation import VERDICTS_SHOWN, Because, Detail, Explanation, Reason, Verdict
from routing.model import Queue
from routing.roster import FULL, MUTED, PRESENT, ROUTABLE, WRAPPING, Roster, Seat


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquest:
    """What is needed to take one decision apart.

    `admitted`: agents the item itself does not turn away. `reserved`: agents kept for earlier items. `kept_for`: the
    item one agent is kept for.
    """

    roster: Roster
    item: Item
    at: int
    admitted: int
    reserved: int
    kept_for: Callable[[Seat], Item | None]

    def explain(self, queue: Queue, chosen: Seat | None, because: Because) -> Explanation:
        """The verdicts, bounded, and the counts of the rest."""
        fallen = self._fallen()
        free = fallen.pop(Reason.OUTRANKED)
        members = self.roster.everybody & ~fallen[Reason.NOT_IN_QUEUE]
        if chosen is not None:
            fallen[Reason.CHOSEN] = chosen.bit
            fallen[Reason.OUTRANKED] = free & ~chosen.bit
        elif members:
            because = Because.NOBODY_FREE
        else:
            because = Because.NOBODY_IN_QUEUE
        verdicts = self._verdicts(queue, chosen, members & ~free, fallen)
        counted = {reason: fallen[reason].bit_count() for reason in Reason if reason in fallen}
        for verdict in verdicts:
            counted[verdict.reason] -= 1
        return Explanation(
            at=self.at,
            chosen_because=because,
            considered=members.bit_count(),
            verdicts=verdicts,
            others={reason: count for reason, count in counted.items() if count},
        )

    def _fallen(self) -> dict[Reason, int]:
        """For each reason the agents it stopped; OUTRANKED stands for those whom none did."""
        work, marked, everybody = self.item.work, self.roster.marked, self.roster.everybody
        away = [work_id for work_id, until in work.cooling.items() if until > self.at]
        checks = {
            Reason.NOT_IN_QUEUE: everybody & ~self.roster.members.get(work.queue_id, 0),
            Reason.NOT_ROUTABLE: everybody & ~marked.get(ROUTABLE, 0),
            Reason.NOT_PRESENT: everybody & ~marked.get(PRESENT, 0),
            Reason.NOT_PERMITTED: self.roster.barred.get(work.queue_id, 0),
            Reason.MUTED: marked.get(MUTED[work.medium], 0),
            Reason.SKILL_TOO_LOW: everybody & ~self.roster.skilled(self.item.bucket.demand),
            Reason.NO_UNITS: marked.get(FULL[Reason.NO_UNITS, work.medium], 0),
            Reason.MEDIUM_FULL: marked.get(FULL[Reason.MEDIUM_FULL, work.medium], 0),
            Reason.NOT_ALONGSIDE: marked.get(FULL[Reason.NOT_ALONGSIDE, work.medium], 0),
            Reason.WRAPPING_UP: marked.get(WRAPPING, 0),
            Reason.COOLING_DOWN: self._bits(away),
            Reason.EXCLUDED: self._bits(list(work.excluded)),
            Reason.HELD_FOR_PREFERRED: everybody & ~self.admitted,
            Reason.RESERVED_FOR_EARLIER: self.reserved,
        }
        left = everybody
        fallen: dict[Reason, int] = {}
        for reason, bits in checks.items():
            fallen[reason] = left & bits
            left &= ~bits
        fallen[Reason.OUTRANKED] = left
        return fallen

    def _bits(self, agent_ids: list[int]) -> int:
        bits = 0
        for agent_id in agent_ids:
            seat = self.roster.seats.get(agent_id)
            bits |= 0 if seat is None else seat.bit
        return bits

    def _verdicts(
        self, queue: Queue, chosen: Seat | None, stopped: int, fallen: dict[Reason, int]
    ) -> tuple[Verdict, ...]:
        outranked = self.roster.rankings[queue.strategy].in_order(fallen.get(Reason.OUTRANKED, 0))
        first = () if chosen is None else (chosen.slot,)
        shown = islice(chain(first, outranked, self.roster.by_id.in_order(stopped)), VERDICTS_SHOWN)
        return tuple(self._verdict(self.roster.by_slot[slot], fallen) for slot in shown)

    def _verdict(self, seat: Seat, fallen: dict[Reason, int]) -> Verdict:
        reason = next(reason for reason, bits in fallen.items() if bits & seat.bit)
        return Verdict(agent_id=seat.agent.id, reason=reason, detail=self._detail(reason, seat))

    def _detail(self, reason: Reason, seat: Seat) -> Detail:
        if reason is Reason.RESERVED_FOR_EARLIER:
            earlier = self.kept_for(seat)
            return {} if earlier is None else {"work": earlier.work.id}
        return detail(reason, seat.facts(), self.item.work)
