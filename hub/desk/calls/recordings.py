"""Recordings that browsers make, agents' and callers': taken piece by piece, joined when one is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import structlog

from channels.contract import CallReported
from crm_core.calls import actions, queries
from crm_core.calls.rules.call import Call
from crm_core.files import actions as files
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.calls import RecordingFailed, RecordingStarted, RecordingStored, ReportedSignal
from crm_core.words.clock import MINUTE, SECOND, Clock, Moment
from crm_core.words.errors import Gone, HubError, NotFound, TooLarge
from crm_core.words.permissions import Actor, Permission
from crm_core.words.values import KeptState, LegMode, LegRole, LegValue, RecordingState
from hub.desk.calls import messages
from hub.desk.calls.messages import Caller
from hub.desk.calls.moving import report
from hub.machinery.accounts import Accounts
from hub.machinery.stretches import CALLER, Stretch, Stretches

SILENT_MS: Final = 30 * SECOND
"""After so long without a piece the tab is gone; pieces come every five seconds."""
LATE_MS: Final = 10 * MINUTE
"""How long after a call its last pieces are taken."""
LOOK_SECONDS: Final = 5.0
MOST_BYTES: Final = 200 * 1024 * 1024
"""Of one stretch: a browser begins another one long before."""
MOST_BYTES_OF_CALL: Final = 512 * 1024 * 1024
"""Of all stretches of a call: more than a day at the rate of the console."""
MOST_STRETCHES: Final = 50
"""Of a call: each refresh begins one, and each half hour."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of a recording. `duration` in ms of the stretch up to the end of the piece."""

    recording: str
    seq: int
    duration: int
    last: bool
    sound: bytes


class Recordings:
    """One per house. `run` until cancelled."""

    def __init__(
        self,
        db: Database,
        stretches: Stretches,
        accounts: Accounts,
        clock: Clock,
        *,
        most_bytes_of_call: int = MOST_BYTES_OF_CALL,
    ) -> None:
        self._db = db
        self._stretches = stretches
        self._accounts = accounts
        self._clock = clock
        self._most_bytes_of_call = most_bytes_of_call
        self._heard: dict[Stretch, Moment] = {}
        """When the newest piece of a stretch came."""
        self._done: set[Stretch] = set()
        self._wake = asyncio.Event()

    async def take(self, actor: Actor, call_id: int, piece: Piece) -> None:
        """Store a piece; it is durable when this returns. The same piece again changes nothing.

        Raises NotFound for a call that the actor did not speak in, Gone when nothing is recorded or it is over,
        TooLarge when it, or the call, has more than a browser records; StoreUnavailable.
        """
        stretch = Stretch(call_id, actor.agent_id, piece.recording)
        kept = await self._db.write(_begin, actor, stretch)
        if piece.sound:
            if kept + await self._stretches.held(call_id) + len(piece.sound) > self._most_bytes_of_call:
                self._finish(stretch)
                raise TooLarge("Of this call more was recorded than is kept.")
            size = await self._stretches.append(stretch, piece.seq, piece.duration, piece.sound)
            if size > MOST_BYTES:
                self._finish(stretch)
                raise TooLarge("This recording is too long. Begin another one.")
        self._heard[stretch] = self._clock()
        if piece.last:
            self._finish(stretch)

    async def take_message(self, caller: Caller, call_id: int, piece: Piece) -> None:
        """Store a piece of the message that a caller leaves; it is durable when this returns.

        A call has one message: whoever begins another one, in a page loaded anew, say, ends the one that there is.
        Raises NotFound for a call that is not theirs, Gone where no message can be left or one was, TooLarge when it
        has more than is kept; StoreUnavailable.
        """
        stretch = Stretch(call_id, CALLER, piece.recording)
        name = await self._db.write(messages.begin, caller, call_id, piece.recording, piece.duration)
        if name != piece.recording:
            self._finish(Stretch(call_id, CALLER, name))
            raise Gone("A message was left already.")
        if piece.sound:
            if await self._stretches.held(call_id) + len(piece.sound) > messages.MOST_BYTES:
                self._finish(stretch)
                raise TooLarge("This message is too long.")
            await self._stretches.append(stretch, piece.seq, piece.duration, piece.sound)
        self._heard[stretch] = self._clock()
        if piece.last:
            self._finish(stretch)

    async def run(self) -> None:
        """Join what is over until cancelled, beginning with what the last process left."""
        for stretch in await self._stretches.left():
            self._heard.setdefault(stretch, self._clock())
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            await self.look()

    async def look(self) -> None:
        """Join every stretch that ended, or whose tab is gone."""
        now = self._clock()
        for stretch, at in list(self._heard.items()):
            if stretch in self._done or now - at >= (messages.SILENT if stretch.is_message else SILENT_MS):
                await self._tried(stretch)

    def _finish(self, stretch: Stretch) -> None:
        if stretch in self._heard:
            self._done.add(stretch)
            self._wake.set()

    async def _tried(self, stretch: Stretch) -> None:
        try:
            await self._join(stretch)
        except NotFound:
            log.warning("a recording is of no call", call=stretch.call_id)
        except TooLarge:
            await self._report(stretch, RecordingFailed(external_id=stretch.name, reason="too_large"), "failed")
            log.error("a recording is larger than files may be", call=stretch.call_id)
        except HubError as error:
            log.warning("a recording has to wait", call=stretch.call_id, code=error.code)
            return
        await self._stretches.forget(stretch)
        self._heard.pop(stretch, None)
        self._done.discard(stretch)

    async def _join(self, stretch: Stretch) -> None:
        call = await self._db.read(queries.whole, stretch.call_id)
        if _is_stored(call, stretch.name):
            return
        opened = self._accounts.by_id(call.account_id)
        if opened is None:
            raise HubError("The account is closed now.")
        duration = await self._stretches.duration(stretch)
        name = await self._named(stretch, duration)
        if not name:
            await self._report(stretch, RecordingFailed(external_id=stretch.name, reason="empty"), "failed")
            return
        pieces: AsyncIterator[bytes] = self._stretches.read(stretch)
        file = await self._accounts.files(opened).keep(name, pieces, is_recording=True)
        stored = RecordingStored(
            external_id=stretch.name,
            file_id=file.id,
            duration=duration,
            voicemail=stretch.is_message,
            agent_id=None if stretch.is_message else stretch.agent_id,
        )
        await self._report(stretch, stored, "stored")

    async def _named(self, stretch: Stretch, duration: Moment) -> str:
        """What the file of a stretch is called; empty where nothing is in it that is kept."""
        if not stretch.is_message:
            return f"call-{stretch.call_id}.webm" if duration else ""
        ending = messages.ending(await self._stretches.head(stretch)) if duration >= messages.SHORTEST else ""
        return ending and f"message-{stretch.call_id}.{ending}"

    async def _report(self, stretch: Stretch, signal: ReportedSignal, what: str) -> None:
        await self._db.write(_reported, stretch, signal, what, self._clock())


def _begin(tx: Tx, actor: Actor, stretch: Stretch) -> int:
    """The bytes of the call's recordings that are files already."""
    actor.must(Permission.WORK)
    call = actions.locked(tx, stretch.call_id)
    if not any(_spoke(leg) and leg.agent_id == actor.agent_id for leg in call.legs):
        raise NotFound
    kept = files.bytes_of(tx, [one.file_id for one in call.recordings if one.file_id is not None])
    known = next((one for one in call.recordings if one.external_id == stretch.name), None)
    if known is not None and known.state is KeptState.STORED:
        raise Gone("This recording is over.")
    if call.ended_at is not None and tx.now - call.ended_at > LATE_MS:
        raise Gone("This call was over long ago.")
    if known is not None:
        return kept
    if len(call.recordings) >= MOST_STRETCHES:
        raise TooLarge("This call was recorded in more stretches than are kept.")
    is_wished = call.recording is RecordingState.ON or any(not one.external_id for one in call.recordings)
    if not is_wished:
        raise Gone("Nothing is recorded.")
    _reported(tx, stretch, RecordingStarted(external_id=stretch.name), "started", tx.now)
    return kept


def _spoke(leg: LegValue) -> bool:
    """Whether whoever is on this leg spoke with the contact: nobody else's browser has anything to record."""
    return leg.role is LegRole.AGENT and leg.mode is LegMode.TALK and leg.connected_at is not None


def _reported(tx: Tx, stretch: Stretch, signal: ReportedSignal, what: str, now: Moment) -> None:
    call = actions.locked(tx, stretch.call_id)
    event = CallReported(signal=signal, key=f"{call.id}:{stretch.name}:{what}", at=now, call_id=call.id)
    report(tx, call.account_id, event)


def _is_stored(call: Call, name: str) -> bool:
    return any(one.external_id == name and one.state is KeptState.STORED for one in call.recordings)
