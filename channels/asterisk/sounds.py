"""What Asterisk plays: where it fetches our files, and words made into sound for it."""

from __future__ import annotations

from typing import Final

from channels.asterisk.render import account_sounds, prompt_media
from channels.asterisk.settings import AsteriskSettings
from channels.contract import Tools
from crm_core.words.clock import HOUR, Moment
from crm_core.words.content import FileRef
from crm_core.words.values.calls import PromptValue

LINK_KEPT: Final[Moment] = 12 * HOUR
"""How long a file keeps its address, which holds for a day. Asterisk keeps what it fetched under each address for good,
so a new one every time would fill its disk."""


class Sounds:
    """The sounds of one account's calls."""

    def __init__(self, tools: Tools, settings: AsteriskSettings) -> None:
        self._tools = tools
        self._settings = settings
        self._links: dict[int, tuple[str, Moment]] = {}

    async def of(self, prompt: PromptValue, *, fetched: bool) -> list[str]:
        """What is played for a prompt. Without `fetched` nothing that Asterisk would have to fetch from the hub."""
        file = await self._file(prompt) if fetched else None
        return prompt_media(prompt, self._settings, "" if file is None else self.link(file))

    async def _file(self, prompt: PromptValue) -> FileRef | None:
        if prompt.file_id is not None:
            return FileRef(prompt.file_id)
        if account_sounds(prompt, self._settings):
            return None
        return await self._tools.speech.say(prompt.text, prompt.language)

    def link(self, file: FileRef) -> str:
        """Where Asterisk fetches a file."""
        now = self._tools.now()
        known = self._links.get(file.id)
        if known is not None and now < known[1]:
            return known[0]
        for old in [file_id for file_id, (_, until) in self._links.items() if until <= now]:
            del self._links[old]
        link = self._tools.files.link(file)
        self._links[file.id] = link, now + LINK_KEPT
        return link
