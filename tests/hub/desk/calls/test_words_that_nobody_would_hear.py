from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from channels.asterisk import MANIFEST
from channels.conformance import Bench
from channels.contract import Account
from crm_core.store.database import Database
from hub.bus.local import Bus
from hub.config import Settings
from hub.desk.front import Front
from hub.desk.invitations import Invitations
from hub.machinery.accounts import Open
from hub.machinery.media.store import FileStore
from tests.peers.clock import VirtualClock

KEY = bytes(range(32))


@pytest.mark.parametrize(
    ("sounds", "notice", "records"),
    [
        ({}, True, False),
        ({"greeting": "sound:hello"}, True, False),
        ({"recording.uk": "sound:told"}, True, False),
        ({"recording": "sound:told"}, True, True),
        ({}, False, True),
    ],
)
async def test_a_line_that_cannot_say_so_records_nobody_who_shall_be_told(
    db: Database, tmp_path: Path, sounds: dict[str, str], notice: bool, records: bool
) -> None:
    clock = VirtualClock()
    facts: dict[str, Any] = {"password": "secret", "sounds": sounds}
    account = Account(7, "pub-key", "A line", MANIFEST.settings.model_validate(facts))
    front = Front(
        db, Bus(db), FileStore.open(Settings(data_dir=tmp_path), KEY, clock), invitations=Invitations(KEY, clock)
    )
    manner = {"calls": {"record": True, "recording_notice": notice}}
    async with aiohttp.ClientSession() as http, MANIFEST.open(account, Bench(clock).tools(http)) as channel:
        source = front.source(Open(account, "asterisk", MANIFEST, channel, None, manner))
    assert source.manner is not None
    assert source.manner.calls.record is records
