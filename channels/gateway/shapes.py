"""Templates that are filled in and reports that are looked into. Pure; nothing here knows a gateway."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Set
from typing import Any, Final
from urllib.parse import parse_qsl, quote

from crm_core.words.errors import Unfit

_WORD: Final = re.compile(r"\{([a-z_]+)\}")
_DEEPEST: Final = 12


class BadShape(Unfit):
    """A template or path that can never work; the words are for an administrator."""


def placeholders(template: str) -> Set[str]:
    """The words in braces."""
    return set(_WORD.findall(template))


def filled(template: str, words: Mapping[str, str]) -> str:
    """The template with its words filled in once: what is filled in is never looked at again."""
    return _WORD.sub(lambda found: words.get(found[1], found[0]), template)


def filled_url(template: str, words: Mapping[str, str]) -> str:
    """An address with its words filled in, each quoted whole."""
    return filled(template, {name: quote(word, safe="") for name, word in words.items()})


def json_shape(template: str) -> Any:
    """A JSON template as data, in whose strings words can be filled in. Raises BadShape."""
    try:
        return json.loads(template)
    except (ValueError, RecursionError) as error:
        raise BadShape(
            'The body template is no JSON. Words stand in quotes: {{"text": "{{text}}"}}', why="no_json_template"
        ) from error


def filled_json(shape: Any, words: Mapping[str, str]) -> Any:
    """Data whose strings are filled in, so that no word can break out of its place."""
    match shape:
        case str():
            return filled(shape, words)
        case dict():
            return {key: filled_json(value, words) for key, value in shape.items()}
        case list():
            return [filled_json(value, words) for value in shape]
        case _:
            return shape


def form_shape(template: str) -> list[tuple[str, str]]:
    """A form template (`to={to}&text={text}`) as pairs. Raises BadShape."""
    try:
        pairs = parse_qsl(template.strip(), keep_blank_values=True, strict_parsing=True)
    except ValueError as error:
        raise BadShape(
            "The body template is no form. It looks like to={{to}}&text={{text}}", why="no_form_template"
        ) from error
    return pairs


def filled_form(pairs: list[tuple[str, str]], words: Mapping[str, str]) -> list[tuple[str, str]]:
    """Pairs whose values are filled in."""
    return [(name, filled(value, words)) for name, value in pairs]


def path_of(raw: str) -> tuple[str, ...]:
    """A path's steps. Raises BadShape."""
    text = raw.strip()
    if not text:
        return ()
    steps = tuple(text.split("."))
    if not all(steps) or len(steps) > _DEEPEST:
        raise BadShape("A path is names and numbers joined by dots, such as messages.0.id", why="path_like")
    return steps


def found(data: Any, path: str) -> Any:
    """What stands at a path; none when nothing does. A form's field whose own name has dots is found too."""
    if not path:
        return None
    if isinstance(data, dict) and path in data:
        return data[path]
    for step in path_of(path):
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and step.isdecimal() and int(step) < len(data):
            data = data[int(step)]
        else:
            return None
    return data


def said(data: Any, path: str) -> str:
    """What stands at a path as text: numbers as they are, nothing for lists, objects and nothing."""
    match found(data, path):
        case bool() as yes:
            return "true" if yes else "false"
        case str() | int() | float() as value:
            return str(value)
        case _:
            return ""
