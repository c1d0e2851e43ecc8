"""What can go wrong, in words. The docstring of an error class is the sentence a person reads."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Any, ClassVar


class HubError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500

    def __init__(self, sentence: str | None = None, /, **facts: Any) -> None:
        """With a fact `why`, a code by which a console says it in its own languages, `{name}` is the fact of that name.

        Only such facts as the sentence names are told to whoever asked: the others may hold what they may not see.
        """
        words = sentence or (self.__doc__ or "").strip().splitlines()[0]
        self.facts = facts
        self.why: str = facts.get("why", "")
        self.named = named(words, facts) if self.why else {}
        super().__init__(words.format_map(self.named) if self.why else words)


class Unfit(ValueError):
    """A value is not as it has to be: for validators of one value, which may raise nothing but ValueError."""

    def __init__(self, sentence: str, /, *, why: str, **facts: Any) -> None:
        """The sentence, its code and its facts, as those of a HubError."""
        self.why = why
        self.named = named(sentence, facts)
        super().__init__(sentence.format_map(self.named))

    @classmethod
    def by(cls, error: HubError) -> Unfit:
        """What was raised, for a validator."""
        unfit = cls("{words}", why=error.why, words=str(error))
        unfit.named = error.named
        return unfit


def named(sentence: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the facts that a sentence names in braces. Raises KeyError for one that is not there."""
    return {name: facts[name] for _, name, _, _ in Formatter().parse(sentence) if name}


class Invalid(HubError):
    """The request does not make sense as it is."""

    code, status = "invalid", 422


class Denied(HubError):
    """You may not do this."""

    code, status = "denied", 403


class NotSignedIn(HubError):
    """Sign in first."""

    code, status = "not_signed_in", 401


class NotFound(HubError):
    """There is no such thing, or you may not see it."""

    code, status = "not_found", 404


class Conflict(HubError):
    """Somebody else changed this in the meantime."""

    code, status = "conflict", 409


class Gone(HubError):
    """This offer is no longer open."""

    code, status = "gone", 410


class MovedOn(Conflict):
    """The conversation moved on since you last saw it. Read what is new, then send again."""

    code = "moved_on"


class TooLarge(HubError):
    """This is larger than the limit."""

    code, status = "too_large", 413


class TooMany(HubError):
    """Too many requests. Wait a little and try again."""

    code, status = "too_many", 429


class StoreUnavailable(HubError):
    """The database cannot take this now. Nothing was stored; try again in a moment."""

    code, status = "store_unavailable", 503


class NotOpenNow(HubError):
    """This account is not open now. Try again in a moment."""

    code, status = "not_open_now", 503


class StoreFull(StoreUnavailable):
    """The disk is full. Nothing was stored."""

    code = "store_full"


class Overloaded(StoreUnavailable):
    """The hub is busier than it can be. Nothing was stored; try again in a moment."""

    code = "overloaded"
