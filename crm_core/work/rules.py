"""Pure rules of work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from crm_core.words import content
from crm_core.words.content import Medium

UNITS: Final[Mapping[Medium, int]] = content.UNITS
"""What one item takes of an agent's units (ROUTING.md section 8); a plain word, since the staff counts with it too."""


def misses_end_availability(medium: Medium, misses: int) -> bool:
    """Whether so many offers run out in a row take an agent out of routing: one call, or two messages."""
    return misses >= (1 if medium is Medium.CALL else 2)
