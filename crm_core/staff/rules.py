"""Pure rules of the staff: which activity may follow which, and by whom."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from crm_core.words.errors import Invalid
from crm_core.words.text import one_line
from crm_core.words.values import Activity

LEVELS: Final = range(1, 11)
"""Levels of a skill."""
MOST_SKILLS: Final = 100
MOST_UNITS: Final = 1_000


class Cause(StrEnum):
    """Who or what changed an activity; kept in the ledger."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    MISSED_OFFER = "missed_offer"
    DISCONNECT = "disconnect"
    SIGN_OUT = "sign_out"


_CHOSEN: Final = frozenset(Activity) - {Activity.NOT_RESPONDING}


def may_choose(activity: Activity, cause: Cause) -> bool:
    """Whether a person may set this activity: NOT_RESPONDING is what the hub finds, nobody chooses it."""
    return activity in _CHOSEN or cause is Cause.MISSED_OFFER


def forgives(activity: Activity) -> bool:
    """Whether this activity says "I am back": what was missed before is forgotten (ROUTING.md section 6)."""
    return activity is Activity.AVAILABLE


def starts_idle_clock(before: Activity, after: Activity) -> bool:
    """Whether idle time counts from now: only an available agent is idle, so a break earns no place in line."""
    return after is Activity.AVAILABLE and before is not Activity.AVAILABLE


def checked_skills(skills: dict[str, int]) -> dict[str, int]:
    """Skills with levels 1 to 10. Raises Invalid."""
    if len(skills) > MOST_SKILLS:
        raise Invalid("An agent has at most {n} skills.", why="skills_many", n=MOST_SKILLS)
    checked = {one_line(name, most=40): level for name, level in skills.items()}
    if "" in checked or any(level not in LEVELS for level in checked.values()):
        raise Invalid("A skill has a name and a level from 1 to 10.", why="skill_level")
    return checked


def checked_units(units: int) -> int:
    """Capacity units of an agent. Raises Invalid."""
    if not 0 <= units <= MOST_UNITS:
        raise Invalid("Capacity is 0 to {n} units.", why="capacity", n=MOST_UNITS)
    return units


def checked_name(name: str) -> str:
    """A person's name on one line. Raises Invalid for an empty one."""
    shown = one_line(name, most=80)
    if not shown:
        raise Invalid("An agent needs a name.", why="needs_name")
    return shown
