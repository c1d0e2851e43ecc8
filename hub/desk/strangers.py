"""Leads for people nobody knows yet who write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crm_core.contacts.resolving import KnownIdentity
from crm_core.conversations.opening import Opened
from crm_core.store.transaction import Tx


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who wrote, in which conversation, by which kind of channel. `asks`: a person wants something."""

    identity: KnownIdentity
    opened: Opened
    kind: str
    text: str
    asks: bool


def open_leads(tx: Tx, newcomers: Sequence[Newcomer]) -> None:
    """Give conversations of strangers their lead."""
