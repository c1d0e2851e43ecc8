"""What providers report: checked, stored once, and acknowledged; what nobody understands is shown to somebody."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from channels.contract import (
    Account,
    Capabilities,
    Channel,
    Deliver,
    MessageArrived,
    NotGenuine,
    NotUnderstood,
    Tools,
    WebhookReply,
    WebhookRequest,
)
from crm_core.accounts import queries
from crm_core.words.addresses import email
from crm_core.words.content import Content, ExternalId, ThreadKey
from hub.keys import House
from tests.hub.api.conftest import Staff
from tests.hub.api.written.conftest import CONSOLE, Outside
from tests.hub.desk.lanes import Lanes, Line, Provider, open_lanes
from tests.peers.clock import VirtualClock

SECRET = "of-the-provider"


def signed(url: str, body: bytes) -> str:
    """As the played provider signs: over the address it knows and the bytes."""
    return hashlib.sha256(SECRET.encode() + url.encode() + body).hexdigest()


class HookedLine(Line):
    """An account whose provider calls us."""

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities()

    async def receive(self, request: WebhookRequest, deliver: Deliver, /) -> WebhookReply:
        if request.headers.get("X-Signature") != signed(request.url, request.body):
            raise NotGenuine
        try:
            told = json.loads(request.body)
            event = MessageArrived(
                external_id=ExternalId(told["id"]),
                thread=ThreadKey("t"),
                sender=email(told["from"]),
                content=Content(text=told["text"]),
                sent_at=1,
            )
        except (ValueError, KeyError) as error:
            raise NotUnderstood("This is no message.") from error
        await deliver(event)
        return WebhookReply("taken")


class Hooked(Provider):
    """A provider that calls us."""

    @asynccontextmanager
    async def _open(self, _account: Account, _tools: Tools) -> AsyncIterator[Channel]:
        yield HookedLine(self)


@dataclass
class Hooks:
    """The provider's side, and what an agent sees of it."""

    lanes: Lanes
    staff: Staff
    outside: Outside
    public_url: str
    path: str

    async def call(self, body: bytes, path: str = "", *, host: str = CONSOLE, **headers: str) -> int:
        """Call with a signature, unless the headers bring one; the status."""
        path = self.path + path
        sign = headers.pop("sign", signed(self.public_url + path, body))
        address = f"http://127.0.0.1:{self.outside.port}{path}"
        known = {"Host": host, "X-Signature": sign, **headers}
        async with self.outside.http.post(address, data=io.BytesIO(body), headers=known) as answer:
            assert "Set-Cookie" not in answer.headers
            return answer.status

    async def conversations(self) -> list[dict[str, Any]]:
        listed = await self.staff.agent.ask("GET", "/conversations?view=all&sort=oldest")
        assert listed.status == 200, listed.text
        items: list[dict[str, Any]] = listed.body["items"]
        return items

    async def messages(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for conversation in await self.conversations():
            page = await self.staff.agent.ask("GET", f"/conversations/{conversation['id']}/entries")
            found += [e for e in page.body["items"] if e["kind"] == "message"]
        return found


@pytest.fixture
async def hooks(house: House, staff: Staff, clock: VirtualClock, outside: Outside) -> AsyncIterator[Hooks]:
    providers = {"hook": Hooked(), "mail": Provider()}
    async with open_lanes(house.db, clock, house.settings.data_dir, providers, queue_id=staff.sales) as lanes:
        house.accounts = lanes.accounts
        account = await house.db.read(queries.account, lanes.account_ids["hook"])
        yield Hooks(lanes, staff, outside, house.settings.public_url, f"/in/{account.public_key}")


def report(name: str, text: str) -> bytes:
    return json.dumps({"id": name, "from": "olena@shop.example", "text": text}).encode()


async def test_the_same_report_a_hundred_times_at_once_is_one_message(hooks: Hooks) -> None:
    body = report("1", "Hello")
    assert await asyncio.gather(*(hooks.call(body) for _ in range(100))) == [200] * 100
    assert [m["text"] for m in await hooks.messages()] == ["Hello"]
    assert await hooks.call(body) == 200
    assert len(await hooks.messages()) == 1


async def test_a_report_that_contradicts_an_earlier_one_is_acknowledged_and_changes_nothing(hooks: Hooks) -> None:
    assert await hooks.call(report("1", "Pay 5 pounds")) == 200
    assert await hooks.call(report("1", "Pay 500 pounds")) == 200
    assert [m["text"] for m in await hooks.messages()] == ["Pay 5 pounds"]


async def test_a_report_that_nobody_understands_is_shown_once_with_its_original(hooks: Hooks) -> None:
    strange = b'{"kind": "hologram", "from": "<script>"}'
    for _ in range(3):
        assert await hooks.call(strange) == 200
    assert await hooks.call(b"\x00\xff\xfe nonsense") == 200
    await hooks.lanes.reader.step()
    first, second = await hooks.messages()
    assert {first["details"]["problem"], second["details"]["problem"]} == {"not_understood"}
    answer = await hooks.staff.agent.ask("GET", f"/entries/{first['id']}/original")
    assert answer.status == 302
    got = await hooks.outside(answer.headers["Location"].removeprefix("http://files.localhost"))
    assert (got.status, got.text) == (200, strange.decode())
    assert got.headers["Content-Disposition"].startswith("attachment;")
    assert await hooks.call(report("1", "Hello")) == 200
    assert len(await hooks.messages()) == 3


async def test_what_the_provider_did_not_sign_leaves_nothing(hooks: Hooks) -> None:
    body = report("1", "Let me in")
    right = signed(hooks.public_url + hooks.path, body)
    assert await hooks.call(body, sign="") == 403
    assert await hooks.call(body + b" ", sign=right) == 403
    assert await hooks.call(body, "/elsewhere", sign=right) == 403
    assert await hooks.call(body, "?x=1", sign=right) == 403
    assert await hooks.call(b"nonsense", sign="0" * 64) == 403
    assert await hooks.conversations() == []


async def test_the_address_that_was_signed_is_ours_whatever_a_stranger_calls_us(hooks: Hooks) -> None:
    forwarded = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.example"}
    assert await hooks.call(report("1", "Hello"), host="evil.example", **forwarded) == 200
    body = report("2", "Hello")
    stolen = signed("https://evil.example" + hooks.path, body)
    assert await hooks.call(body, host="evil.example", sign=stolen, **forwarded) == 403


async def test_nobody_is_at_home_at_any_other_address(hooks: Hooks, house: House) -> None:
    mail = await house.db.read(queries.account, hooks.lanes.account_ids["mail"])
    own, hooks.path = hooks.path, f"/in/{mail.public_key}"
    assert await hooks.call(report("1", "Hello")) == 404
    for wrong in ("/in/nobody", "/in/%00", "/in/..%2f", f"{own}x"):
        assert (await hooks.outside(wrong, host=CONSOLE, method="POST")).status == 404
    hooks.path = own
    assert await hooks.call(report("1", "Hello"), host="files.localhost") == 404
    assert await hooks.conversations() == []


async def test_a_report_that_is_too_large_is_refused(hooks: Hooks) -> None:
    assert await hooks.call(report("1", "x" * 5 * 2**20)) == 413
    assert await hooks.conversations() == []
