"""The hub says whether it lives, whether it can work, and how much it does: the latter to neighbours only."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from crm_core.store.journal import Committed
from crm_core.words.content import Medium
from crm_core.words.events import OfferChanged
from crm_core.words.values import OfferState, OfferValue
from crm_core.work.queues import NewQueue, add_queue
from hub import metrics
from hub.api import health
from hub.api.middleware import MIDDLEWARES
from hub.config import load_settings
from hub.keys import HOUSE, House

TOKEN = "t" * 40


class Watcher:
    """A program that watches the hub from this machine."""

    def __init__(self, http: aiohttp.ClientSession, server: TestServer) -> None:
        self._http = http
        self._server = server

    async def __call__(self, path: str, **headers: str) -> tuple[int, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self._http.get(self._server.make_url(path), headers=named) as answer:
            return answer.status, await answer.text()

    async def figures(self) -> dict[tuple[str, ...], float]:
        """Every sample of /metrics by its name and labels."""
        _, text = await self("/metrics")
        families = text_string_to_metric_families(text)
        return {(s.name, *sorted(s.labels.values())): s.value for family in families for s in family.samples}


@pytest.fixture
async def watch(house: House) -> AsyncIterator[Watcher]:
    app = web.Application(middlewares=MIDDLEWARES)
    app[HOUSE] = house
    health.mount(app)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        yield Watcher(http, server)


async def test_a_hub_that_can_write_is_ready(watch: Watcher) -> None:
    assert await watch("/healthz") == (200, "alive\n")
    assert await watch("/readyz") == (200, "ready\n")


async def test_a_hub_that_drains_is_alive_and_not_ready(watch: Watcher, house: House) -> None:
    house.draining = True
    assert await watch("/healthz") == (200, "alive\n")
    assert await watch("/readyz") == (503, "draining\n")


async def test_a_hub_without_its_database_is_alive_and_not_ready(watch: Watcher, house: House) -> None:
    await house.db.close()
    assert await watch("/healthz") == (200, "alive\n")
    assert await watch("/readyz") == (503, "store_unavailable\n")


async def test_the_figures_tell_who_waits_and_what_was_done(watch: Watcher, house: House) -> None:
    await house.db.write(add_queue, None, NewQueue(name="Sales"))
    house.db.measured = metrics.commit_done
    before = await watch.figures()
    metrics.message_in("webchat")
    metrics.message_out("webchat")
    with metrics.open_socket("console"):
        assert await watch("/readyz") == (200, "ready\n")
        after = await watch.figures()
    grown = {name for name, value in after.items() if value > before.get(name, 0)}
    assert {
        ("hub_messages_total", "in", "webchat"),
        ("hub_messages_total", "out", "webchat"),
        ("hub_sockets", "console"),
        ("hub_commit_units_count",),
        ("hub_write_seconds_count",),
    } <= grown
    assert after["hub_queue_waiting", "Sales"] == 0
    assert after["hub_writes_waiting",] == 0
    assert (await watch.figures())["hub_sockets", "console"] == before.get(("hub_sockets", "console"), 0)


def offer(state: OfferState) -> Committed:
    value = OfferValue(
        id=1,
        work_id=2,
        conversation_id=3,
        agent_id=4,
        queue_id=5,
        state=state,
        medium=Medium.CHAT,
        channel="webchat",
        who="Ann",
        preview="",
        waiting_since=0,
        made_at=0,
        expires_at=1,
    )
    return Committed(1, 0, OfferChanged(offer=value), b"")


async def test_the_figures_tell_how_offers_ended(watch: Watcher) -> None:
    before = await watch.figures()
    metrics.heard([offer(OfferState.PENDING), offer(OfferState.ACCEPTED), offer(OfferState.PENDING)])
    after = await watch.figures()
    for outcome, count in (("made", 2), ("accepted", 1)):
        name = ("hub_offers_total", outcome)
        assert after[name] - before.get(name, 0) == count


async def test_figures_are_for_neighbours_only(watch: Watcher, house: House) -> None:
    assert (await watch("/metrics"))[0] == 200
    assert (await watch("/metrics", X_Forwarded_For="203.0.113.9"))[0] == 403
    house.settings = load_settings({"HUB_TRUSTED_PROXIES": "127.0.0.1", "HUB_METRICS_NETWORKS": "10.0.0.0/8"})
    assert (await watch("/metrics"))[0] == 403
    assert (await watch("/metrics", X_Forwarded_For="10.1.2.3"))[0] == 200
    assert (await watch("/metrics", X_Forwarded_For="10.1.2.3, 203.0.113.9"))[0] == 403
    assert (await watch("/metrics", X_Forwarded_For="nonsense"))[0] == 403


async def test_figures_may_be_read_from_anywhere_with_the_token(watch: Watcher, house: House) -> None:
    house.settings = house.settings.model_copy(update={"metrics_networks": (), "metrics_token": SecretStr(TOKEN)})
    assert (await watch("/metrics", Authorization=f"Bearer {TOKEN}"))[0] == 200
    for wrong in (f"Bearer {TOKEN}x", "Bearer ", "", f"Basic {TOKEN}", "Bearer é"):
        status, text = await watch("/metrics", Authorization=wrong)
        assert (status, "hub_" in text) == (403, False)


async def test_without_a_token_set_an_empty_one_opens_nothing(watch: Watcher, house: House) -> None:
    house.settings = house.settings.model_copy(update={"metrics_networks": ()})
    assert (await watch("/metrics", Authorization="Bearer "))[0] == 403
