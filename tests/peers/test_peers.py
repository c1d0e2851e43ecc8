"""The peers themselves: what every other test leans on."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
import redis
from playwright.async_api import Browser
from sqlalchemy import create_engine, inspect

from tests.peers.clock import MONDAY_MORNING, VirtualClock
from tests.peers.postgresql import PostgresServer
from tests.peers.redis_server import RedisServer
from tests.peers.skips import refuse_skip


def tables_of(url: str) -> set[str]:
    engine = create_engine(url)
    try:
        return set(inspect(engine).get_table_names())
    finally:
        engine.dispose()


def test_time_stands_still_until_it_is_moved() -> None:
    clock = VirtualClock()
    assert clock() == clock.now() == MONDAY_MORNING
    clock.advance(1_500)
    assert clock() == MONDAY_MORNING + 1_500
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)


def test_a_database_comes_migrated_and_another_one_is_another(
    database_url: str, make_database: Callable[[str], str]
) -> None:
    other = make_database(database_url.partition(":")[0].partition("+")[0])
    assert other != database_url
    assert "alembic_version" in tables_of(database_url)
    assert tables_of(database_url) == tables_of(other)


@pytest.mark.postgresql
def test_what_one_test_writes_into_postgresql_another_never_sees(postgresql_server: PostgresServer) -> None:
    first = postgresql_server.create()
    with psycopg.connect(postgresql_server.url(first).replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE mine (id int)")
    second = postgresql_server.create()
    assert tables_of(postgresql_server.url(first)) == {"mine"}
    assert tables_of(postgresql_server.url(second)) == set()
    postgresql_server.drop(first)
    postgresql_server.drop(second)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(postgresql_server.url(first).replace("+psycopg", ""))


def test_redis_is_handed_out_empty(redis_server: RedisServer) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        client.set("left over", "1")
        redis_server.empty()
        assert client.keys() == []


@pytest.mark.browser
async def test_two_people_in_one_browser_do_not_share_cookies(chromium: Browser) -> None:
    olena, tomasz = await chromium.new_context(), await chromium.new_context()
    cookie = {"name": "who", "value": "olena", "url": "http://localhost"}
    await olena.add_cookies([cookie])  # type: ignore[list-item]
    page = await olena.new_page()
    await page.set_content("<h1>Добрий день</h1>")
    assert await page.inner_text("h1") == "Добрий день"
    assert await tomasz.cookies() == []


def skip_for(reason: str) -> pytest.TestReport:
    where = ("test_a.py", 1, f"Skipped: {reason}")
    return pytest.TestReport("test_a.py::test_a", ("test_a.py", 1, "test_a"), {}, "skipped", where, "setup")


def test_a_skip_in_ci_fails_unless_readme_names_its_reason() -> None:
    readme = "Skipped in CI: no sound card on this machine."
    named, unnamed = skip_for("no sound card"), skip_for("Redis is not installed")
    refuse_skip(named, readme)
    refuse_skip(unnamed, readme)
    assert named.skipped
    assert unnamed.failed
    assert "Redis is not installed" in str(unnamed.longrepr)
