"""Words made into sound by the hub, for channels whose provider has no voice of its own."""

from __future__ import annotations

from typing import Protocol

from crm_core.words.content import FileRef


class Speech(Protocol):
    """The hub's voice."""

    @property
    def is_there(self) -> bool:
        """Whether words become sound in this hub; it stays the same while the hub runs."""
        ...

    async def say(self, text: str, language: str, /) -> FileRef | None:
        """A file of the words: WAV, 8 000 samples of 16 bits a second, one channel. It is kept for half a day at least.

        The same words are the same file for as long. None where there is no voice, nothing to say, or it failed.
        """
        ...


class NoSpeech:
    """A hub without a voice."""

    @property
    def is_there(self) -> bool:
        return False

    async def say(self, _text: str, _language: str, /) -> FileRef | None:
        """Nothing."""
        return None
