"""Accounts stay open, each once, whatever the database does while they change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import BaseModel

from channels.contract import Account, AccountBroken, Capabilities, Channel, Deliver, Manifest, Stored, Tools, TryLater
from crm_core.accounts import actions, queries
from crm_core.accounts.actions import NewAccount
from crm_core.accounts.sealing import Sealer
from crm_core.store.transaction import Tx
from crm_core.words.content import Medium
from crm_core.words.errors import NotFound, NotOpenNow
from crm_core.words.values import AccountValue
from hub.config import Settings
from hub.machinery.accounts import Accounts, Open, Toolbox
from hub.machinery.media.store import FileStore
from hub.machinery.peers import Guard
from tests.peers.absent_database import AbsentDatabase
from tests.peers.clock import VirtualClock


class _NoSettings(BaseModel):
    pass


@dataclass
class _Radio:
    """A channel that listens; it knows how many listen now, and how often it was opened."""

    listening: int = 0
    opened: int = 0
    silences: list[Exception] = field(default_factory=list)
    """Why listening ends, the next first."""
    silent: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by a test that wants listening to end."""
    capabilities: Capabilities = field(default_factory=Capabilities)
    is_deaf: bool = False
    """Fails in the moment in which it is told to end, so that nobody hears of that."""

    async def listen(self, _deliver: Deliver, /) -> None:
        self.listening += 1
        try:
            await self.silent.wait()
            self.silent.clear()
            raise self.silences.pop(0)
        except asyncio.CancelledError:
            if self.is_deaf:
                self.is_deaf = False
                raise TryLater("The provider is away.", after_ms=1) from None
            raise
        finally:
            self.listening -= 1

    def manifest(self) -> Manifest:
        @asynccontextmanager
        async def open_radio(_account: Account, _tools: Tools) -> AsyncIterator[Channel]:
            self.opened += 1
            yield self

        return Manifest(title="Radio", medium=Medium.CHAT, settings=_NoSettings, open=open_radio)


def _delivering(_opened: Open) -> Deliver:
    async def deliver(_event: object, /) -> Stored:
        return Stored()

    return deliver


def _open_it_again_twice(tx: Tx, account_id: int) -> None:
    for state in ("waiting", "open", "waiting", "open"):
        actions.set_state(tx, account_id, state)


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - what is waited for is a state, not an event
            await asyncio.sleep(0.01)


@pytest.fixture
async def absent(database_url: str, clock: VirtualClock) -> AsyncIterator[AbsentDatabase]:
    database = await AbsentDatabase.open(database_url, clock=clock)
    assert isinstance(database, AbsentDatabase)
    yield database
    await database.close()


@pytest.fixture
def radio() -> _Radio:
    return _Radio()


@pytest.fixture
async def account(absent: AbsentDatabase) -> AccountValue:
    sealer = Sealer(b"k" * 32)
    return await absent.write(actions.add, None, sealer, NewAccount(kind="radio", name="Radio"))


@pytest.fixture
async def accounts(
    absent: AbsentDatabase, clock: VirtualClock, radio: _Radio, account: AccountValue, tmp_path: Path
) -> Accounts:
    manifests = {"radio": radio.manifest()}
    sealer, media = Sealer(b"k" * 32), FileStore.open(Settings(data_dir=tmp_path), b"k" * 32, clock)
    toolbox = Toolbox(absent, media, clock, guard=Guard(), key=b"k" * 32, url="http://hub.example", sealer=sealer)
    return Accounts(
        absent, manifests, sealer=sealer, clock=clock, delivering=_delivering, toolbox=toolbox, broken_seconds=0.2
    )


@pytest.fixture
async def running(absent: AbsentDatabase, radio: _Radio, accounts: Accounts) -> AsyncIterator[asyncio.Task[None]]:
    absent.subscribe(accounts.heard)
    task = asyncio.create_task(accounts.run())
    await _until(lambda: radio.listening == 1)
    yield task
    task.cancel()
    await asyncio.wait([task])


async def test_an_account_that_changes_twice_at_once_is_open_once(
    absent: AbsentDatabase, radio: _Radio, account: AccountValue, running: asyncio.Task[None]
) -> None:
    await absent.write(_open_it_again_twice, account.id)
    await _until(lambda: radio.opened == 3)
    await _until(lambda: radio.listening <= 1)
    assert radio.listening == 1
    assert not running.done()


async def test_a_database_that_is_away_while_an_account_changes_delays_the_account(
    absent: AbsentDatabase, radio: _Radio, account: AccountValue, running: asyncio.Task[None]
) -> None:
    await absent.write(actions.set_state, account.id, "waiting")
    await absent.write(actions.set_state, account.id, "open")
    absent.is_away = True
    await _until(lambda: radio.listening == 0)
    for _ in range(20):
        await asyncio.sleep(0)
    assert not running.done()
    absent.is_away = False
    await _until(lambda: radio.listening == 1)


async def test_an_account_that_does_not_hear_for_a_moment_still_writes(
    absent: AbsentDatabase, radio: _Radio, account: AccountValue, accounts: Accounts, running: asyncio.Task[None]
) -> None:
    before = accounts.by_id(account.id)
    radio.silences.append(TryLater("The provider is away.", after_ms=100))
    radio.silent.set()
    await _until(lambda: radio.listening == 0)
    await _until_state(absent, account.id, "waiting")
    assert accounts.by_id(account.id) is before
    await _until(lambda: radio.listening == 1)
    assert accounts.by_id(account.id) is before
    assert radio.opened == 1
    assert not running.done()


async def test_an_account_whose_listening_needs_a_person_is_closed(
    absent: AbsentDatabase, radio: _Radio, account: AccountValue, accounts: Accounts, running: asyncio.Task[None]
) -> None:
    radio.silences.append(AccountBroken("The password is wrong."))
    radio.silent.set()
    await _until_state(absent, account.id, "broken")
    with pytest.raises(NotFound):
        accounts.by_key("of nobody")
    # Whoever reports to it is told to come again, not that there is no such address.
    with pytest.raises(NotOpenNow):
        accounts.by_key(account.public_key)
    await _until(lambda: radio.opened == 2)
    assert accounts.by_key(account.public_key).account.id == account.id
    assert not running.done()


async def test_whoever_reports_to_a_disabled_account_is_told_that_there_is_none(
    absent: AbsentDatabase, radio: _Radio, account: AccountValue, accounts: Accounts, running: asyncio.Task[None]
) -> None:
    await absent.write(actions.disable, None, account.id)
    await _until(lambda: radio.listening == 0)
    await _until(lambda: not accounts.knows(account.public_key))
    with pytest.raises(NotFound):
        accounts.by_key(account.public_key)
    assert not running.done()


async def test_a_channel_that_fails_while_it_is_told_to_end_ends_all_the_same(
    radio: _Radio, running: asyncio.Task[None]
) -> None:
    radio.is_deaf = True
    running.cancel()
    done, _ = await asyncio.wait([running], timeout=20)
    assert done
    assert radio.listening == 0


async def test_an_account_that_changes_while_its_channel_fails_is_open_once(
    absent: AbsentDatabase, radio: _Radio, account: AccountValue, running: asyncio.Task[None]
) -> None:
    radio.is_deaf = True
    await absent.write(_open_it_again_twice, account.id)
    await _until(lambda: radio.opened == 3)
    await _until(lambda: radio.listening == 1)
    assert not running.done()


async def _until_state(absent: AbsentDatabase, account_id: int, state: str) -> None:
    async with asyncio.timeout(20):
        while (await absent.read(queries.account, account_id)).state != state:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
