"""Recordings, from Asterisk's disk to the hub's files. What lies on that disk is what is still owed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import structlog

from channels.asterisk.ari import Ari, quoted
from channels.asterisk.names import Kind, Name, read
from channels.asterisk.parse import sound_length
from channels.contract import CallReported, Deliver, Refused, Tools
from crm_core.words.calls import RecordingFailed, RecordingStored
from crm_core.words.errors import TooLarge

log = structlog.get_logger(__name__)
MESSAGE_NAME: Final = "voice-message.wav"
"""A caller's message in the list of conversations: on that disk it has a label only."""
_HEAD: Final = 44


class Recordings:
    """One account's recordings."""

    def __init__(self, ari: Ari, tools: Tools, app: str) -> None:
        self._ari = ari
        self._tools = tools
        self._app = app
        self._unknown: set[str] = set()
        """Kept once, of calls that the hub does not know: they stay where they are."""

    async def collect_all(self, deliver: Deliver) -> None:
        """Bring every recording that is done. Raises TryLater, StoreUnavailable."""
        for stored in await self._ari.listed("/recordings/stored"):
            label = str(stored.get("name"))
            ours = read(self._app, label)
            if ours is None or ours.kind not in (Kind.TALK, Kind.MAIL):
                continue
            if not (await self._ari.ask("GET", f"/recordings/live/{quoted(label)}")).done:
                await self.collect(label, deliver)

    async def collect(self, label: str, deliver: Deliver) -> None:
        """Bring one recording, and delete it there once it is ours. Raises TryLater, StoreUnavailable."""
        ours = read(self._app, label)
        if ours is None or label in self._unknown:
            return
        body = _Measured(self._ari.fetch(f"/recordings/stored/{quoted(label)}/file"))
        try:
            name = MESSAGE_NAME if ours.kind is Kind.MAIL else f"{label}.wav"
            file = await self._tools.files.keep(name, body.chunks(), is_recording=True)
        except (Refused, TooLarge) as error:
            log.warning("a recording cannot be kept", recording=label, problem=type(error).__name__)
            await self._fail(label, ours, deliver)
            return
        if not body.milliseconds:
            await self._fail(label, ours, deliver)
            await self._delete(label)
            return
        signal = RecordingStored(
            external_id=label, file_id=file.id, duration=body.milliseconds, voicemail=ours.kind is Kind.MAIL
        )
        report = CallReported(signal=signal, key=f"{label}:stored", at=self._tools.now(), call_id=ours.call_id)
        if (await deliver(report)).scene is None:
            self._unknown.add(label)
            log.warning("a recording belongs to no call", recording=label)
            return
        await self._delete(label)

    async def _delete(self, label: str) -> None:
        await self._ari.ask("DELETE", f"/recordings/stored/{quoted(label)}", tolerate=(404, 409))

    async def _fail(self, label: str, ours: Name, deliver: Deliver) -> None:
        signal = RecordingFailed(external_id=label, reason="empty")
        await deliver(CallReported(signal=signal, key=f"{label}:failed", at=self._tools.now(), call_id=ours.call_id))


class _Measured:
    """A WAV file on its way; `milliseconds` is right once all of it has passed."""

    def __init__(self, source: AsyncIterator[bytes]) -> None:
        self._source = source
        self._head = b""
        self._size = 0

    @property
    def milliseconds(self) -> int:
        return sound_length(self._head, self._size)

    async def chunks(self) -> AsyncIterator[bytes]:
        async for chunk in self._source:
            if len(self._head) < _HEAD:
                self._head = (self._head + chunk)[:_HEAD]
            self._size += len(chunk)
            yield chunk
