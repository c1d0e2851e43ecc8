"""How a channel fails: six ways, each with one consequence that the hub owns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crm_core.words.content import ExternalId, ReachState
from crm_core.words.errors import HubError


class ChannelError(HubError):
    """A channel could not do what it was asked."""


class TryLater(ChannelError):
    """Nothing was sent, or surely the parts in `sent` and no more; the same call may work later."""

    def __init__(
        self,
        sentence: str | None = None,
        /,
        *,
        after_ms: int | None = None,
        sent: Sequence[ExternalId] = (),
        **facts: Any,
    ) -> None:
        super().__init__(sentence, **facts)
        self.after_ms = after_ms
        self.sent = tuple(sent)


class Refused(ChannelError):
    """The provider will never take this message."""

    def __init__(self, sentence: str | None = None, /, *, reach: ReachState | None = None, **facts: Any) -> None:
        """`reach`: what the refusal tells of the recipient beyond this message: they opted out, or blocked us."""
        super().__init__(sentence, **facts)
        self.reach = reach


class Unclear(ChannelError):
    """The message may or may not have gone out. It is not sent again blindly."""

    def __init__(self, sentence: str | None = None, /, *, sent: Sequence[ExternalId] = (), **facts: Any) -> None:
        """`sent`: the parts of it that surely went, the first first; whoever has it sent again means the rest."""
        super().__init__(sentence, **facts)
        self.sent = tuple(sent)


class AccountBroken(ChannelError):
    """The account needs a person: a revoked token, a wrong password, a closed number."""


class NotGenuine(ChannelError):
    """A webhook whose signature is missing or wrong."""

    code, status = "not_genuine", 403


class NotUnderstood(ChannelError):
    """A genuine payload of an unknown shape. It is kept for a person to read."""

    code, status = "not_understood", 200
