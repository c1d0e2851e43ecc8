from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count

import aiohttp
import pytest

from channels.asterisk.settings import AsteriskSettings
from channels.asterisk.sounds import LINK_KEPT, Sounds
from channels.conformance import Bench, MemoryFiles
from channels.contract import Tools
from crm_core.words.content import FileRef
from crm_core.words.values.calls import PromptValue
from tests.peers.clock import VirtualClock

SETTINGS = AsteriskSettings.model_validate({"password": "x", "sounds": {"menu": "sound:custom/menu"}})
PROMPT = PromptValue(seq=1, code="closed", text="Ми зачинені.", language="uk")


class Spoken:
    """A voice whose files are numbered; it has none for English."""

    is_there = True

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    async def say(self, text: str, language: str, /) -> FileRef | None:
        self.asked.append((text, language))
        return None if language == "en" else FileRef(40 + len(self.asked))


class Dated(MemoryFiles):
    """Files whose addresses are never the same."""

    def __init__(self) -> None:
        super().__init__()
        self._count = count(1)

    def link(self, file: FileRef, /) -> str:
        return f"https://hub.example/files/{file.id}-{next(self._count)}"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
async def tools(clock: VirtualClock) -> AsyncIterator[Tools]:
    async with aiohttp.ClientSession() as http:
        yield replace(Bench(clock, files=Dated()).tools(http), speech=Spoken())


async def test_words_are_said_in_the_prompts_language_unless_there_is_a_file_or_a_sound(tools: Tools) -> None:
    sounds = Sounds(tools, SETTINGS)
    assert await sounds.of(PROMPT, fetched=True) == ["sound:https://hub.example/files/41-1"]
    recorded = PromptValue(seq=2, code="closed", text="We are closed.", file_id=9)
    assert await sounds.of(recorded, fetched=True) == ["sound:https://hub.example/files/9-2"]
    menu = PromptValue(seq=3, code="menu", text="Натисніть 1.", language="uk")
    assert await sounds.of(menu, fetched=True) == ["sound:custom/menu"]
    assert isinstance(tools.speech, Spoken)
    assert tools.speech.asked == [("Ми зачинені.", "uk")]


async def test_words_that_cannot_be_said_or_fetched_leave_asterisks_own_sounds(tools: Tools) -> None:
    sounds = Sounds(tools, SETTINGS)
    english = PromptValue(seq=1, code="closed", text="We are closed.")
    assert await sounds.of(english, fetched=True) == ["sound:vm-nobodyavail"]
    assert await sounds.of(PROMPT, fetched=False) == ["sound:vm-nobodyavail"]
    assert await sounds.of(PromptValue(seq=2, code="greeting", file_id=9), fetched=False) == ["sound:silence/1"]


async def test_a_file_keeps_its_address_for_half_a_day(tools: Tools, clock: VirtualClock) -> None:
    sounds = Sounds(tools, SETTINGS)
    first = sounds.link(FileRef(4))
    clock.advance(LINK_KEPT - 1)
    assert sounds.link(FileRef(4)) == first
    assert sounds.link(FileRef(5)) != first
    clock.advance(1)
    assert sounds.link(FileRef(4)) not in (first, "")
