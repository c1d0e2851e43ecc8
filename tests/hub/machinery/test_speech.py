from __future__ import annotations

import array
import io
import os
import sys
import wave
from collections.abc import AsyncIterator

import pytest

from channels.conformance import MemoryFiles
from crm_core.words.clock import HOUR
from crm_core.words.content import FileRef
from crm_core.words.errors import StoreFull
from hub.machinery.speaking import LONGEST, RATE, voices
from hub.machinery.speech import KEPT, MOST_KEPT, AccountSpeech, Voice, espeak, speaker
from tests.peers.children import unavailable
from tests.peers.clock import VirtualClock

SILENT = "import sys, time; sys.stdout.buffer.write(bytes(4)); sys.stdout.flush(); time.sleep(3600)"
DYING = "import sys; sys.stdout.buffer.write(bytes(4)); sys.stdout.flush(); sys.stdin.buffer.read(1)"
BABBLING = "import sys, time; sys.stdout.buffer.write(bytes(4) + b'\\xff' * 64); sys.stdout.flush(); time.sleep(3600)"
BRIEF = """
import sys
source, sink = sys.stdin.buffer, sys.stdout.buffer
sink.write(bytes(4))
sink.flush()
while head := source.read(4):
    source.read(int.from_bytes(head, "big"))
    sink.write(b"\\0\\0\\0\\4RIFF")
    sink.flush()
"""
"""Answers everything with the same four bytes."""
SAYINGS = {
    "en": "You are number 3 in line. It takes about 4 minutes.",
    "uk": "Ваш номер у черзі: 3. Чекати близько 4 хвилин.",
    "ru": "Ваш номер в очереди: 3. Ждать около 4 минут.",
    "pl": "Miejsce w kolejce: 3. Czas oczekiwania to około 4 minut.",
    "zh-CN": "您排在第3位。大约需要等待4分钟。",
}


@pytest.fixture
async def voice() -> AsyncIterator[Voice]:
    """The real one, with all the time that a busy machine may need."""
    library = espeak()
    if library is None:
        unavailable("espeakng-loader has no library for this system")
    assert Voice.of_this_machine(wanted=True).is_there
    async with Voice(speaker(library), time_limit=60) as found:
        yield found


def _heard(sound: bytes) -> tuple[float, float]:
    """Seconds and root mean square of a WAV file that an Asterisk would play."""
    with wave.open(io.BytesIO(sound)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        samples = array.array("h", file.readframes(file.getnframes()))
    return len(samples) / RATE, (sum(s * s for s in samples) / max(1, len(samples))) ** 0.5


@pytest.mark.parametrize("language", SAYINGS)
async def test_words_become_sound_in_every_language_of_the_house(voice: Voice, language: str) -> None:
    seconds, loudness = _heard(await voice.say(SAYINGS[language], language))
    assert 2 < seconds < 12
    assert loudness > 500


async def test_longer_words_take_longer_and_a_language_sounds_like_itself(voice: Voice) -> None:
    short, _ = _heard(await voice.say("Hello.", "en"))
    long, _ = _heard(await voice.say("Hello. We are glad that you call. Somebody will be with you.", "en"))
    assert long > short * 2
    polish, _ = _heard(await voice.say("5 999 999", "pl"))
    english, _ = _heard(await voice.say("5 999 999", "en"))
    assert abs(polish - english) > 0.2


async def test_a_language_without_a_voice_is_said_by_the_english_one(voice: Voice) -> None:
    assert list(voices("tl")) == ["tl", "tl", "en"]
    unknown, _ = _heard(await voice.say("5 999 999", "tl"))
    english, _ = _heard(await voice.say("5 999 999", "en"))
    assert abs(unknown - english) < 0.1


@pytest.mark.parametrize(("tag", "first"), [("zh-CN", "zh-cn"), ("zh-HK", "yue"), ("pt-BR", "pt-br"), ("uk", "uk")])
def test_voices_go_from_the_nearest_to_the_english_one(tag: str, first: str) -> None:
    assert (next(voices(tag)), list(voices(tag))[-1]) == (first, "en")


@pytest.mark.parametrize("tag", ["", "../../etc/passwd", "en/../x", "mb/mb-en1", "en+f3", "en\0", "x" * 300])
def test_what_is_no_language_is_not_handed_to_the_library(tag: str) -> None:
    assert list(voices(tag)) == ["en"]


HOSTILE = [
    "\0", "a\0b", "[[h@l'oU w3:ld]]", "<speak><audio src='file:///etc/passwd'/></speak>", "%n%s%x" * 100, "\ud800",
    "\U0001f600" * 500, "é́́́́" * 300, "؀؁" * 200, "\u202e\u200f\ufeff", "9" * 2_000, "W" * 2_000, "。" * 2_000,
    "<voice name='../../x'>a</voice>", "&#0;&#x110000;", "1e999999999 -0x7fffffff 99999999999999999999.9", "\r\n" * 999,
    "ﷺ" * 500, "𒀱" * 600,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_hostile_text_ends_nothing(voice: Voice, text: str, language: str) -> None:
    await voice.say("Hello", "en")
    speaking = voice.pid
    sound = await voice.say(text, language)
    assert not sound or _heard(sound)[0] <= LONGEST + 10
    assert await voice.say("Hello", "en") != b""
    assert voice.pid == speaking


async def test_markup_is_words_like_any_other(voice: Voice) -> None:
    plain, _ = _heard(await voice.say("hello", "en"))
    marked, _ = _heard(await voice.say("<speak rate='x-fast'>hello</speak>", "en"))
    assert marked > plain * 1.5


async def test_text_without_a_sound_is_no_file(voice: Voice) -> None:
    speech = AccountSpeech(voice, MemoryFiles(), VirtualClock())
    assert [await speech.say(text, "en") for text in ("", " \n ", "\0")] == [None] * 3


async def test_words_that_take_too_long_are_given_up_and_what_said_them_is_killed() -> None:
    async with Voice([sys.executable, "-c", SILENT], time_limit=0.2) as voice:
        assert await voice.say("Hello", "en") == b""
        assert voice.pid is None


async def test_a_process_that_dies_over_words_or_answers_nonsense_says_nothing() -> None:
    for program in (DYING, BABBLING):
        async with Voice([sys.executable, "-c", program]) as voice:
            assert await voice.say("Hello", "en") == b""
            assert voice.pid is None


async def test_a_process_that_ended_by_itself_is_started_again(voice: Voice) -> None:
    await voice.say("Hello", "en")
    before = voice.pid
    assert before is not None
    os.kill(before, 9)
    assert await voice.say("Hello", "en") != b""
    assert voice.pid != before


async def test_no_process_is_left_behind() -> None:
    async with Voice([sys.executable, "-c", SILENT], time_limit=0.2) as voice:
        await voice.say("Hello", "en")
    assert voice.pid is None


class TestFiles:
    async def test_the_same_words_are_one_file_for_half_a_day(self, voice: Voice) -> None:
        clock, files = VirtualClock(), MemoryFiles()
        speech = AccountSpeech(voice, files, clock)
        first = await speech.say("You are next.", "en")
        assert first is not None
        assert files.contents[first.id].startswith(b"RIFF")
        clock.advance(KEPT - 1)
        assert await speech.say(" You  are next.\n", "en") == first
        assert await speech.say("You are next.", "uk") != first
        clock.advance(1)
        assert await speech.say("You are next.", "en") != first
        assert len(files.contents) == 3
        assert KEPT <= 12 * HOUR, "the sweep takes a file after a day, and calls may be told of it until then"

    async def test_of_too_many_texts_the_oldest_is_forgotten_and_made_again(self) -> None:
        async with Voice([sys.executable, "-c", BRIEF]) as voice:
            speech = AccountSpeech(voice, MemoryFiles(), VirtualClock())
            first = await speech.say("0", "en")
            for number in range(1, MOST_KEPT):
                await speech.say(str(number), "en")
            assert await speech.say("0", "en") == first
            await speech.say("one more", "en")
            assert await speech.say("0", "en") != first

    async def test_a_full_disk_says_nothing(self, voice: Voice) -> None:
        class Full(MemoryFiles):
            async def keep(self, *_: object, **__: object) -> FileRef:
                raise StoreFull

        assert await AccountSpeech(voice, Full(), VirtualClock()).say("Hello", "en") is None

    async def test_a_house_without_a_voice_says_nothing(self) -> None:
        speech = AccountSpeech(await _none(), MemoryFiles(), VirtualClock())
        assert not speech.is_there
        assert await speech.say("Hello", "en") is None


async def _none() -> Voice:
    return Voice.of_this_machine(wanted=False)
