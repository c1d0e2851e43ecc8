"""What the judge of the written channels says of a hub that lost or doubled something."""

from __future__ import annotations

import random

import pytest

from channels.simulators.gateway import HttpGateway, Text
from channels.simulators.mail import PostOffice
from channels.simulators.telegram import BotServer
from channels.simulators.twilio import TwilioCloud
from channels.simulators.viber import ViberServer
from tests.flows.channel_town import AUTH, GATEWAY, KINDS, REPORTS, SID, TOKEN, VIBER, Said, Town, faults
from tests.peers.clock import VirtualClock


@pytest.fixture
def town(clock: VirtualClock) -> Town:
    """Providers that nobody has asked anything yet, and a customer of each with one message and one answer."""
    telegram = BotServer(clock)
    telegram.bot(TOKEN)
    town = Town(
        TwilioCloud(account_sid=SID, auth_token=AUTH, clock=clock),
        telegram,
        ViberServer(clock).bot(VIBER),
        HttpGateway(key=GATEWAY, secret=REPORTS, clock=clock),
        PostOffice(),
        None,  # type: ignore[arg-type]
        random.Random(1),
    )
    for kind in KINDS:
        town.written[kind].add(f"question by {kind}")
        town.answered[f"answer by {kind}"] = kind
    return town


def said(kind: str, *, inbound: bool, delivery: str = "", files: int = 0) -> Said:
    """A message as it is stored."""
    text = f"{'question' if inbound else 'answer'} by {kind}"
    return Said(channel=kind, inbound=inbound, text=text, delivery=delivery, files=files)


def all_said(delivery: str = "unconfirmed") -> list[Said]:
    """Everything that was written and answered."""
    answers = [said(kind, inbound=False, delivery=delivery) for kind in KINDS]
    return [*(said(kind, inbound=True) for kind in KINDS), *answers]


def test_nothing_is_wrong_with_what_is_there_once_or_owned_up_to(town: Town) -> None:
    assert faults(town, all_said()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_lost_or_doubled_on_the_way_in_is_found(town: Town, kind: str) -> None:
    one = said(kind, inbound=True)
    assert faults(town, [s for s in all_said() if s != one]) == [f"lost on the way in: question by {kind}"]
    assert faults(town, [*all_said(), one]) == [f"twice on the way in: question by {kind}"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_that_was_said_to_be_sent_and_was_not_is_found(town: Town, kind: str) -> None:
    lost = [s for s in faults(town, all_said("sent")) if f"by {kind}" in s]
    assert lost == [f"lost on the way out: answer by {kind} (sent)"]


@pytest.mark.parametrize("kind", ["telegram", "viber", "gateway"])
def test_an_answer_that_came_twice_is_found(town: Town, kind: str) -> None:
    telegram, viber = town.telegram.bots[TOKEN], town.viber
    ann, viola, phone = telegram.person("Ann"), viber.person("Viola"), town.gateway.phone("+48600300000")
    viola.write("hello")
    viber.webhook = "https://hub.example/in/key"
    for number in range(2):
        if kind == "telegram":
            message = telegram.message(ann, text="answer by telegram")
            telegram.show(ann, message, [])
        elif kind == "viber":
            body = {"receiver": viola.id, "type": "text", "text": "answer by viber", "sender": {"name": "Shop"}}
            viber.send(body)
        else:
            phone.keep(Text(id=str(number), sender="8808", to=phone.number, text="answer by gateway"))
    assert faults(town, all_said()) == [f"twice on the way out: answer by {kind}"]


def test_a_picture_of_an_album_that_is_not_there_is_found(town: Town) -> None:
    town.pictures = 3
    kept = [said(kind, inbound=True, files=2 if kind == "telegram" else 0) for kind in KINDS]
    found = faults(town, [*kept, *(s for s in all_said() if not s.inbound)])
    assert found == ["3 pictures were sent, 2 are there"]


def test_what_is_still_on_its_way_is_found(town: Town) -> None:
    assert "something is still on its way" in faults(town, all_said("sending"))
