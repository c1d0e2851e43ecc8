"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding matters: WRONG must be put right, WARNING should be known."""

    FINE = "fine"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about the set-up and, when it is not fine, one about what to do."""

    level: Level
    sentence: str
    advice: str = ""

    @property
    def is_wrong(self) -> bool:
        return self.level is Level.WRONG

    def __str__(self) -> str:
        told = f"{self.level.value:<8} {self.sentence}"
        return f"{told}\n         {self.advice}" if self.advice else told


def fine(sentence: str) -> Finding:
    """Nothing to do."""
    return Finding(Level.FINE, sentence)


def warning(sentence: str, advice: str) -> Finding:
    """It works, but."""
    return Finding(Level.WARNING, sentence, advice)


def wrong(sentence: str, advice: str) -> Finding:
    """It does not work, or not safely."""
    return Finding(Level.WRONG, sentence, advice)
