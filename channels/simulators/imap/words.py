"""A command as it comes over the line: its words, quoted strings, lists and literals (RFC 3501, 4)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

Word: TypeAlias = "bytes | list[Word]"
"""An atom or string, or a list of words in parentheses."""

_TOKEN: Final = re.compile(
    rb"(?P<section>[A-Za-z0-9.]+\[[^\]]*\](?:<\d+(?:\.\d+)?>)?)"
    rb'|"(?P<quoted>(?:[^"\\\r\n]|\\["\\])*)"|(?P<paren>[()])|(?P<atom>[^\s()"{}]+)'
)
_LITERAL: Final = re.compile(rb"\{(\d{1,9})(\+?)\}$")
_MOST_LITERAL: Final = 64 * 1024 * 1024
MOST_LINE: Final = 64 * 1024
"""Bytes that a line may have."""


class Bad(Exception):
    """What is no command, in words for a programmer."""


class No(Exception):
    """What the server understands and does not do."""


class Gone(Exception):
    """The other side hung up, or sends what has no end."""


async def line_of(reader: asyncio.StreamReader) -> bytes:
    """One line without its end. Raises Gone."""
    try:
        return (await reader.readuntil(b"\r\n"))[:-2]
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError) as error:
        raise Gone from error


async def words_of(reader: asyncio.StreamReader, go_on: Callable[[], Awaitable[None]]) -> list[Word]:
    """One command's words, its tag first. `go_on` invites the literal that was announced. Raises Gone, Bad."""
    tokens: list[tuple[bytes, bool]] = []
    while True:
        line = await line_of(reader)
        literal = _LITERAL.search(line)
        tokens += _tokens(line[: literal.start()] if literal else line)
        if literal is None:
            return _nested(tokens)
        size = int(literal[1])
        if size > _MOST_LITERAL:
            raise Bad("The literal is too long.")
        if not literal[2]:
            await go_on()
        try:
            tokens.append((await reader.readexactly(size), False))
        except (asyncio.IncompleteReadError, OSError) as error:
            raise Gone from error


def _tokens(line: bytes) -> list[tuple[bytes, bool]]:
    """Words, and whether each is a parenthesis."""
    found: list[tuple[bytes, bool]] = []
    at = 0
    while at < len(line):
        if line[at : at + 1] == b" ":
            at += 1
            continue
        match = _TOKEN.match(line, at)
        if match is None:
            raise Bad("This is no command.")
        quoted = match["quoted"]
        word = re.sub(rb"\\(.)", rb"\1", quoted) if quoted is not None else match[0]
        found.append((word, match["paren"] is not None))
        at = match.end()
    return found


def _nested(tokens: list[tuple[bytes, bool]]) -> list[Word]:
    stack: list[list[Word]] = [[]]
    for word, is_paren in tokens:
        if not is_paren:
            stack[-1].append(word)
        elif word == b"(":
            stack.append([])
        elif len(stack) == 1:
            raise Bad("A parenthesis closes nothing.")
        else:
            inner = stack.pop()
            stack[-1].append(inner)
    if len(stack) != 1:
        raise Bad("A parenthesis is open.")
    return stack[0]


def text(word: Word) -> str:
    """A word that has to be an atom or a string. Raises Bad."""
    if isinstance(word, list):
        raise Bad("A list stands where a word has to.")
    return word.decode("utf-8", "replace")


def texts(word: Word) -> list[str]:
    """The words of a list; one word is a list of its own."""
    return [text(one) for one in word] if isinstance(word, list) else [text(word)]


def quoted(said: str) -> bytes:
    """Text as a quoted string."""
    return b'"' + re.sub(rb'(["\\])', rb"\\\1", said.encode()) + b'"'
