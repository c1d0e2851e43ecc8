from __future__ import annotations

from dataclasses import replace
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
from hub.machinery.speech import AccountSpeech, Voice
from tests.peers.clock import VirtualClock

KEY = bytes(range(32))


@pytest.mark.parametrize(
    ("sounds", "notice", "voice", "records"),
    [
        ({}, True, None, False),
        ({"greeting": "sound:hello"}, True, None, False),
        ({"recording.uk": "sound:told"}, True, None, False),
        ({"recording": "sound:told"}, True, None, True),
        ({}, False, None, True),
        ({}, True, ["voice"], True),
    ],
)
async def test_a_line_that_cannot_say_so_records_nobody_who_shall_be_told(
    db: Database, tmp_path: Path, sounds: dict[str, str], *, notice: bool, voice: list[str] | None, records: bool
) -> None:
    clock = VirtualClock()
    facts: dict[str, Any] = {"password": "secret", "sounds": sounds}
    account = Account(7, "pub-key", "A line", MANIFEST.settings.model_validate(facts))
    front = Front(
        db, Bus(db), FileStore.open(Settings(data_dir=tmp_path), KEY, clock), invitations=Invitations(KEY, clock)
    )
    manner = {"calls": {"record": True, "recording_notice": notice}}
    bench = Bench(clock)
    speech = AccountSpeech(Voice(voice), bench.files, clock)
    async with (
        aiohttp.ClientSession() as http,
        MANIFEST.open(account, replace(bench.tools(http), speech=speech)) as channel,
    ):
        source = front.source(Open(account, "asterisk", MANIFEST, channel, None, manner))
    assert source.manner is not None
    assert source.manner.calls.record is records
