"""The house as its doors see it, and the key under which a request finds it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from crm_core.accounts.sealing import Sealer
from crm_core.store.database import Database
from crm_core.words.clock import Clock
from hub.auth.gate import Gate
from hub.auth.tickets import Tickets
from hub.bus.local import Bus
from hub.config import Settings
from hub.desk.assigner import Assigner
from hub.desk.calls.lines import Lines
from hub.desk.calls.recordings import Recordings
from hub.desk.invitations import Invitations
from hub.desk.surveys import Surveys
from hub.machinery.accounts import Accounts
from hub.machinery.examining import Examiner
from hub.machinery.media.store import FileStore
from hub.machinery.presence import Presence


@dataclass(slots=True)
class House:
    """Every part that a door may need, made once in `hub.app`."""

    settings: Settings
    clock: Clock
    db: Database
    bus: Bus
    gate: Gate
    tickets: Tickets
    presence: Presence
    accounts: Accounts
    assigner: Assigner
    media: FileStore
    sealer: Sealer
    examiner: Examiner
    invitations: Invitations
    surveys: Surveys
    lines: Lines
    recordings: Recordings
    draining: bool = field(default=False)
    """Set when the hub was told to stop: readiness fails, sockets are sent elsewhere."""
    group: asyncio.TaskGroup | None = field(default=None)

    def spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        """Do something beside the request that caused it, held and named until it ends."""
        assert self.group is not None, "the house is not running"
        self.group.create_task(work, name=name)


HOUSE: Final = web.AppKey("house", House)
