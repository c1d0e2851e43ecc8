"""One update on its way to the hub: its files fetched, its events delivered, its button's press answered."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

import structlog
from aiogram.methods import AnswerCallbackQuery

from channels.contract import ChannelError, Deliver, Files, MessageArrived, MessageEdited, TryLater
from channels.telegram.client import Api, NoFile
from channels.telegram.media import Attachment
from channels.telegram.parse import Said
from channels.telegram.reading import Loose
from crm_core.words.content import Content, FileRef
from crm_core.words.errors import Conflict, TooLarge

TOO_LARGE: Final = "too_large_for_bot"
"""`Content.problem`: the file is larger than Telegram hands out to bots (20 MB); it stays with the customer."""
FILE_MISSING: Final = "file_missing"
"""`Content.problem`: Telegram did not hand the file out."""

_TRIES: Final = 5
"""How often a file is asked for before its message is taken without it."""
_MOST_FAILED: Final = 1_000

log = structlog.get_logger(__name__)


class Intake:
    """Takes what `parse` read."""

    def __init__(self, api: Api, files: Files) -> None:
        self._api = api
        self._files = files
        self._failed: dict[str, int] = {}

    async def take(self, said: Said, raw: Loose, deliver: Deliver) -> None:
        """Return when everything is stored. Raises StoreUnavailable, and TryLater while a file cannot be fetched."""
        for index, event in enumerate(said.events):
            if index == 0 and isinstance(event, MessageArrived | MessageEdited):
                event = replace(event, content=await self._with_files(event.content, said.files))
            if isinstance(event, MessageArrived) and event.content.problem:
                event = replace(event, raw=await self._files.keep("update.json", _json(raw)))
            try:
                await deliver(event)
            except Conflict:
                # Told again after its edit was told, or its files were fetched once more: it is stored.
                log.warning("a message was told again in other words", kind=type(event).__name__)
        if said.press:
            await self._answer(said.press)

    async def _with_files(self, content: Content, wanted: tuple[Attachment, ...]) -> Content:
        kept: list[FileRef] = []
        for file in wanted:
            try:
                kept.append(await self._fetched(file))
            except (NoFile, TooLarge) as error:
                is_large = isinstance(error, TooLarge) or error.too_large
                size = f" ({file.size / 1_000_000:.1f} MB)" if file.size else ""
                lines = [content.text] if content.text else []
                content = replace(
                    content,
                    text="\n".join([*lines, f"📎 {file.name}{size}"]),
                    html=None,
                    problem=TOO_LARGE if is_large else FILE_MISSING,
                )
        return replace(content, files=tuple(kept))

    async def _fetched(self, file: Attachment) -> FileRef:
        try:
            ref = await self._files.keep(file.name, self._api.fetch(file.file_id))
        except TryLater as error:
            tries = self._failed.pop(file.file_id, 0) + 1
            if tries >= _TRIES:
                raise NoFile(too_large=False) from error
            if len(self._failed) >= _MOST_FAILED:
                self._failed.clear()
            self._failed[file.file_id] = tries
            raise
        self._failed.pop(file.file_id, None)
        return ref

    async def _answer(self, press: str) -> None:
        """Stop the little clock on their button; when it is too late for that, they have seen worse."""
        try:
            await self._api.ask(AnswerCallbackQuery(callback_query_id=press))
        except ChannelError as error:
            log.info("a press could not be answered", why=str(error))


def _json(raw: Loose) -> bytes:
    return json.dumps(raw, ensure_ascii=False).encode("utf-8", "replace")
