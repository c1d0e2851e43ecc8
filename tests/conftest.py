"""What any test may ask for. Peers start once a run, when a test first asks; every test has its own data."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from functools import cache
from pathlib import Path

import pytest
from playwright.async_api import Browser

from crm_core import migrations
from crm_core.store.database import Database
from tests.peers.browser import open_chromium
from tests.peers.children import IN_CI
from tests.peers.clock import VirtualClock
from tests.peers.postgresql import PostgresServer
from tests.peers.redis_server import RedisServer
from tests.peers.skips import refuse_skip

ROOT = Path(__file__).parent.parent
KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture
def clock() -> VirtualClock:
    """A Monday morning at nine, UTC, until the test lets time pass."""
    return VirtualClock()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server for the whole run; for a database of your own use `make_database`."""
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that is copied for each test."""
    path = tmp_path_factory.mktemp("template") / "hub.db"
    migrations.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: PostgresServer) -> str:
    """The name of a migrated PostgreSQL database that is copied for each test."""
    name = postgresql_server.create()
    migrations.upgrade(postgresql_server.url(name))
    return name


@pytest.fixture
def make_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """`make_database("sqlite" | "postgresql")` makes one more migrated, empty database and tells its URL."""
    made: list[str] = []

    def make(kind: str) -> str:
        if kind == "sqlite":
            path = tmp_path / f"hub{len(list(tmp_path.glob('hub*.db')))}.db"
            shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
            return f"sqlite:///{path}"
        template = request.getfixturevalue("migrated_postgresql")
        server: PostgresServer = request.getfixturevalue("postgresql_server")
        made.append(server.create(template))
        return server.url(made[-1])

    yield make
    for name in made:
        request.getfixturevalue("postgresql_server").drop(name)


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, make_database: Callable[[str], str]) -> str:
    """A migrated, empty database: the test runs once on SQLite and once on PostgreSQL."""
    return make_database(request.param)


@pytest.fixture
async def db(database_url: str, clock: VirtualClock) -> AsyncIterator[Database]:
    """An open, empty database whose time is `clock`'s."""
    database = await Database.open(database_url, clock=clock)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis server for the whole run; `redis_url` is what most tests want."""
    server = RedisServer()
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """An empty Redis."""
    redis_server.empty()
    return redis_server.url


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A headless Chromium; each person in it is `await chromium.new_context()`."""
    async with open_chromium() as browser:
        yield browser


@cache
def readme() -> str:
    path = ROOT / "README.md"
    return path.read_text(encoding="utf-8") if path.exists() else ""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if IN_CI:
        refuse_skip(report, readme())
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if IN_CI:
        refuse_skip(report, readme())
    return report
