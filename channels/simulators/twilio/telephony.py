"""Calls, conferences and recordings as the stand-in keeps them, and as Twilio's API shows them."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from channels.simulators.twilio.model import API_VERSION, rfc2822
from channels.simulators.twilio.passing import Alarm
from crm_core.words.clock import Moment

OVER: Final = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


class How(StrEnum):
    """What somebody does whose device rings."""

    ANSWERS = "answers"
    IGNORES = "ignores"
    DECLINES = "declines"
    UNREACHABLE = "unreachable"


@dataclass(slots=True)
class Line:
    """A number of the account: where its calls go."""

    url: str
    fallback: str = ""
    status: str = ""


@dataclass(slots=True)
class Habits:
    """How the stand-in reports about calls until told otherwise."""

    twice: bool = False
    """Every report and every request for a document comes twice."""
    late: Moment = 0
    """How long after the fact it reports, in ms."""
    silent: bool = False
    """Reports nothing at all."""
    held: bool = False
    """Keeps its reports until `Exchange.release`."""
    patience: float = 15.0
    """Seconds that it waits for a document before it asks the fallback address."""
    late_recordings: int = 0
    """How often a recording is asked for in vain before it is there."""
    dial: How = How.ANSWERS
    """What those do who are called and were told nothing else."""


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that a call waits for: `time`, `digit`, `goto`, `over`, `answered`, `left`."""

    what: str
    value: str = ""
    status: str = ""


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    """A call at Twilio: one leg."""

    sid: str
    account_sid: str
    caller: str
    called: str
    inbound: bool
    made_at: Moment
    status: str = "queued"
    started_at: Moment | None = None
    ended_at: Moment | None = None
    name: str = ""
    callback: str = ""
    events: tuple[str, ...] = ("completed",)
    fallback: str = ""
    extra: dict[str, str] = field(default_factory=dict)
    price: str | None = None
    sequence: int = 0
    hears: str = ""
    """What a document plays now; empty in a conference, which decides for itself."""
    tongue: str = "en-US"
    """The language of the words that are said, as the document names it."""
    heard: list[str] = field(default_factory=list)
    """All that was ever said and played to it, in order."""
    inbox: deque[Happened] = field(default_factory=deque)
    rest: asyncio.Future[Happened] | None = None
    alarm: Alarm | None = None
    room: Conference | None = None

    @property
    def uri(self) -> str:
        return f"/{API_VERSION}/Accounts/{self.account_sid}/Calls/{self.sid}"

    @property
    def is_over(self) -> bool:
        return self.status in OVER

    @property
    def seconds(self) -> int:
        """Whole seconds from the answer to the end."""
        if self.started_at is None or self.ended_at is None:
            return 0
        return (self.ended_at - self.started_at) // 1_000

    def resource(self) -> dict[str, Any]:
        """The Call resource."""
        parts = ("recordings", "notifications")
        return {
            "account_sid": self.account_sid,
            "annotation": None,
            "answered_by": None,
            "api_version": API_VERSION,
            "caller_name": self.name or None,
            "date_created": rfc2822(self.made_at),
            "date_updated": rfc2822(self.ended_at or self.made_at),
            "direction": "inbound" if self.inbound else "outbound-api",
            "duration": str(self.seconds) if self.is_over else None,
            "end_time": rfc2822(self.ended_at) if self.ended_at is not None else None,
            "forwarded_from": None,
            "from": self.caller,
            "from_formatted": self.caller,
            "group_sid": None,
            "parent_call_sid": None,
            "phone_number_sid": None,
            "price": self.price,
            "price_unit": "USD",
            "queue_time": "0",
            "sid": self.sid,
            "start_time": rfc2822(self.started_at) if self.started_at is not None else None,
            "status": self.status,
            "subresource_uris": {part: f"{self.uri}/{part.title()}.json" for part in parts},
            "to": self.called,
            "to_formatted": self.called,
            "trunk_sid": None,
            "uri": f"{self.uri}.json",
        }

    def form(self) -> dict[str, str]:
        """What every webhook says about the call."""
        said = {
            "AccountSid": self.account_sid,
            "ApiVersion": API_VERSION,
            "CallSid": self.sid,
            "CallStatus": self.status,
            "Direction": "inbound" if self.inbound else "outbound-api",
            "From": self.caller,
            "To": self.called,
            "Caller": self.caller,
            "Called": self.called,
            **({"CallerName": self.name} if self.name else {}),
        }
        return {**said, **self.extra}


@dataclass(slots=True, kw_only=True, eq=False)
class Participant:
    """A call in a conference, or on its way into one."""

    call: Call
    conference: Conference
    label: str = ""
    muted: bool = False
    hold: bool = False
    coaching: bool = False
    coached: str = ""
    """The CallSid of whom they whisper to."""
    starts: bool = True
    ends: bool = False
    joined: bool = False

    @property
    def status(self) -> str:
        if self.call.is_over:
            return "complete" if self.call.started_at is not None else "failed"
        return "connected" if self.joined else "ringing" if self.call.status == "ringing" else "queued"

    def resource(self) -> dict[str, Any]:
        """The Participant resource."""
        return {
            "account_sid": self.call.account_sid,
            "call_sid": self.call.sid,
            "call_sid_to_coach": self.coached or None,
            "coaching": self.coaching,
            "conference_sid": self.conference.sid,
            "date_created": rfc2822(self.call.made_at),
            "date_updated": rfc2822(self.call.made_at),
            "end_conference_on_exit": self.ends,
            "hold": self.hold,
            "label": self.label or None,
            "muted": self.muted,
            "queue_time": "0",
            "start_conference_on_enter": self.starts,
            "status": self.status,
            "uri": f"{self.conference.uri}/Participants/{self.call.sid}.json",
        }


@dataclass(slots=True, kw_only=True, eq=False)
class Conference:
    """A room with a name."""

    sid: str
    account_sid: str
    name: str
    made_at: Moment
    status: str = "init"
    people: dict[str, Participant] = field(default_factory=dict)
    """By CallSid; those who are being called too."""

    @property
    def uri(self) -> str:
        return f"/{API_VERSION}/Accounts/{self.account_sid}/Conferences/{self.sid}"

    def audible(self, listener: str) -> frozenset[str]:
        """Who is heard by the one with this CallSid: addresses."""
        own = self.people.get(listener)
        if own is None or own.hold or not own.joined:
            return frozenset()
        return frozenset(
            one.call.called if not one.call.inbound else one.call.caller
            for one in self.people.values()
            if one.call.sid != listener
            and one.joined
            and not (one.muted or one.hold)
            and (not one.coaching or one.coached == listener)
        )

    def resource(self) -> dict[str, Any]:
        """The Conference resource."""
        return {
            "account_sid": self.account_sid,
            "api_version": API_VERSION,
            "call_sid_ending_conference": None,
            "date_created": rfc2822(self.made_at),
            "date_updated": rfc2822(self.made_at),
            "friendly_name": self.name,
            # The document has no null for it: it is there once it is over.
            **({"reason_conference_ended": "last-participant-left"} if self.status == "completed" else {}),
            "region": "us1",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"participants": f"{self.uri}/Participants.json"},
            "uri": f"{self.uri}.json",
        }


@dataclass(slots=True, kw_only=True, eq=False)
class Recording:
    """A recording of a call."""

    sid: str
    call: Call
    source: str
    made_at: Moment
    callback: str = ""
    events: tuple[str, ...] = ("completed",)
    status: str = "in-progress"
    since: Moment = 0
    """When it last began to run."""
    recorded: Moment = 0
    """Milliseconds recorded before that."""
    spoken: list[tuple[Moment, str]] = field(default_factory=list)
    """What the one who is recorded said, and at which millisecond of the recording."""
    sequence: int = 0

    @property
    def is_over(self) -> bool:
        return self.status in ("completed", "absent", "stopped")

    @property
    def uri(self) -> str:
        return f"/{API_VERSION}/Accounts/{self.call.account_sid}/Recordings/{self.sid}"

    def hear(self, words: str, now: Moment) -> None:
        """Keep words that are said now; a paused recording keeps none."""
        if self.status == "in-progress":
            self.spoken.append((self.recorded + now - self.since, words))

    def turn(self, status: str, now: Moment) -> None:
        """Pause it, go on, or end it; what was recorded until now counts."""
        if self.status == "in-progress":
            self.recorded += now - self.since
        self.status, self.since = status, now

    def resource(self, *, of_call: bool = False) -> dict[str, Any]:
        """The Recording resource, or the one below its call."""
        done = self.status == "completed"
        return {
            "account_sid": self.call.account_sid,
            "api_version": API_VERSION,
            "call_sid": self.call.sid,
            "channels": 1,
            "conference_sid": None,
            "date_created": rfc2822(self.made_at),
            "date_updated": rfc2822(self.since),
            "duration": str(self.recorded // 1_000) if done else "-1" if not of_call else None,
            "encryption_details": None,
            "error_code": None,
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "source": self.source,
            "start_time": rfc2822(self.made_at),
            "status": self.status,
            **({"track": "both"} if of_call else {"media_url": None, "subresource_uris": {}}),
            "uri": f"{self.uri}.json",
        }

    def form(self, origin: str) -> dict[str, str]:
        """What a recording's webhook says."""
        return {
            "AccountSid": self.call.account_sid,
            "CallSid": self.call.sid,
            "RecordingSid": self.sid,
            "RecordingStatus": self.status,
            "RecordingDuration": str(self.recorded // 1_000),
            "RecordingChannels": "1",
            "RecordingSource": self.source,
            "RecordingStartTime": rfc2822(self.made_at),
            "RecordingUrl": f"{origin}{self.uri}",
            "ErrorCode": "0",
        }
