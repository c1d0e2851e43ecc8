"""The stand-in's telephone exchange: calls that live, the rooms they meet in, and the reports about them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, Final
from urllib.parse import urljoin

import aiohttp

from channels.simulators.twilio.cloud import Cloud
from channels.simulators.twilio.documents import Document, Goto, HungUp
from channels.simulators.twilio.model import Answer, Refusal, rfc2822
from channels.simulators.twilio.passing import Bustle, HeldTime, Passing, RealTime
from channels.simulators.twilio.telephony import (
    Call,
    Conference,
    Habits,
    Happened,
    How,
    Line,
    Participant,
    Recording,
)
from channels.twilio.signature import signature
from crm_core.words.clock import Moment

_NOTHING: Final = "<Response><Hangup/></Response>"
_ERROR: Final = "An application error has occurred."
_REPORTED: Final = {"queued": "initiated", "in-progress": "answered", "ringing": "ringing"}
Report = tuple[str, dict[str, str]]


class Exchange:
    """All calls of one account."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.calls: list[Call] = []
        self.conferences: list[Conference] = []
        self.recordings: list[Recording] = []
        self.habits = Habits()
        self.dials: dict[str, How] = {}
        """What those do who are called: by number, or `client:…`."""
        self.answers: deque[Answer] = deque()
        """How the next requests that change something are answered, instead of as they should be."""
        self.records = True
        """Whether the account may record calls."""
        self.passing: Passing = RealTime()
        self.bustle = Bustle()
        self.told: list[Report] = []
        """Every report that was made."""
        self.kept: list[Report] = []
        """Reports that are held back."""
        self._reports: asyncio.Queue[Report] = asyncio.Queue()
        self._group: asyncio.TaskGroup | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def lines(self) -> dict[str, Line]:
        """The account's numbers, and where their calls go."""
        return self.cloud.lines

    # --- time --------------------------------------------------------------------------------------

    def open(self, group: asyncio.TaskGroup) -> None:
        """Live, in this group of tasks."""
        self._group = group

    def running(self, task: asyncio.Task[None]) -> None:
        """A task that ends with the exchange."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Cut every call off."""
        for task in list(self._tasks):
            task.cancel()

    def start(self, doing: Coroutine[Any, Any, None]) -> None:
        """Do something beside everything else."""
        assert self._group is not None, "nobody can call while the stand-in does not serve"
        self.bustle.begin()
        self.running(self._group.create_task(self._done(doing)))

    async def _done(self, doing: Coroutine[Any, Any, None]) -> None:
        try:
            await doing
        finally:
            self.bustle.end()

    async def quiet(self) -> None:
        """Return when everybody only waits."""
        await self.bustle.quiet()

    async def pass_time(self, milliseconds: Moment) -> None:
        """Let so much of held time pass, everything that is due in it happening at its time."""
        assert isinstance(self.passing, HeldTime)
        until = self.cloud.now() + milliseconds
        await self.quiet()
        while self.passing.step(until):
            await self.quiet()

    async def wait(self, call: Call, milliseconds: Moment | None = None) -> Happened:
        """What happens next to a call: something, or `time` when that is over."""
        if call.inbox:
            return call.inbox.popleft()
        call.rest = asyncio.get_running_loop().create_future()
        if milliseconds is not None:
            call.alarm = self.passing.after(milliseconds, lambda: self.post(call, Happened("time")))
        self.bustle.end()
        try:
            return await call.rest
        except asyncio.CancelledError:
            self.bustle.begin()
            raise
        finally:
            call.rest = None
            if call.alarm is not None:
                call.alarm.cancel()
                call.alarm = None

    def post(self, call: Call, happened: Happened) -> None:
        """Something happens to a call."""
        if call.rest is not None and not call.rest.done():
            self.bustle.begin()
            call.rest.set_result(happened)
        elif happened.what != "time":
            call.inbox.append(happened)

    # --- calls -------------------------------------------------------------------------------------

    def ring_in(self, caller: str, called: str, *, name: str = "", extra: Mapping[str, str] | None = None) -> Call:
        """Somebody calls a number of the account."""
        line = self.lines.get(called)
        if line is None:
            raise LookupError(f"{called} is no number of the account")
        call = self._new(caller, called, inbound=True, name=name, extra=dict(extra or {}))
        call.callback, call.fallback, call.status = line.status, line.fallback, "ringing"
        self.start(self._inbound(call, line.url))
        return call

    def dial(self, to: str, sender: str, *, seconds: int, then: Callable[[Call], Coroutine[Any, Any, None]]) -> Call:
        """The account calls somebody; `then` is what happens once they answer."""
        call = self._new(sender, to, inbound=False)
        self.start(self._outbound(call, seconds, then))
        return call

    def _new(self, caller: str, called: str, *, inbound: bool, **more: Any) -> Call:
        cloud = self.cloud
        call = Call(
            sid=cloud.sid("CA"), account_sid=cloud.account_sid, caller=caller, called=called,
            inbound=inbound, made_at=cloud.now(), **more,
        )  # fmt: skip
        self.calls.append(call)
        return call

    async def _inbound(self, call: Call, url: str) -> None:
        document = await self.fetch(call, url, {})
        if not call.is_over:
            await self.course(call, document, url)

    async def _outbound(self, call: Call, seconds: int, then: Callable[[Call], Coroutine[Any, Any, None]]) -> None:
        self.report(call)
        call.status = "ringing"
        self.report(call)
        how = self.dials.get(call.called, self.habits.dial)
        happened = Happened(how.value)
        while happened.what == How.IGNORES.value:
            happened = await self.wait(call, seconds * 1_000)
        if call.is_over:
            return
        if happened.what in (How.ANSWERS.value, "answered"):
            self.answer(call)
            await then(call)
        else:
            ends = {How.DECLINES.value: "busy", How.UNREACHABLE.value: "failed"}
            self.end(call, happened.status or ends.get(happened.what, "no-answer"))

    def answer(self, call: Call) -> None:
        """A call is connected from now on."""
        if call.status in ("queued", "ringing"):
            call.status, call.started_at = "in-progress", self.cloud.now()
            if not call.inbound:
                self.report(call)

    async def course(self, call: Call, document: str, url: str) -> None:
        """Follow one document after the other until the call is over."""
        following: tuple[str, str] | None = (document, url)
        while following is not None and not call.is_over:
            try:
                following = await Document(self, call, following[1]).play(following[0])
            except Goto as error:
                following = error.document
            except HungUp:
                following = None
        self.end(call, "completed")

    def end(self, call: Call, status: str) -> None:
        """A call is over. Twice is once."""
        if call.is_over:
            return
        call.status, call.ended_at, call.hears = status, self.cloud.now(), ""
        for recording in self.recordings:
            if recording.call is call and not recording.is_over:
                self.finish(recording)
        self.leave(call)
        self.report(call)
        self.post(call, Happened("over"))

    def redirect(self, call: Call, document: str, url: str) -> None:
        """Send a live call to another document. Raises Refusal when it is not live."""
        if call.status != "in-progress":
            raise Refusal(400, 21220, "Call is not in-progress. Cannot redirect.")
        self.post(call, Happened("goto", document, url))

    def said_of(self, sid: str) -> Call:
        """A call by its name. Raises Refusal."""
        found = next((call for call in self.calls if call.sid == sid), None)
        if found is None:
            raise Refusal(404, 20404, f"The requested resource {sid} was not found")
        return found

    # --- rooms -------------------------------------------------------------------------------------

    def room(self, name: str) -> Conference:
        """The conference with this name that is not over, or a new one."""
        cloud = self.cloud
        found = next((c for c in self.conferences if name in (c.name, c.sid) and c.status != "completed"), None)
        if found is None:
            found = Conference(sid=cloud.sid("CF"), account_sid=cloud.account_sid, name=name, made_at=cloud.now())
            self.conferences.append(found)
        return found

    async def meet(self, participant: Participant) -> None:
        """Be in the conference until it, or the call, is over. Raises Goto and HungUp."""
        call, room = participant.call, participant.conference
        room.people[call.sid] = participant
        room.status, participant.joined, call.room, call.hears = "in-progress", True, room, ""
        try:
            while True:
                happened = await self.wait(call)
                if happened.what == "goto":
                    raise Goto((happened.value, happened.status))
                if happened.what == "over":
                    raise HungUp
                if happened.what == "left":
                    return
        finally:
            self.leave(call)

    def leave(self, call: Call) -> None:
        """Out of whatever conference it is in, or was on its way into."""
        for room in self.conferences:
            own = room.people.pop(call.sid, None)
            if own is None:
                continue
            call.room = None
            if own.ends or not room.people:
                room.status = "completed"
                for other in list(room.people.values()):
                    self.post(other.call, Happened("left"))

    # --- recordings --------------------------------------------------------------------------------

    def record(self, call: Call, source: str, callback: str, events: Sequence[str]) -> Recording:
        """Begin to record a call."""
        now = self.cloud.now()
        recording = Recording(
            sid=self.cloud.sid("RE"), call=call, source=source, made_at=now, since=now,
            callback=callback, events=tuple(events) or ("completed",),
        )  # fmt: skip
        self.recordings.append(recording)
        self.tell_of(recording, "in-progress")
        return recording

    def finish(self, recording: Recording) -> None:
        """A recording is over; one of nothing is absent."""
        recording.turn("completed", self.cloud.now())
        if recording.recorded < 1_000 and recording.source == "RecordVerb":
            recording.status = "absent"
        self.tell_of(recording, recording.status)

    def tell_of(self, recording: Recording, event: str) -> None:
        if recording.callback and event in recording.events:
            self.tell(recording.callback, recording.form(self.cloud.origin))

    # --- towards the hub ---------------------------------------------------------------------------

    def report(self, call: Call) -> None:
        """Tell where a call stands, if somebody asked to be told."""
        event = _REPORTED.get(call.status, "completed")
        if not call.callback or event not in call.events:
            return
        said = {
            **call.form(),
            "CallStatus": event if event == "initiated" else call.status,
            "Timestamp": rfc2822(self.cloud.now()),
            "SequenceNumber": str(call.sequence),
            "CallbackSource": "call-progress-events",
        }
        call.sequence += 1
        if call.is_over:
            said |= {"CallDuration": str(call.seconds), "Duration": str(-(-call.seconds // 60))}
        self.tell(call.callback, said)

    def tell(self, url: str, fields: Mapping[str, str]) -> None:
        """Owe a report, in the manner that was asked for."""
        for _ in range(0 if self.habits.silent else 2 if self.habits.twice else 1):
            report = (url, dict(fields))
            if self.habits.held:
                self.kept.append(report)
            elif self.habits.late:
                self.passing.after(self.habits.late, partial(self._owe, report))
            else:
                self._owe(report)

    def _owe(self, report: Report) -> None:
        self.bustle.begin()
        self._reports.put_nowait(report)

    async def release(self, order: Callable[[list[Report]], list[Report]] = list) -> None:
        """Make the reports that were held back, in that order."""
        reports, self.kept = order(self.kept), []
        for report in reports:
            self._owe(report)
        await self.quiet()

    async def reporting(self) -> None:
        """Make reports until cancelled."""
        while True:
            url, fields = await self._reports.get()
            try:
                await self.cloud.call(url, fields)
                self.told.append((url, fields))
            finally:
                self.bustle.end()

    async def fetch(self, call: Call, url: str, more: Mapping[str, str]) -> str:
        """The document at an address, or at the fallback address; of an error, if neither has one."""
        fields = {**call.form(), **more}
        found = None
        for _ in range(2 if self.habits.twice else 1):
            found = await self._ask(url, fields)
        if found is None and call.fallback:
            found = await self._ask(call.fallback, {**fields, "ErrorCode": "11200", "ErrorUrl": url})
        if found is None:
            call.heard.append(_ERROR)
        return found or _NOTHING

    async def _ask(self, url: str, fields: Mapping[str, str]) -> str | None:
        plain = urljoin(url, url).partition("#")[0]
        right = signature(plain, {name: [value] for name, value in fields.items()}, self.cloud.auth_token)
        patience = aiohttp.ClientTimeout(total=self.habits.patience)
        try:
            async with (
                aiohttp.ClientSession(timeout=patience) as http,
                http.post(plain, data=dict(fields), headers={"X-Twilio-Signature": right}) as answer,
            ):
                text, status = await answer.text(), answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            text, status = "", 0
        self.cloud.webhooks.append((plain, status))
        return text if status == 200 else None
