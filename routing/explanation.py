"""Why an agent was chosen, and why each other agent was not.

`Reason` and `Because` are codes that the console translates; `Explanation.words()` says the same in plain English
and `Explanation.trace()` is what is stored with the offer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

VERDICTS_SHOWN = 50
"""Agents named one by one in an explanation; the others are counted by reason."""

Detail = Mapping[str, int | str]


class Reason(StrEnum):
    """What became of one agent, in the order in which the checks are made."""

    CHOSEN = "chosen"
    OUTRANKED = "outranked"
    NOT_IN_QUEUE = "not_in_queue"
    NOT_ROUTABLE = "not_routable"
    NOT_PRESENT = "not_present"
    NOT_PERMITTED = "not_permitted"
    MUTED = "muted"
    SKILL_TOO_LOW = "skill_too_low"
    NO_UNITS = "no_units"
    MEDIUM_FULL = "medium_full"
    NOT_ALONGSIDE = "not_alongside"
    WRAPPING_UP = "wrapping_up"
    COOLING_DOWN = "cooling_down"
    EXCLUDED = "excluded"
    HELD_FOR_PREFERRED = "held_for_preferred"
    RESERVED_FOR_EARLIER = "reserved_for_earlier"


class Because(StrEnum):
    """Why the outcome is what it is."""

    PREFERRED = "preferred"
    LONGEST_IDLE = "longest_idle"
    LEAST_BUSY = "least_busy"
    NOBODY_FREE = "nobody_free"
    NOBODY_IN_QUEUE = "nobody_in_queue"
    QUEUE_UNKNOWN = "queue_unknown"


_OUTCOMES: Mapping[Because, str] = {
    Because.PREFERRED: "{who} is the preferred agent for this work and free.",
    Because.LONGEST_IDLE: "{who} has been idle the longest of those who could take it.",
    Because.LEAST_BUSY: "{who} is the least busy of those who could take it.",
    Because.NOBODY_FREE: "Nobody in the queue can take it now.",
    Because.NOBODY_IN_QUEUE: "The queue has no agents.",
    Because.QUEUE_UNKNOWN: "The queue does not exist any more.",
}

_VERDICTS: Mapping[Reason, str] = {
    Reason.CHOSEN: "{who} was chosen: holds {used} of {total} units, {idle}.",
    Reason.OUTRANKED: "{who} could take it but ranks behind: holds {used} of {total} units, {idle}.",
    Reason.NOT_IN_QUEUE: "{who} is not in this queue.",
    Reason.NOT_ROUTABLE: "{who} is in an activity that gets no work.",
    Reason.NOT_PRESENT: "{who} has no console open and no phone registered.",
    Reason.NOT_PERMITTED: "{who} may not reply in this queue.",
    Reason.MUTED: "{who} gets no offers by {medium} at present.",
    Reason.SKILL_TOO_LOW: "{who} has {skill} at level {has}, and {needs} is needed.",
    Reason.NO_UNITS: "{who} holds {used} of {total} units and this needs {needs}.",
    Reason.MEDIUM_FULL: "{who} already holds {held} by {medium}, and {most} is the most.",
    Reason.NOT_ALONGSIDE: "{who} may not take this beside a {beside}.",
    Reason.WRAPPING_UP: "{who} is wrapping up for another {left}.",
    Reason.COOLING_DOWN: "{who} was offered this already and is not asked again for another {left}.",
    Reason.EXCLUDED: "{who} is excluded from this work.",
    Reason.HELD_FOR_PREFERRED: "{who} must wait: it is kept for {other} for another {left}.",
    Reason.RESERVED_FOR_EARLIER: "{who} is kept free for work {work}, which waits longer and needs a whole agent.",
}

_COUNTED: Mapping[Reason, str] = {
    Reason.CHOSEN: "chosen",
    Reason.OUTRANKED: "ranked behind",
    Reason.NOT_IN_QUEUE: "not in this queue",
    Reason.NOT_ROUTABLE: "in an activity that gets no work",
    Reason.NOT_PRESENT: "not present",
    Reason.NOT_PERMITTED: "not permitted to reply in this queue",
    Reason.MUTED: "without offers of this medium at present",
    Reason.SKILL_TOO_LOW: "without a required skill",
    Reason.NO_UNITS: "without enough free units",
    Reason.MEDIUM_FULL: "at the most of this medium",
    Reason.NOT_ALONGSIDE: "busy with something this may not join",
    Reason.WRAPPING_UP: "wrapping up",
    Reason.COOLING_DOWN: "offered this already",
    Reason.EXCLUDED: "excluded",
    Reason.HELD_FOR_PREFERRED: "behind the preferred agent",
    Reason.RESERVED_FOR_EARLIER: "kept free for earlier work",
}


def _numbered(agent_id: int) -> str:
    return f"Agent {agent_id}"


def duration(milliseconds: int) -> str:
    """A length of time in words, rounded up to whole seconds: '40 s', '3 min 5 s', '2 h 10 min'."""
    seconds = max(0, -(-milliseconds // 1000))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one agent. `detail` holds the numbers behind the reason; moments are int ms UTC."""

    agent_id: int
    reason: Reason
    detail: Detail = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One decision taken apart.

    `at`: when, int ms UTC. `considered`: agents in the queue. `verdicts`: the chosen agent, then those who could
    have taken it in rank order, then the other members by id, at most `VERDICTS_SHOWN`. `others`: how many agents
    without a verdict of their own fell to each reason (agents outside the queue are only ever counted).
    """

    at: int
    chosen_because: Because
    considered: int
    verdicts: tuple[Verdict, ...] = ()
    others: Mapping[Reason, int] = field(default_factory=dict)

    def trace(self) -> dict[str, object]:
        """The explanation as plain JSON values, to be stored with the offer."""
        return {
            "at": self.at,
            "because": self.chosen_because.value,
            "considered": self.considered,
            "verdicts": [
                {"agent": verdict.agent_id, "reason": verdict.reason.value, "detail": dict(verdict.detail)}
                for verdict in self.verdicts
            ],
            "others": {reason.value: count for reason, count in self.others.items()},
        }

    def words(self, name: Callable[[int], str] = _numbered) -> tuple[str, ...]:
        """Plain English, one sentence each: the outcome, each verdict, the counts. `name` turns an id into a name."""
        chosen = next((one.agent_id for one in self.verdicts if one.reason is Reason.CHOSEN), None)
        outcome = _OUTCOMES[self.chosen_because].format(who="" if chosen is None else name(chosen))
        sentences = [outcome, *(self._sentence(verdict, name) for verdict in self.verdicts)]
        for reason, count in self.others.items():
            sentences.append(f"{count} {'agent' if count == 1 else 'agents'} more: {_COUNTED[reason]}.")
        return tuple(sentences)

    def _sentence(self, verdict: Verdict, name: Callable[[int], str]) -> str:
        facts: dict[str, int | str] = {"who": name(verdict.agent_id), **verdict.detail}
        if "until" in verdict.detail:
            facts["left"] = duration(int(verdict.detail["until"]) - self.at)
        if "idle_since" in verdict.detail:
            idle_ms = self.at - int(verdict.detail["idle_since"])
            verb = "last given work" if verdict.detail["used"] else "idle for"
            facts["idle"] = f"{verb} {duration(idle_ms)}" + (" ago" if verdict.detail["used"] else "")
        if "preferred" in verdict.detail:
            facts["other"] = name(int(verdict.detail["preferred"]))
        return _VERDICTS[verdict.reason].format(**facts)
