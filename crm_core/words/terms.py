"""Text as terms to search by. What is stored and what is asked go through the same folding, on every database.

A word is a run of letters, digits and marks. Chinese and Japanese are written without spaces, so their runs
become pairs of neighbours, and the last character alone: a pair is found exactly, a single character as the
beginning of a pair. Numbers that look like phone numbers are also kept by their last seven digits, so that
they meet in any spelling.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from crm_core.words.text import folded, one_line, storable

LONGEST_TERM: Final = 64
MOST_TERMS: Final = 20_000
"""Different terms of one text; what comes after is not found by its words."""
LONGEST_QUERY: Final = 200
MOST_ASKED: Final = 12
NUMBER: Final = "№"
"""Marks a term as digits of a phone number. Folding turns this sign into letters, so no word has it."""
TAIL: Final = 7
"""Digits by which numbers in texts meet: the shortest subscriber number in use with its area left out."""
LEAST_NUMBER: Final = 4

_MARKS = "".join(chr(c) for c in range(0x300, 0xFE30) if unicodedata.category(chr(c)).startswith("M"))
_CJK = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_RUN = re.compile(f"[{_CJK}]+|(?:(?![{_CJK}])[^\\W_]|[{_MARKS}])+")
_PLAIN_RUN = re.compile("[a-z0-9]+")
"""The same for folded ASCII, many times as fast."""
_IS_CJK = re.compile(f"[{_CJK}]")
_NUMBER = re.compile(r"\+?\d(?:[ \u00a0().\-/]{0,2}\d){6,17}")
_ONLY_A_NUMBER = re.compile(r"[+0-9 \u00a0().\-/]+")


@dataclass(frozen=True, slots=True)
class Term:
    """A word to look for, or the beginning of one."""

    text: str
    is_prefix: bool = False

    def matches(self, word: str) -> bool:
        return word.startswith(self.text) if self.is_prefix else word == self.text


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for: every one of `terms`; `digits` when it may be a phone number, else empty."""

    terms: tuple[Term, ...]
    digits: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.terms


def terms_of(text: str) -> list[str]:
    """Every term of a text, each once."""
    bare = folded(storable(text))
    is_plain = bare.isascii()
    found: dict[str, None] = {}
    for run in (_PLAIN_RUN if is_plain else _RUN).findall(bare):
        if is_plain:
            found[run[:LONGEST_TERM]] = None
        else:
            found |= dict.fromkeys(_split(run))
        if len(found) >= MOST_TERMS:
            break
    for number in _NUMBER.findall(text):
        found[NUMBER + digits_of(number)[-TAIL:]] = None
    return list(found)


def terms_of_number(number: str) -> list[str]:
    """Terms by which a person's phone number is found from any four neighbouring digits."""
    digits = digits_of(number)
    return [NUMBER + digits[start:] for start in range(max(0, len(digits) - LEAST_NUMBER + 1))]


def asked(text: str) -> Query:
    """What somebody typed, as terms. Never raises: what has no word in it asks for nothing.

    The last word counts as the beginning of one, since it may be still being typed.
    """
    line = one_line(text, most=LONGEST_QUERY)
    bare = folded(line)
    runs = [(m.group(), m.end() == len(bare)) for m in _RUN.finditer(bare)]
    terms: dict[Term, None] = {}
    for run, is_last in runs:
        if is_cjk(run):
            pairs = [Term(run[i : i + 2]) for i in range(len(run) - 1)]
            terms |= dict.fromkeys(pairs or [Term(run, is_prefix=True)])
        else:
            terms[Term(run[:LONGEST_TERM], is_prefix=is_last)] = None
    digits = digits_of(line) if _ONLY_A_NUMBER.fullmatch(line) else ""
    return Query(tuple(terms)[:MOST_ASKED], digits if len(digits) >= LEAST_NUMBER else "")


def digits_of(text: str) -> str:
    """The digits of a number in any spelling, as ASCII."""
    return "".join(str(unicodedata.digit(c)) for c in text if c.isdecimal())


def is_cjk(run: str) -> bool:
    """Whether a run is Chinese or Japanese."""
    return _IS_CJK.match(run) is not None


def spellings(digits: str) -> list[str]:
    """The digits as they stand in an international number: without 00, a trunk 0, or Russia's trunk 8."""
    shorter = digits.lstrip("0")
    found = [digits, shorter]
    if len(shorter) >= 10 and shorter.startswith("8"):
        found.append(shorter[1:])
    return [d for d in dict.fromkeys(found) if len(d) >= LEAST_NUMBER - 1]


def marks(text: str, query: Query) -> list[tuple[int, int]]:
    """Where the terms stand in a text: [start, end) in characters, in order, not touching each other."""
    found: list[tuple[int, int]] = []
    for match in _RUN.finditer(text):
        found += _marks_in(match.group(), match.start(), query.terms)
    if len(query.digits) >= TAIL:
        tail = query.digits[-TAIL:]
        found += [m.span() for m in _NUMBER.finditer(text) if digits_of(m.group())[-TAIL:] == tail]
    return _joined(sorted(found))


def _marks_in(run: str, at: int, terms: tuple[Term, ...]) -> list[tuple[int, int]]:
    bare = folded(run)
    if not is_cjk(bare):
        words = _RUN.findall(bare)
        return [(at, at + len(run))] if any(t.matches(w) for t in terms for w in words) else []
    if len(bare) != len(run):
        return [(at, at + len(run))] if any(t.text in bare for t in terms) else []
    return [
        (at + start, at + start + len(term.text))
        for term in terms
        for start in range(len(bare))
        if bare.startswith(term.text, start)
    ]


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _split(run: str) -> list[str]:
    if not is_cjk(run):
        return [run[:LONGEST_TERM]]
    return [*(run[i : i + 2] for i in range(len(run) - 1)), run[-1]]
