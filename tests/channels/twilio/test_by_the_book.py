"""What we ask of Twilio, and what the stand-in answers, judged by Twilio's own document."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass

import aiohttp
import pytest

from channels.contract import Refused
from channels.simulators.twilio import Answer, Service, TwilioCloud
from channels.sms.settings import SmsSettings
from channels.twilio.client import TwilioApi, authorization
from tests.channels.twilio.bench import ACCOUNT, KNOWN, OURS, THEIRS, TOKEN
from tests.peers.children import free_port
from tests.peers.clock import VirtualClock
from tests.peers.prism import PrismServer

SERVICE = "MG" + "0" * 32
HELLO = "HX" + "a" * 32
HERE = f"/2010-04-01/Accounts/{ACCOUNT}"


@dataclass
class Court:
    cloud: TwilioCloud
    api: TwilioApi
    http: aiohttp.ClientSession
    origin: str

    async def ask(self, method: str, path: str, **more: object) -> tuple[int, str]:
        """Status and body of a request that our own client would never make."""
        headers = authorization((ACCOUNT, TOKEN))
        async with self.http.request(method, self.origin + path, headers=headers, **more) as answer:  # type: ignore[arg-type]
            return answer.status, await answer.text()


@dataclass
class Judge:
    """Prism, which takes seconds to start, and the port of whoever it judges."""

    origin: str
    upstream_port: int


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    port = free_port()
    prism = PrismServer(f"http://127.0.0.1:{port}")
    yield Judge(prism.origin, port)
    prism.stop()


@pytest.fixture
async def court(judge: Judge) -> AsyncIterator[Court]:
    cloud = TwilioCloud(account_sid=ACCOUNT, auth_token=TOKEN, clock=VirtualClock())
    cloud.numbers[OURS] = ""
    cloud.services[SERVICE] = Service(SERVICE, [OURS, "whatsapp:" + OURS])
    cloud.templates[HELLO] = "Hello"
    async with cloud.serving(port=judge.upstream_port), aiohttp.ClientSession() as http:
        settings = SmsSettings(**KNOWN, sender=OURS, api_origin=judge.origin)
        yield Court(cloud, TwilioApi(http, settings), http, judge.origin)


async def test_all_that_we_ask_and_all_that_the_stand_in_answers_is_by_the_book(court: Court) -> None:
    cloud, api = court.cloud, court.api
    receipts = {"StatusCallback": "https://hub.example/in/key/status?ref=5"}
    plain = await api.create({"To": THEIRS, "From": OURS, "Body": "Привіт 🐎", **receipts})
    files = ["https://files.example/1", "https://files.example/2"]
    await api.create({"To": THEIRS, "MessagingServiceSid": SERVICE, "From": OURS, "MediaUrl": files, **receipts})
    whatsapp = {"To": f"whatsapp:{THEIRS}", "From": f"whatsapp:{OURS}"}
    cloud.numbers[f"whatsapp:{OURS}"] = ""
    await api.create({**whatsapp, "ContentSid": HELLO, "ContentVariables": '{"1": "Olena"}'})
    await api.create({**whatsapp, "Body": "Here", "PersistentAction": ["geo:1.0,2.0|A"]})
    await cloud.phone(THEIRS).text(OURS, "Look", media=[("image/png", b"x")])
    async with aclosing(api.messages(to=THEIRS, sender=OURS, since=1)) as records:
        found = [record async for record in records]
    assert plain.sid in [record.sid for record in found]
    assert len(await api.media_urls(cloud.messages[-1].sid)) == 1
    assert await api.status() == "active"
    assert (await api.number(OURS)) is not None
    assert (await api.service(SERVICE)) is not None
    assert await api.service("MG" + "1" * 32) is None
    assert await api.numbers_of(SERVICE) == [OURS, f"whatsapp:{OURS}"]


async def test_single_resources_are_by_the_book_too(court: Court) -> None:
    sid, _ = await court.cloud.phone(THEIRS).text(OURS, "Look", media=[("image/png", b"x")])
    media = court.cloud.messages[-1].media[0].sid
    assert (await court.ask("GET", f"{HERE}/Messages/{sid}.json"))[0] == 200
    assert (await court.ask("GET", f"{HERE}/Messages/{sid}/Media/{media}.json"))[0] == 200


async def test_a_refusal_comes_through_with_its_words(court: Court) -> None:
    court.cloud.answers.append(Answer.FORBIDDEN_COUNTRY)
    with pytest.raises(Refused, match="21408"):
        await court.api.create({"To": THEIRS, "From": OURS, "Body": "Hello"})


async def test_the_judge_bites(court: Court) -> None:
    nobody = await court.ask("POST", f"{HERE}/Messages.json", data={"Body": "To nobody"})
    strange = await court.ask("GET", f"{HERE}/Messages.json?PageSize=many")
    court.cloud.account_status = "asleep"
    wrong = await court.ask("GET", f"{HERE}.json")
    assert (nobody[0], strange[0], wrong[0]) == (422, 422, 500)
    assert "VIOLATIONS" in wrong[1]
