"""What is worth telling only now: who types, who looks, who is here. Never stored, never repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from crm_core.words.values import AuthorKind, EntryKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing:
    """Somebody writes, or stopped. An agent who writes a note is not shown to the contact."""

    conversation_id: int
    by: AuthorKind
    agent_id: int | None = None
    on: bool
    kind: EntryKind = EntryKind.MESSAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewing:
    """The agents who have a conversation on their screen now."""

    conversation_id: int
    agent_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceSeen:
    """An agent has a console open, or has had none for the whole time of grace."""

    agent_id: int
    present: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneSaid:
    """What the browser of one leg of a call says to that of another."""

    call_id: int
    from_leg: int
    to_leg: int
    to_agent: int | None
    """The agent whose leg it is for; none for the contact's."""
    identity_id: int
    body: Mapping[str, Any]


Whisper: TypeAlias = Typing | Viewing | PresenceSeen | PhoneSaid
