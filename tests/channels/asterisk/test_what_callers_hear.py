from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from crm_core.calls.rules.call import CallPlan
from crm_core.calls.rules.signals import Held, HungUp, PositionKnown
from crm_core.words.calls import RecordingFailed
from crm_core.words.content import FileRef
from crm_core.words.values.calls import CallOutcome, CallState, KeptState, PromptValue, RecordingState
from hub.machinery.speech import Voice, espeak, speaker
from tests.channels.asterisk.hearing import listening, loud_seconds, samples_of, tone
from tests.channels.asterisk.house import QUIET, House, loudness, opened_house
from tests.channels.asterisk.served import ServedFiles
from tests.peers.asterisk import Asterisk
from tests.peers.children import unavailable
from tests.peers.sipp import caller, telephone

pytestmark = pytest.mark.long

NUMBER = "+380445556677"
WELCOME = "Welcome to Fern and Clay. We are glad that you call."


@pytest.fixture
async def files() -> AsyncIterator[ServedFiles]:
    """The hub's files, where Asterisk can fetch them."""
    served = ServedFiles()
    async with served.served():
        yield served


@pytest.fixture
async def house(asterisk: Asterisk, plan: CallPlan, files: ServedFiles) -> AsyncIterator[House]:
    """A house whose hub has a voice, with all the time that a busy machine may need."""
    library = espeak()
    if library is None:
        unavailable("espeakng-loader has no library for this system")
    async with (
        Voice(speaker(library), time_limit=60) as voice,
        opened_house(asterisk, plan, files=files, voice=voice) as opened,
    ):
        yield opened


def said(code: str, text: str, language: str = "en") -> PromptValue:
    return PromptValue(seq=0, code=code, text=text, language=language)


class TestWords:
    @pytest.mark.parametrize(
        ("plan", "least"),
        [
            (CallPlan(opening=[said("greeting", WELCOME)], then="goodbye"), 2.0),
            (CallPlan(opening=[said("greeting", "Вітаємо! Ви зателефонували до нас.", "uk")], then="goodbye"), 1.0),
            (CallPlan(opening=[said("greeting", "您好,欢迎致电我们公司。", "zh-CN")], then="goodbye"), 1.0),
        ],
        ids=["en", "uk", "zh-CN"],
    )
    async def test_a_greeting_that_was_written_is_heard_from_its_first_word_to_its_last(
        self, house: House, files: ServedFiles, least: float
    ) -> None:
        async with listening() as ear:
            with caller(house.asterisk.sip_port, NUMBER, sound_at=ear.port):
                await house.until_state(CallState.ENDED)
                await house.until_gone()
                spoken = loud_seconds(samples_of(files.contents[1]))
                assert spoken > least
                await house.until(lambda: ear.loud > 0.8 * spoken)
                assert ear.loud < 1.2 * spoken


class TestNotice:
    @pytest.fixture
    def plan(self) -> CallPlan:
        return CallPlan(queue_id=1, record=True, opening=[said("recording", "This call is recorded.")])

    async def test_a_caller_is_told_of_the_recording_in_words_and_then_it_is_made(
        self, house: House, files: ServedFiles
    ) -> None:
        with (
            telephone(talks=True) as desk,
            caller(house.asterisk.sip_port, NUMBER),
        ):
            house.asterisk.make_telephone("521", desk.port)
            await house.take(950, "521")
            assert files.fetched == [1]
            assert loud_seconds(samples_of(files.contents[1])) > 0.8
            await house.until(lambda: house.call.recordings[0].external_id)
            await house.until_loud(house.call.external_id)
            house.do(HungUp(agent_id=3))
            await house.until(lambda: house.call.outcome is CallOutcome.ANSWERED)
            await house.until(lambda: [one.state for one in house.call.recordings] == [KeptState.STORED])
            kept = house.call.recordings[0].file_id
            assert kept is not None
            assert loudness(files.contents[kept]) > QUIET


class TestPosition:
    @pytest.fixture
    def plan(self) -> CallPlan:
        return CallPlan(queue_id=1, language="uk", offers_callback=True)

    async def test_the_place_in_line_is_said_in_the_callers_language_and_the_music_goes_on(
        self, house: House, files: ServedFiles
    ) -> None:
        with caller(house.asterisk.sip_port, NUMBER, talks=False):
            call = await house.until_state(CallState.QUEUED)
            await house.until_in(house.named("line"), call.external_id)
            words = "Ваш номер у черзі: 2. Чекати близько 4 хвилин."
            house.do(PositionKnown(position=2, estimate=240_000, prompt_text=words, offer="Натисніть зірочку."))
            assert house.call.prompt is not None
            assert house.call.prompt.language == "uk"
            await house.until(lambda: files.fetched == [1])
            await house.until_loud(call.external_id)
            await house.until(lambda: house.call.prompt is None)
            await house.until_in(house.named("line"), call.external_id)
            await house.until_loud(call.external_id)


class TestWordsThatCannotBeFetched:
    @pytest.fixture
    def plan(self) -> CallPlan:
        return CallPlan(opening=[said("closed", "We are closed.")], then="goodbye")

    async def test_asterisks_own_sound_is_heard_instead(self, house: House, files: ServedFiles) -> None:
        files.away = True
        async with listening() as ear:
            with caller(house.asterisk.sip_port, NUMBER, sound_at=ear.port):
                await house.until_state(CallState.ENDED)
                await house.until(lambda: ear.loud > 1)
        assert files.fetched == []


class TestNoticeThatCannotBeFetched:
    @pytest.fixture
    def plan(self) -> CallPlan:
        return CallPlan(queue_id=1, record=True, opening=[said("recording", "This call is recorded.")])

    async def test_who_was_not_told_is_not_recorded(self, house: House, files: ServedFiles) -> None:
        files.away = True
        with telephone() as desk, caller(house.asterisk.sip_port, NUMBER):
            house.asterisk.make_telephone("523", desk.port)
            await house.take(952, "523")
            await house.until(
                lambda: [r for r in house.reports if r.signal == RecordingFailed(external_id="", reason="untold")]
            )
            assert (house.call.recording, house.call.recordings) == (RecordingState.OFF, [])
            assert await house.ari("GET", "/recordings/stored") == []


class TestMusic:
    @pytest.fixture
    def plan(self) -> CallPlan:
        return CallPlan(queue_id=1, music_file_id=1)

    async def test_the_queues_own_is_heard_in_line_and_on_hold_and_words_interrupt_it(
        self, house: House, files: ServedFiles
    ) -> None:
        assert await files.keep("music.wav", tone(0.5)) == FileRef(1)
        async with listening() as ear:

            async def music_goes_on() -> None:
                before = ear.toned
                await house.until(lambda: ear.toned > before + 2)

            with telephone() as desk, caller(house.asterisk.sip_port, NUMBER, sound_at=ear.port):
                house.asterisk.make_telephone("522", desk.port)
                await house.until_state(CallState.QUEUED)
                await music_goes_on()
                other = ear.loud - ear.toned
                house.do(PositionKnown(position=2, estimate=None, prompt_text=WELCOME))
                await house.until(lambda: house.call.prompt is None)
                spoken = loud_seconds(samples_of(files.contents[2]))
                await house.until(lambda: ear.loud - ear.toned - other > 0.7 * spoken)
                await music_goes_on()
                contact, agent = await house.take(951, "522")
                await house.until_quiet(contact)
                house.do(Held(agent_id=3, on=True))
                await music_goes_on()
                assert await house.hears(agent) <= QUIET

    async def test_it_begins_anew_when_it_is_over(self, house: House, files: ServedFiles) -> None:
        await files.keep("music.wav", tone(0.2))
        async with listening() as ear:
            with caller(house.asterisk.sip_port, NUMBER, sound_at=ear.port):
                await house.until_state(CallState.QUEUED)
                # Asterisk is asked for twenty of them, which are four seconds, at a time.
                await house.until(lambda: ear.toned > 9)

    async def test_a_file_that_asterisk_cannot_play_leaves_the_accounts_music(
        self, house: House, files: ServedFiles
    ) -> None:
        await files.keep("music.mp3", b"ID3\4\0\0\0\0\0\0")
        with caller(house.asterisk.sip_port, NUMBER, talks=False):
            call = await house.until_state(CallState.QUEUED)
            await house.until(lambda: 1 in files.fetched)
            await house.until_loud(call.external_id)
