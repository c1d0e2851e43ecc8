"""Calls, conferences and recordings at Twilio's REST API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped]
from twilio.jwt.access_token import AccessToken  # type: ignore[import-untyped]
from twilio.jwt.access_token.grants import VoiceGrant  # type: ignore[import-untyped]

from channels.twilio.client import TwilioApi, moment_of
from channels.twilio.settings import TwilioCredentials
from crm_core.words.clock import Moment, as_datetime

OVER: Final = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
MESSAGE: Final = "RecordVerb"
"""What Twilio calls the source of a recording that a caller left."""
_NOT_LIVE: Final = frozenset({20404, 21220})
"""Codes of whatever is asked of a call, a recording or a participant that is over."""


class NotLive(LookupError):
    """The call is over, or not yet connected, or there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """A call as Twilio keeps it. Moments are whole seconds in ms."""

    sid: str
    sender: str
    to: str
    status: str
    inbound: bool
    made_at: Moment
    started_at: Moment | None
    ended_at: Moment | None
    price: float | None
    unit: str

    @property
    def is_over(self) -> bool:
        return self.status in OVER


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRecord:
    """A recording as Twilio keeps it; `duration` in ms."""

    sid: str
    call: str
    status: str
    source: str
    duration: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A participant of a conference, or somebody who is being called into it."""

    sid: str
    room: str
    label: str
    joined: bool
    muted: bool
    hold: bool
    coaching: bool
    coached: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """Somebody who is called into a conference."""

    room: str
    to: str
    sender: str
    label: str
    callback: str
    seconds: int
    muted: bool = False
    coached: str = ""
    """The CallSid of whom they whisper to; empty: they do not."""


@dataclass(frozen=True, slots=True)
class VoiceNumber:
    """A number of the account, and where its calls go."""

    number: str
    url: str
    fallback: str
    status: str


class CallsApi(TwilioApi):
    """What an account of calls asks of Twilio. Every method raises only the failures of a channel, and NotLive."""

    async def redirect(self, sid: str, document: str) -> None:
        """Send a live call to a document of at most 4,000 characters. Raises NotLive."""
        async with self._living():
            await self._client.calls(sid).update_async(twiml=document)

    async def hang_up(self, sid: str) -> None:
        """End a call, whatever it does. Raises NotLive."""
        async with self._living():
            await self._client.calls(sid).update_async(status="completed")

    async def call(self, sid: str) -> CallRecord | None:
        """A call; none when there is no such one."""
        try:
            async with self._living():
                return _call(await self._client.calls(sid).fetch_async())
        except NotLive:
            return None

    async def calls(self, since: Moment) -> list[CallRecord]:
        """Calls that began since then."""
        async with self._failures():
            found = await self._client.calls.list_async(start_time_after=as_datetime(since), page_size=200)
        return [_call(one) for one in found]

    async def running(self) -> list[CallRecord]:
        """Calls that are in progress now."""
        async with self._failures():
            found = await self._client.calls.list_async(status="in-progress", page_size=200)
        return [_call(one) for one in found]

    # --- rooms -------------------------------------------------------------------------------------

    async def room(self, name: str) -> str | None:
        """The conference with this name that is not over; none when nobody is in it or called into it."""
        async with self._failures():
            found = await self._client.conferences.list_async(friendly_name=name, limit=20)
        return next((str(one.sid) for one in found if _word(one.status) != "completed"), None)

    async def people(self, room: str) -> list[Person]:
        """Who is in a conference, by its SID; nobody when it is over."""
        try:
            async with self._living():
                found = await self._client.conferences(room).participants.list_async(limit=50)
        except NotLive:
            return []
        return [_person(one) for one in found]

    async def invite(self, who: Invitation) -> Person:
        """Call somebody into the conference with this name, which begins with them if need be."""
        async with self._failures():
            made = await self._client.conferences(who.room).participants.create_async(
                from_=who.sender,
                to=who.to,
                label=who.label,
                status_callback=who.callback,
                status_callback_event=["initiated", "ringing", "answered", "completed"],
                timeout=who.seconds,
                muted=who.muted,
                beep="false",
                early_media=True,
                start_conference_on_enter=True,
                end_conference_on_exit=False,
                **({"coaching": True, "call_sid_to_coach": who.coached} if who.coached else {}),
            )
            return _person(made)

    async def change(self, person: Person, **changes: Any) -> None:
        """Mute, hold or coach: by the names of the library's parameters. Raises NotLive."""
        async with self._living():
            await self._client.conferences(person.room).participants(person.sid).update_async(**changes)

    # --- recordings --------------------------------------------------------------------------------

    async def record(self, sid: str, callback: str) -> str:
        """Begin to record a live call, both sides in one; the recording's name. Raises NotLive."""
        async with self._living():
            made = await self._client.calls(sid).recordings.create_async(
                recording_status_callback=callback,
                recording_status_callback_event=["in-progress", "completed", "absent"],
                recording_channels="mono",
            )
            return str(made.sid)

    async def turn_recording(self, call: str, sid: str, status: str) -> None:
        """`paused`, `in-progress` or `stopped`. What is said while it is paused leaves no gap. Raises NotLive."""
        async with self._living():
            more = {"pause_behavior": "skip"} if status == "paused" else {}
            await self._client.calls(call).recordings(sid).update_async(status=status, **more)

    async def recordings_of(self, call: str) -> list[RecordingRecord]:
        """The recordings of one call."""
        async with self._failures():
            return [_recording(one) for one in await self._client.calls(call).recordings.list_async(limit=20)]

    async def recordings(self, since: Moment) -> list[RecordingRecord]:
        """All recordings that were begun since then."""
        async with self._failures():
            found = await self._client.recordings.list_async(date_created_after=as_datetime(since), page_size=200)
        return [_recording(one) for one in found]

    def recording_url(self, sid: str) -> str:
        """Where a recording's bytes are, whatever a webhook says."""
        account = self._client.account_sid
        return f"{self._origin}/2010-04-01/Accounts/{account}/Recordings/{sid}.wav"

    # --- numbers -----------------------------------------------------------------------------------

    async def voice_number(self, number: str) -> VoiceNumber | None:
        """One of the account's numbers, in E.164; none when it has no such number."""
        async with self._failures():
            found = await self._client.incoming_phone_numbers.list_async(phone_number=number, limit=1)
        if not found:
            return None
        one = found[0]
        return VoiceNumber(
            str(one.phone_number), one.voice_url or "", one.voice_fallback_url or "", one.status_callback or ""
        )

    @asynccontextmanager
    async def _living(self) -> AsyncIterator[None]:
        """Like the failures of every request, but what is over is NotLive."""
        try:
            async with self._failures(missing_breaks=False):
                try:
                    yield
                except TwilioRestException as error:
                    if error.code in _NOT_LIVE:
                        raise NotLive from error
                    raise
        except LookupError as error:
            raise NotLive from error


def voice_token(settings: TwilioCredentials, identity: str, *, until: Moment) -> str:
    """A token with which a browser takes calls for this identity and makes none. Needs an API key."""
    made = AccessToken(
        settings.account_sid,
        settings.api_sid,
        settings.api_secret.get_secret_value(),
        grants=[VoiceGrant(incoming_allow=True)],
        identity=identity,
        nbf=None,
        valid_until=until // 1_000,
    )
    token: str = made.to_jwt()
    return token


def _call(one: Any) -> CallRecord:
    price = _number(one.price)
    return CallRecord(
        sid=str(one.sid),
        sender=str(one._from or ""),
        to=str(one.to or ""),
        status=_word(one.status),
        inbound=_word(one.direction) == "inbound",
        made_at=moment_of(one.date_created) or 0,
        started_at=moment_of(one.start_time),
        ended_at=moment_of(one.end_time),
        price=None if price is None else abs(price),
        unit=str(one.price_unit or ""),
    )


def _person(one: Any) -> Person:
    return Person(
        sid=str(one.call_sid),
        room=str(one.conference_sid),
        label=str(one.label or ""),
        joined=_word(one.status) in ("connected", ""),
        muted=bool(one.muted),
        hold=bool(one.hold),
        coaching=bool(one.coaching),
        coached=str(one.call_sid_to_coach or ""),
    )


def _recording(one: Any) -> RecordingRecord:
    seconds = _number(one.duration)
    return RecordingRecord(
        sid=str(one.sid),
        call=str(one.call_sid),
        status=_word(one.status),
        source=_word(one.source),
        duration=max(0, int((seconds or 0) * 1_000)),
    )


def _word(raw: Any) -> str:
    return str(getattr(raw, "value", raw) or "")


def _number(raw: Any) -> float | None:
    try:
        return float(raw)
    except (TypeError, ValueError):
        return None


def by_label(people: Sequence[Person]) -> dict[str, Person]:
    """Participants by the label they were invited with."""
    return {one.label: one for one in people if one.label}
