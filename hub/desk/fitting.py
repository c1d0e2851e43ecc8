"""What is wrong with the settings of a form, value by value, for people who read it in any language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from crm_core.words.errors import Invalid, Unfit

MOST_TOLD: Final = 20
"""Values of one request that are told of."""
_KNOWN: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("missing", ""),
    "extra_forbidden": ("no_such_field", ""),
    "string_too_short": ("letters_least", "min_length"),
    "string_too_long": ("letters_most", "max_length"),
    "string_pattern_mismatch": ("other_form", ""),
    "too_short": ("count_least", "min_length"),
    "too_long": ("count_most", "max_length"),
    "greater_than_equal": ("least", "ge"),
    "greater_than": ("more_than", "gt"),
    "less_than_equal": ("most", "le"),
    "less_than": ("less_than", "lt"),
    "int_parsing": ("whole_number", ""),
    "int_type": ("whole_number", ""),
    "int_from_float": ("whole_number", ""),
    "float_parsing": ("any_number", ""),
    "float_type": ("any_number", ""),
    "finite_number": ("any_number", ""),
    "string_type": ("text", ""),
    "literal_error": ("no_such_choice", ""),
    "enum": ("no_such_choice", ""),
}
"""Pydantic's kind of error: our code, and the limit that is its fact `n`."""
_SENTENCES: Final = {"extra_forbidden": "There is no such field.", "missing": "This is required."}
CODES: Final = frozenset(why for why, _ in _KNOWN.values())
"""Every code that a value which no validator of ours has refused can have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """One value that is not as it has to be; `path` leads to it."""

    path: tuple[int | str, ...]
    words: str
    """In English."""
    why: str = ""
    """The words as a code; empty for such as only programs meet."""
    facts: Mapping[str, str | int | float] = field(default_factory=dict)

    def named(self) -> str:
        """The words with the name of the value before them, if it has one within its part."""
        name = ".".join(str(part) for part in self.path[1:])[:100]
        return f"{name}: {self.words}" if name else self.words


class Unfitting(Invalid):
    """Something in this request is not as it has to be."""

    def __init__(self, sentence: str, error: ValidationError, *, within: str) -> None:
        """`within`: the part of the request that was read."""
        self.wrong = [*wrong(error, within)]
        super().__init__(f"{sentence} {'; '.join(one.named() for one in self.wrong[:5])}")


def wrong(error: ValidationError, *within: str) -> Iterator[Wrong]:
    """What is wrong, value by value; what was given is not repeated but where our own words name it."""
    for found in error.errors(include_url=False, include_input=False)[:MOST_TOLD]:
        path, context = (*within, *found["loc"]), found.get("ctx", {})
        cause = context.get("error")
        if isinstance(cause, Unfit):
            yield Wrong(path=path, words=str(cause), why=cause.why, facts=cause.named)
            continue
        why, limit = _KNOWN.get(found["type"], ("", ""))
        yield Wrong(path=path, words=_sentence(found), why=why, facts={"n": context[limit]} if limit else {})


def _sentence(found: Any) -> str:
    return _SENTENCES.get(found["type"]) or str(found["msg"]).removeprefix("Value error, ")
