"""What a channel says of itself and its settings in English, the console says in every language it speaks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from channels.registry import find_channels

CONSOLE = Path(__file__).parent.parent.parent / "agent_ui" / "console"
LANGUAGES = sorted(path.stem for path in (CONSOLE / "settings" / "channels").glob("*.json"))


def test_the_console_translates_settings_into_all_its_languages() -> None:
    spoken = {path.parent.name for path in (CONSOLE / "words").glob("*/accounts.json")}
    assert {*LANGUAGES, "en"} == spoken


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_a_channel_says_of_itself_and_its_settings_has_words_and_nothing_else(language: str) -> None:
    translated = _read(CONSOLE / "settings" / "channels" / f"{language}.json")
    assert set(translated) == set(_said_in_english()), "agent_ui/console/settings/channels has to say these as well"
    assert [english for english, words in translated.items() if not words.strip()] == []
    assert [english for english, words in translated.items() if _blanks(english) - _blanks(words)] == []


def _said_in_english() -> Iterator[str]:
    renamed = {key.removeprefix("setting.") for part in ("accounts", "settings") for key in _catalogue(part)}
    for manifest in find_channels().values():
        yield manifest.title
        schema = manifest.settings.model_json_schema()
        yield from _texts(schema["properties"], schema.get("$defs", {}), renamed)


def _texts(
    properties: Mapping[str, Any], parts: Mapping[str, Any], renamed: set[str], within: str = ""
) -> Iterator[str]:
    for name, setting in properties.items():
        if within + name not in renamed:
            yield setting.get("title") or name
        if setting.get("description"):
            yield setting["description"]
        reference = setting.get("$ref") or setting.get("items", {}).get("$ref") or ""
        part = parts.get(reference.rsplit("/", 1)[-1], {})
        yield from _texts(part.get("properties", {}), parts, renamed, f"{within}{name}.")


def _blanks(text: str) -> set[str]:
    """What is filled in, such as `{position}`."""
    return {word.split("}")[0] for word in text.split("{")[1:]}


def _catalogue(part: str) -> list[str]:
    return [key for key in _read(CONSOLE / "words" / "en" / f"{part}.json") if key.startswith("setting.")]


def _read(path: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found
