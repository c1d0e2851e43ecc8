"""The REST API of calls, conferences and recordings, as Twilio's OpenAPI document describes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode
from xml.etree import ElementTree

from aiohttp import web

from channels.simulators.twilio.api import BOUNDS, cut, span
from channels.simulators.twilio.documents import Goto, HungUp
from channels.simulators.twilio.exchange import Exchange
from channels.simulators.twilio.model import API_VERSION, Answer, Refusal
from channels.simulators.twilio.sounds import wav
from channels.simulators.twilio.telephony import OVER, Call, Conference, Participant, Recording
from crm_core.words.addresses import phone
from crm_core.words.errors import Invalid

_ACCOUNT: Final = f"/{API_VERSION}/Accounts/{{account}}"
_PARTICIPANTS: Final = f"{_ACCOUNT}/Conferences/{{room}}/Participants"
Form = Mapping[str, Sequence[str]]


class CallsApi:
    """The handlers, over one exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._cloud = exchange.cloud

    def mount(self, app: web.Application) -> None:
        """Add them to the API."""
        add = app.router.add_route
        add("GET", f"{_ACCOUNT}/Calls.json", self.calls)
        add("GET", f"{_ACCOUNT}/Calls/{{sid}}.json", self.call)
        add("POST", f"{_ACCOUNT}/Calls/{{sid}}.json", self.update)
        add("GET", f"{_ACCOUNT}/Calls/{{sid}}/Recordings.json", self.call_recordings)
        add("POST", f"{_ACCOUNT}/Calls/{{sid}}/Recordings.json", self.record)
        add("POST", f"{_ACCOUNT}/Calls/{{sid}}/Recordings/{{recording}}.json", self.turn)
        add("GET", f"{_ACCOUNT}/Recordings.json", self.recordings)
        add("GET", f"{_ACCOUNT}/Recordings/{{recording}}.json", self.recording)
        add("GET", f"{_ACCOUNT}/Recordings/{{recording}}.wav", self.sound)
        add("GET", f"{_ACCOUNT}/Conferences.json", self.conferences)
        add("GET", f"{_ACCOUNT}/Conferences/{{room}}.json", self.conference)
        add("GET", f"{_PARTICIPANTS}.json", self.participants)
        add("POST", f"{_PARTICIPANTS}.json", self.invite)
        add("GET", f"{_PARTICIPANTS}/{{sid}}.json", self.participant)
        add("POST", f"{_PARTICIPANTS}/{{sid}}.json", self.change)

    # --- calls -------------------------------------------------------------------------------------

    async def calls(self, request: web.Request) -> web.StreamResponse:
        """GET Calls.json, the newest first."""
        asked = dict(parse_qsl(request.query_string, keep_blank_values=True))
        found = [call for call in reversed(self._exchange.calls) if _listed(call, asked)]
        return self._page(request, "calls", asked, [call.resource() for call in found])

    async def call(self, request: web.Request) -> web.StreamResponse:
        """GET Calls/{Sid}.json."""
        return web.json_response(self._exchange.said_of(request.match_info["sid"]).resource())

    async def update(self, request: web.Request) -> web.StreamResponse:
        """POST Calls/{Sid}.json: hang up, or go on with another document."""
        call, form = self._exchange.said_of(request.match_info["sid"]), await _form(request)
        if (failed := await self._misbehaves(request)) is not None:
            return failed
        if _one(form, "Status") in OVER:
            if not call.is_over:
                self._exchange.end(call, "completed" if call.status == "in-progress" else "canceled")
        elif (document := _one(form, "Twiml")) or _one(form, "Url"):
            if len(document) > 4_000:
                raise Refusal(400, 21218, "Invalid TwiML: longer than 4000 characters")
            where = _one(form, "Url")
            text = document or f'<Response><Redirect method="POST">{_escaped(where)}</Redirect></Response>'
            self._exchange.redirect(call, text, where)
        return web.json_response(call.resource())

    # --- conferences -------------------------------------------------------------------------------

    async def conferences(self, request: web.Request) -> web.StreamResponse:
        """GET Conferences.json."""
        asked = dict(parse_qsl(request.query_string, keep_blank_values=True))
        found = [
            room.resource()
            for room in reversed(self._exchange.conferences)
            if asked.get("FriendlyName", room.name) == room.name and asked.get("Status", room.status) == room.status
        ]
        return self._page(request, "conferences", asked, found)

    async def conference(self, request: web.Request) -> web.StreamResponse:
        """GET Conferences/{Sid}.json."""
        return web.json_response(self._room(request).resource())

    async def participants(self, request: web.Request) -> web.StreamResponse:
        """GET Participants.json."""
        room = self._room(request)
        asked = dict(parse_qsl(request.query_string, keep_blank_values=True))
        return self._page(request, "participants", asked, [one.resource() for one in room.people.values()])

    async def invite(self, request: web.Request) -> web.StreamResponse:
        """POST Participants.json: call somebody into the conference."""
        form, exchange = await _form(request), self._exchange
        to, sender = _one(form, "To"), _one(form, "From")
        self._check(to, sender)
        answer = exchange.answers.popleft() if exchange.answers else None
        if answer is not None and answer is not Answer.CUT:
            return await self._failed(request, answer)
        room = exchange.room(request.match_info["room"])
        call = exchange.dial(to, sender, seconds=int(_one(form, "Timeout") or "60"), then=self._joins(room))
        call.callback = _one(form, "StatusCallback")
        call.events = tuple(form.get("StatusCallbackEvent", ("completed",)))
        room.people[call.sid] = Participant(
            call=call, conference=room, label=_one(form, "Label"), muted=_one(form, "Muted").lower() == "true",
            coaching=_one(form, "Coaching").lower() == "true", coached=_one(form, "CallSidToCoach"),
            starts=_one(form, "StartConferenceOnEnter").lower() != "false",
            ends=_one(form, "EndConferenceOnExit").lower() == "true",
        )  # fmt: skip
        if answer is Answer.CUT:
            return await cut(request)
        return web.json_response(room.people[call.sid].resource(), status=201)

    def _joins(self, room: Conference) -> Callable[[Call], Any]:
        exchange = self._exchange

        async def joins(call: Call) -> None:
            own = room.people.get(call.sid)
            if own is not None:
                try:
                    await exchange.meet(own)
                except Goto as error:
                    await exchange.course(call, *error.document)
                except HungUp:
                    return
            exchange.end(call, "completed")

        return joins

    def _check(self, to: str, sender: str) -> None:
        if sender not in self._exchange.lines and sender not in self._cloud.numbers:
            raise Refusal(400, 21212, "The source phone number provided is not yet verified for your account.")
        if to.startswith("client:"):
            return
        try:
            right = phone(to).value == to
        except Invalid:
            right = False
        if not right:
            raise Refusal(400, 21211, "The phone number you are attempting to call is not valid.")

    async def participant(self, request: web.Request) -> web.StreamResponse:
        """GET Participants/{CallSid}.json."""
        return web.json_response(self._own(request).resource())

    async def change(self, request: web.Request) -> web.StreamResponse:
        """POST Participants/{CallSid}.json: mute, hold, coach, announce."""
        own, form = self._own(request), await _form(request)
        if (failed := await self._misbehaves(request)) is not None:
            return failed
        if "Muted" in form:
            own.muted = _one(form, "Muted").lower() == "true"
        if "Coaching" in form:
            own.coaching = _one(form, "Coaching").lower() == "true"
            own.coached = _one(form, "CallSidToCoach") if own.coaching else ""
        if "Hold" in form:
            own.hold = _one(form, "Hold").lower() == "true"
            own.call.hears = f"♪ {_one(form, 'HoldUrl')}" if own.hold else ""
            if own.hold:
                own.call.heard.append(own.call.hears)
        if "AnnounceUrl" in form:
            self._exchange.start(self._announce(own.call, _one(form, "AnnounceUrl")))
        return web.json_response(own.resource())

    async def _announce(self, call: Call, url: str) -> None:
        words = ElementTree.fromstring(await self._exchange.fetch(call, url, {}))  # noqa: S314 (it is the hub's own)
        call.heard.append("".join(words.itertext()).strip())

    # --- recordings --------------------------------------------------------------------------------

    async def record(self, request: web.Request) -> web.StreamResponse:
        """POST Calls/{Sid}/Recordings.json."""
        call, form = self._exchange.said_of(request.match_info["sid"]), await _form(request)
        if call.status != "in-progress":
            raise Refusal(400, 21220, "Requested resource is not eligible for recording")
        if not self._exchange.records:
            raise Refusal(400, 20001, "Recording is not allowed for this account")
        events = form.get("RecordingStatusCallbackEvent", ("completed",))
        callback = _one(form, "RecordingStatusCallback")
        recording = self._exchange.record(call, "StartCallRecordingAPI", callback, events)
        return web.json_response(recording.resource(of_call=True), status=201)

    async def turn(self, request: web.Request) -> web.StreamResponse:
        """POST Calls/{Sid}/Recordings/{Sid}.json: pause, go on, stop."""
        recording, form = self._recording(request), await _form(request)
        status = _one(form, "Status")
        if recording.is_over:
            raise Refusal(400, 21220, "Requested resource is not eligible for recording")
        if status == "stopped":
            self._exchange.finish(recording)
        else:
            recording.turn(status, self._cloud.now())
        return web.json_response(recording.resource(of_call=True))

    async def call_recordings(self, request: web.Request) -> web.StreamResponse:
        """GET Calls/{Sid}/Recordings.json."""
        asked = dict(parse_qsl(request.query_string, keep_blank_values=True))
        sid = request.match_info["sid"]
        found = [r.resource(of_call=True) for r in reversed(self._exchange.recordings) if r.call.sid == sid]
        return self._page(request, "recordings", asked, found)

    async def recordings(self, request: web.Request) -> web.StreamResponse:
        """GET Recordings.json, the newest first."""
        asked = dict(parse_qsl(request.query_string, keep_blank_values=True))
        first = span(asked["DateCreated>"])[0] if "DateCreated>" in asked else 0
        found = [r.resource() for r in reversed(self._exchange.recordings) if r.made_at >= first]
        return self._page(request, "recordings", asked, found)

    async def recording(self, request: web.Request) -> web.StreamResponse:
        """GET Recordings/{Sid}.json."""
        return web.json_response(self._recording(request).resource())

    async def sound(self, request: web.Request) -> web.StreamResponse:
        """GET Recordings/{Sid}.wav."""
        recording, habits = self._recording(request), self._exchange.habits
        if habits.late_recordings or recording.status != "completed":
            habits.late_recordings = max(0, habits.late_recordings - 1)
            raise Refusal(404, 20404, "The requested resource was not found")
        return web.Response(body=wav(recording.recorded, recording.spoken), content_type="audio/x-wav")

    # --- what they share ---------------------------------------------------------------------------

    def _room(self, request: web.Request) -> Conference:
        sid = request.match_info["room"]
        found = next((room for room in self._exchange.conferences if room.sid == sid), None)
        if found is None:
            raise Refusal(404, 20404, f"The requested resource {sid} was not found")
        return found

    def _own(self, request: web.Request) -> Participant:
        found = self._room(request).people.get(request.match_info["sid"])
        if found is None:
            raise Refusal(404, 20404, "The requested resource was not found")
        return found

    def _recording(self, request: web.Request) -> Recording:
        sid = request.match_info["recording"]
        found = next((one for one in self._exchange.recordings if one.sid == sid), None)
        if found is None:
            raise Refusal(404, 20404, f"The requested resource {sid} was not found")
        return found

    async def _misbehaves(self, request: web.Request) -> web.StreamResponse | None:
        answers = self._exchange.answers
        return await self._failed(request, answers.popleft()) if answers else None

    async def _failed(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        match answer:
            case Answer.SLOW_DOWN:
                raise Refusal(429, 20429, "Too Many Requests")
            case Answer.UNAUTHORISED:
                raise Refusal(401, 20003, "Authenticate")
            case Answer.FORBIDDEN_COUNTRY:
                raise Refusal(400, 21215, "Account not authorized to call this number")
            case Answer.SERVER_ERROR:
                raise Refusal(500, 20500, "Internal Server Error")
            case _:
                return await cut(request)

    def _page(
        self, request: web.Request, key: str, asked: Mapping[str, str], found: Sequence[Mapping[str, Any]]
    ) -> web.Response:
        size, page = int(asked.get("PageSize", "50")), int(asked.get("Page", "0"))
        part, more = found[page * size : (page + 1) * size], len(found) > (page + 1) * size

        def at(number: int) -> str:
            return f"{request.path}?{urlencode({**asked, 'PageSize': size, 'Page': number})}"

        paging = {"page": page, "page_size": size, "start": page * size, "end": max(0, page * size + len(part) - 1)}
        places = {
            "uri": at(page),
            "first_page_uri": at(0),
            "next_page_uri": at(page + 1) if more else None,
            "previous_page_uri": at(page - 1) if page else None,
        }
        return web.json_response({key: part, **paging, **places})


async def _form(request: web.Request) -> Form:
    fields: dict[str, list[str]] = {}
    for name, value in parse_qsl(await request.text(), keep_blank_values=True):
        fields.setdefault(name, []).append(value)
    return fields


def _one(form: Form, name: str) -> str:
    return form[name][0] if form.get(name) else ""


def _escaped(url: str) -> str:
    return url.replace("&", "&amp;").replace("<", "&lt;")


def _listed(call: Call, asked: Mapping[str, str]) -> bool:
    if asked.get("To", call.called) != call.called or asked.get("From", call.caller) != call.caller:
        return False
    if asked.get("Status", call.status) != call.status:
        return False
    began = call.started_at or call.made_at
    bounds = {name.replace("DateSent", "StartTime"): holds for name, holds in BOUNDS.items()}
    return all(holds(began, *span(asked[key])) for key, holds in bounds.items() if key in asked)
