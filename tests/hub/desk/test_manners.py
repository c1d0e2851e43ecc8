"""What the hub says by itself: greetings, absence notes, and the question how it went."""

from __future__ import annotations

from dataclasses import replace

import pytest

from channels.contract import MessageArrived
from crm_core.accounts import actions
from crm_core.accounts.actions import NewAccount
from crm_core.accounts.sealing import Sealer
from crm_core.conversations import timeline
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.addresses import email
from crm_core.words.clock import DAY, HOUR, MINUTE
from crm_core.words.content import Content, ExternalId, ThreadKey
from crm_core.words.errors import Invalid
from crm_core.words.values import AuthorKind
from hub.desk import inbound, manners, surveys
from hub.desk.manners import Manner
from tests.hub.desk.scene import Scene
from tests.peers.clock import VirtualClock

WORKDAY = [["09:00", "18:00"]]
MANNER = {
    "language": "en",
    "greeting": {"en": "Hello!", "uk": "Вітаємо!"},
    "away": {"en": "We are asleep.", "uk": "Ми спимо."},
    "hours": {"timezone": "Europe/Kyiv", "week": [WORKDAY] * 5 + [[], []], "holidays": ["2026-01-07"]},
}
KYIV = Manner.model_validate(MANNER)
"""The virtual clock begins on Monday 2026-01-05 at 09:00 UTC, which is 11:00 in Kyiv."""


class Talk:
    """Somebody who writes to an account with manners, and what the hub answered by itself."""

    def __init__(self, scene: Scene, manner: Manner = KYIV) -> None:
        self.scene = scene
        self.source = replace(scene.source, manner=manner)
        self.number = 0

    async def write(self, who: str = "olena@shop.example", *, language: str = "", automatic: bool = False) -> list[str]:
        """They write; what was said to them since, in this conversation."""
        self.number += 1
        event = MessageArrived(
            external_id=ExternalId(f"m{self.number}"),
            thread=ThreadKey(who),
            sender=email(who),
            sender_facts={"language": language} if language else {},
            content=Content(text=f"words {self.number}"),
            sent_at=1,
            automatic=automatic,
        )
        entry = (await self.scene.db.write(inbound.take, self.source, event)).entry
        assert entry is not None
        lines = await self.scene.db.read(timeline.page, self.scene.sofia, entry.conversation_id)
        return [line.text for line in lines if line.author.kind is AuthorKind.SYSTEM and line.id > entry.id]


@pytest.fixture
async def scene(scene: Scene, db: Database) -> Scene:
    """The account of these tests exists."""
    from_account = await db.write(_account)
    return replace(scene, source=replace(scene.source, account_id=from_account))


def _account(tx: Tx) -> int:
    return actions.add(tx, None, Sealer(b"k" * 32), NewAccount(kind="webchat", name="Shop")).id


async def test_a_conversation_begins_with_a_greeting_in_their_language_once(scene: Scene) -> None:
    talk = Talk(scene)
    assert await talk.write(language="uk-UA") == ["Вітаємо!"]
    assert await talk.write() == []
    assert await talk.write("jan@shop.example", language="pl") == ["Hello!"]


async def test_outside_of_the_hours_they_are_told_once_in_a_closed_period(scene: Scene, clock: VirtualClock) -> None:
    talk = Talk(scene)
    clock.advance(8 * HOUR)
    assert await talk.write() == ["We are asleep."]
    clock.advance(HOUR)
    assert await talk.write() == []
    clock.advance(DAY)
    assert await talk.write() == ["We are asleep."]


async def test_a_holiday_is_closed_all_day(scene: Scene, clock: VirtualClock) -> None:
    clock.advance(2 * DAY)
    assert await Talk(scene).write() == ["We are asleep."]


async def test_two_machines_that_answer_each_other_stop_at_once(scene: Scene, clock: VirtualClock) -> None:
    talk = Talk(scene)
    clock.advance(8 * HOUR)
    assert await talk.write(automatic=True) == []
    for _ in range(100):
        clock.advance(MINUTE)
        assert await talk.write("robot@evil.example", automatic=True) == []
    answers = [await talk.write("robot@evil.example") for _ in range(100)]
    assert sum(len(a) for a in answers) == 1


async def test_a_silent_account_says_nothing(scene: Scene) -> None:
    assert await Talk(scene, Manner()).write() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"hours": {"timezone": "Mars/Base", "week": [[]] * 7}},
        {"hours": {"timezone": "UTC", "week": [[]] * 6}},
        {"hours": {"timezone": "UTC", "week": [[["10:00", "09:00"]]] + [[]] * 6}},
        {"hours": {"timezone": "UTC", "week": [[["09:00", "12:00"], ["11:00", "13:00"]]] + [[]] * 6}},
        {"away": {"en": "Away"}},
        {"greeting": {"en": "x" * 3_000}},
        {"colour": "red"},
    ],
)
def test_a_manner_that_makes_no_sense_is_refused_in_words(wrong: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        manners.checked(wrong)


async def test_a_score_is_one_to_five_and_said_again_said_anew(scene: Scene, db: Database) -> None:
    entry = await scene.heard("v", "hi")
    for score in (0, 6):
        with pytest.raises(Invalid):
            await db.write(surveys.rate, entry.conversation_id, score)
    await db.write(surveys.rate, entry.conversation_id, 2, "slow")
    await db.write(surveys.rate, entry.conversation_id, 2, "slow")
    await db.write(surveys.rate, entry.conversation_id, 5, "well, after all")
    lines = await db.read(timeline.page, scene.sofia, entry.conversation_id)
    rated = [line.notice.facts for line in lines if line.notice is not None and line.notice.code == "rated"]
    assert rated == [{"score": 2, "words": "slow"}, {"score": 5, "words": "well, after all"}]


def test_a_survey_link_is_of_one_conversation_and_ends(clock: VirtualClock) -> None:
    made = surveys.Surveys(b"k" * 32, clock, "https://hub.example")
    token = made.link(77).rpartition("/")[2]
    assert made.read(token) == 77
    assert surveys.Surveys(b"x" * 32, clock, "").read(token) is None
    for wrong in ("", "x", token[:-2], token.swapcase(), token + "A"):
        assert made.read(wrong) is None
    clock.advance(31 * DAY)
    assert made.read(token) is None
