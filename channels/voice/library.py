"""Recordings: fetched from Twilio as soon as they are there, once, and only from Twilio's own API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import aiohttp
import structlog

from channels.contract import CallReported, Deliver, Stored, Tools
from channels.twilio.calls import MESSAGE, CallsApi, RecordingRecord
from channels.twilio.forms import Media
from channels.twilio.media import Fetcher, MediaMissing
from channels.twilio.recent import Recent
from channels.voice import parse
from channels.voice.asked import Asked
from channels.voice.settings import VoiceSettings
from crm_core.words.calls import RecordingFailed, RecordingStarted, RecordingStored, ReportedSignal
from crm_core.words.clock import Moment
from crm_core.words.content import ExternalId
from crm_core.words.errors import HubError, StoreUnavailable

MAX_BYTES: Final = 512 * 1024 * 1024
"""Of one recording: some eight hours."""
PATIENCE: Final = aiohttp.ClientTimeout(total=300, connect=10)
MESSAGE_NAME: Final = "voice-message.wav"
"""A caller's message in the list of conversations: Twilio knows it by a key only."""
CURSOR: Final = "recordings"
REMEMBERED: Final = 1_000
"""Recordings that are remembered across restarts, so that few are fetched twice."""
MOST: Final = 50_000
"""Recordings that are remembered in all: more than come in a day."""
TRIES: Final = 6
AGAIN: Final = 5.0
"""Seconds until one that was not there is asked for again."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A recording to be fetched; `duration` in ms."""

    sid: str
    call: str
    call_id: int | None
    duration: int
    voicemail: bool
    ended_at: Moment | None = None
    """When it ended, where Twilio told when it began."""
    tries: int = 0


class Library:
    """The recordings of one account."""

    def __init__(self, api: CallsApi, settings: VoiceSettings, tools: Tools) -> None:
        self._api = api
        self._tools = tools
        self._fetcher = Fetcher(tools.http, tools.files, settings, MAX_BYTES, patience=PATIENCE, recordings=True)
        self._wanted: dict[str, Wanted] = {}
        self._news = asyncio.Event()
        self._settled: Recent[str, bool] | None = None
        self._turn = asyncio.Lock()

    async def told(self, asked: Asked, deliver: Deliver) -> None:
        """Twilio tells how a recording stands."""
        form = asked.form
        sid, status = form.get("RecordingSid", ""), form.get("RecordingStatus", "")
        if not sid or len(sid) > 64 or not sid.isalnum():
            return
        about = Wanted(
            sid=sid, call=asked.sid, call_id=asked.call_id, voicemail=asked.query.get("voicemail") == "1",
            duration=parse.recorded(form), ended_at=parse.recording_ended(form),
        )  # fmt: skip
        if status == "in-progress" and not about.voicemail:
            at = parse.moment_of(form) or self._tools.now()
            await self._tell(about, RecordingStarted(external_id=sid), f"{sid}:started", deliver, at=at)
        elif status in ("absent", "failed"):
            await self._tell(about, RecordingFailed(external_id=sid, reason=status), f"{sid}:failed", deliver)
        elif status == "completed":
            self._want(about)

    async def missed(self, listed: Iterable[RecordingRecord], deliver: Deliver) -> None:
        """Want what Twilio's list has and we have not."""
        settled = await self._remembered()
        for one in listed:
            if one.sid in settled:
                continue
            about = Wanted(
                sid=one.sid, call=one.call, call_id=None, duration=one.duration, voicemail=one.source == MESSAGE
            )
            if one.status == "completed":
                self._want(about)
            elif one.status == "absent":
                gone = RecordingFailed(external_id=one.sid, reason="absent")
                if (await self._tell(about, gone, f"{one.sid}:failed", deliver)).scene is not None:
                    settled.put(one.sid, True)

    async def fetching(self, deliver: Deliver) -> None:
        """Fetch what is wanted, until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self.fetch(deliver)
            except StoreUnavailable as error:
                log.warning("recordings have to wait", code=error.code)
            if self._wanted:
                await asyncio.sleep(AGAIN)
                self._news.set()

    async def fetch(self, deliver: Deliver) -> None:
        """Fetch each recording that is wanted, once. Raises StoreUnavailable when it is our store that fails."""
        async with self._turn:
            for about in list(self._wanted.values()):
                await self._one(about, deliver)

    async def _one(self, about: Wanted, deliver: Deliver) -> None:
        settled = await self._remembered()
        if about.sid in settled:
            self._wanted.pop(about.sid, None)
            return
        if not await self._is_ours(about, deliver):
            log.info("a recording of no call of ours", recording=about.sid, tries=about.tries + 1)
            self._later(about)
            return
        media = Media(self._api.recording_url(about.sid), "audio/wav")
        try:
            file = await self._fetcher.keep(media, about.sid, 0, name=MESSAGE_NAME if about.voicemail else "")
        except MediaMissing as error:
            log.warning("a recording is not there", recording=about.sid, why=str(error), tries=about.tries + 1)
            if error.again:
                self._later(about)
            else:
                self._wanted.pop(about.sid, None)
            return
        except StoreUnavailable:
            raise
        except HubError as error:
            log.error("a recording was not kept", recording=about.sid, code=error.code)
            self._wanted.pop(about.sid, None)
            return
        stored = RecordingStored(
            external_id=about.sid, file_id=file.id, duration=about.duration, voicemail=about.voicemail
        )
        # A message that was left ends its call: when it was left, not when we have fetched it.
        await self._tell(about, stored, f"{about.sid}:stored", deliver, at=about.ended_at)
        self._wanted.pop(about.sid, None)
        settled.put(about.sid, True)
        await self._tools.cursors.set(CURSOR, json.dumps([sid for sid, _ in settled.items()[-REMEMBERED:]]))

    async def _is_ours(self, about: Wanted, deliver: Deliver) -> bool:
        """Whether the hub knows the call: the account may be shared, and a call may be reported after its recording."""
        began = RecordingStarted(external_id=about.sid)
        return (await self._tell(about, began, f"{about.sid}:started", deliver)).scene is not None

    def _later(self, about: Wanted) -> None:
        """Try again soon; after some tries, when Twilio's list is looked at again."""
        self._wanted.pop(about.sid, None)
        if about.tries + 1 < TRIES:
            self._wanted[about.sid] = replace(about, tries=about.tries + 1)

    def _want(self, about: Wanted) -> None:
        self._wanted.setdefault(about.sid, about)
        self._news.set()

    async def _remembered(self) -> Recent[str, bool]:
        if self._settled is None:
            said = await self._tools.cursors.get(CURSOR)
            if self._settled is None:
                self._settled = Recent(MOST)
                for sid in json.loads(said) if said else ():
                    self._settled.put(sid, True)
        return self._settled

    async def _tell(
        self, about: Wanted, signal: ReportedSignal, key: str, deliver: Deliver, *, at: int | None = None
    ) -> Stored:
        call = ExternalId(about.call) if about.call_id is None else None
        moment = self._tools.now() if at is None else at
        return await deliver(CallReported(signal=signal, key=key, at=moment, call=call, call_id=about.call_id))
