"""Running a document of TwiML on a call, verb by verb."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Protocol
from urllib.parse import urljoin
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from channels.simulators.twilio.cloud import Cloud
from channels.simulators.twilio.telephony import Call, Conference, Happened, Participant, Recording

PLAYS: Final = 30_000
"""Milliseconds that a sound which is played is taken to last."""
LETTERS: Final = 15
"""Letters that are said in a second."""
Next = tuple[str, str]
"""A document, and the address it came from."""


def duration(words: str) -> int:
    """How long it takes to say words, in ms."""
    return max(1, len(words) // LETTERS) * 1_000


class Goto(Exception):
    """The call was sent to another document."""

    def __init__(self, document: Next) -> None:
        super().__init__()
        self.document = document


class HungUp(Exception):
    """The call is over."""


class Switch(Protocol):
    """What a document asks of the exchange."""

    @property
    def cloud(self) -> Cloud: ...
    def answer(self, call: Call) -> None: ...
    def end(self, call: Call, status: str) -> None: ...
    async def wait(self, call: Call, milliseconds: int | None = None) -> Happened: ...
    async def fetch(self, call: Call, url: str, more: Mapping[str, str]) -> str: ...
    def record(self, call: Call, source: str, callback: str, events: Sequence[str]) -> Recording: ...
    def finish(self, recording: Recording) -> None: ...
    def room(self, name: str) -> Conference: ...
    async def meet(self, participant: Participant) -> None: ...
    def dial(
        self, to: str, sender: str, *, seconds: int, then: Callable[[Call], Coroutine[Any, Any, None]]
    ) -> Call: ...


class Document:
    """One document on one call. `url` is where it came from: its addresses are relative to that."""

    def __init__(self, exchange: Switch, call: Call, url: str) -> None:
        self._exchange = exchange
        self._call = call
        self._url = url

    async def play(self, text: str) -> Next | None:
        """Run it to its end; the document that follows, or none: the call is over. Raises Goto and HungUp."""
        for verb in ElementTree.fromstring(text):  # noqa: S314 (it is the hub's own)
            if verb.tag == "Reject":
                self._exchange.end(self._call, "busy" if verb.get("reason") == "busy" else "no-answer")
                raise HungUp
            self._exchange.answer(self._call)
            following = await self._verb(verb)
            if following is not None:
                return following
        self._exchange.answer(self._call)
        return None

    async def _verb(self, verb: Element) -> Next | None:
        match verb.tag:
            case "Say" | "Play" | "Pause":
                await self._sound(verb, keys=False)
            case "Gather":
                return await self._gather(verb)
            case "Record":
                return await self._record(verb)
            case "Dial":
                return await self._dial(verb)
            case "Enqueue":
                await self._enqueue(verb)
            case "Redirect":
                return await self._fetch(verb.text or "", {})
            case "Hangup":
                raise HungUp
            case _:
                raise AssertionError(f"the stand-in knows no verb {verb.tag}")
        return None

    # --- waiting -----------------------------------------------------------------------------------

    async def _pass(self, milliseconds: int, *, keys: bool) -> str:
        """Let time pass; the key that was pressed meanwhile, if anybody listens for keys. Raises Goto and HungUp."""
        now = self._exchange.cloud.now
        until = now() + milliseconds
        while True:
            happened: Happened = await self._exchange.wait(self._call, max(0, until - now()))
            if happened.what == "goto":
                raise Goto((happened.value, happened.status or self._url))
            if happened.what == "over":
                raise HungUp
            if happened.what == "digit" and keys:
                return happened.value
            if happened.what == "time":
                return ""

    async def _sound(self, verb: Element, *, keys: bool) -> str:
        """Say, play or be silent; the key that ended it."""
        words = (verb.text or "").strip()
        times = int(verb.get("loop", "1")) or 1_000
        if verb.tag == "Pause":
            said, lasts = "", int(verb.get("length", "1")) * 1_000
        elif verb.tag == "Play":
            said, lasts = f"♪ {words}", PLAYS
        else:
            said, lasts = words, duration(words)
            self._call.tongue = verb.get("language", "en-US")
        self._call.hears = said
        if said:
            self._call.heard.append(said)
        try:
            return await self._pass(lasts * times, keys=keys)
        finally:
            self._call.hears = ""

    async def _fetch(self, url: str, more: dict[str, str]) -> Next:
        where = urljoin(self._url, url or self._url)
        return await self._exchange.fetch(self._call, where, more), where

    # --- verbs -------------------------------------------------------------------------------------

    async def _gather(self, verb: Element) -> Next | None:
        keys = ""
        for sound in verb:
            keys = await self._sound(sound, keys=True)
            if keys:
                break
        most, finish = int(verb.get("numDigits", "99")), verb.get("finishOnKey", "#")
        patience = int(verb.get("timeout", "5")) * 1_000
        done = bool(keys) and keys in finish
        while not done and len(keys) < most:
            key = await self._pass(patience, keys=True)
            done = not key or key in finish
            keys += "" if done else key
        keys = keys if not keys or keys not in finish else ""
        if keys or verb.get("actionOnEmptyResult") == "true":
            return await self._fetch(verb.get("action", ""), {"Digits": keys, "msg": "Gather End"})
        return None

    async def _record(self, verb: Element) -> Next | None:
        exchange, call = self._exchange, self._call
        if verb.get("playBeep", "true") == "true":
            call.heard.append("beep")
        events = verb.get("recordingStatusCallbackEvent", "completed").split()
        callback = verb.get("recordingStatusCallback", "")
        where = urljoin(self._url, callback) if callback else ""
        recording = exchange.record(call, "RecordVerb", where, events)
        key, finish = "", verb.get("finishOnKey", "1234567890*#")
        most = exchange.cloud.now() + int(verb.get("maxLength", "3600")) * 1_000
        while exchange.cloud.now() < most:
            key = await self._pass(most - exchange.cloud.now(), keys=True)
            if not key or key in finish:
                break
        exchange.finish(recording)
        if recording.status == "absent":
            return None
        said = {name: v for name, v in recording.form(exchange.cloud.origin).items() if name.startswith("Recording")}
        return await self._fetch(verb.get("action", ""), {**said, "Digits": key})

    async def _dial(self, verb: Element) -> Next | None:
        exchange, call = self._exchange, self._call
        noun = verb.find("Conference")
        if noun is not None:
            room = exchange.room((noun.text or "").strip())
            attributes = noun.attrib
        else:
            to = next(((("client:" if n.tag == "Client" else "") + (n.text or "")) for n in verb), verb.text or "")
            room, attributes = exchange.room(f"dial-{call.sid}"), {"endConferenceOnExit": "true"}
            self._ring(room.name, to.strip(), int(verb.get("timeout", "30")))
        own = Participant(
            call=call,
            conference=room,
            label=attributes.get("participantLabel", ""),
            muted=attributes.get("muted") == "true",
            ends=attributes.get("endConferenceOnExit") == "true",
            starts=attributes.get("startConferenceOnEnter", "true") == "true",
        )
        await exchange.meet(own)
        if verb.get("action"):
            return await self._fetch(verb.get("action", ""), {"DialCallStatus": "completed"})
        return None

    def _ring(self, room: str, to: str, seconds: int) -> None:
        """Ring a number that is dialled by a document; the two are alone in a room of their own."""
        exchange = self._exchange

        async def joins(child: Call) -> None:
            with suppress(Goto, HungUp):
                await exchange.meet(Participant(call=child, conference=exchange.room(room), ends=True))
            exchange.end(child, "completed")

        child = exchange.dial(to, self._call.called, seconds=seconds, then=joins)
        exchange.room(room).people[child.sid] = Participant(call=child, conference=exchange.room(room), ends=True)

    async def _enqueue(self, verb: Element) -> None:
        """Wait in line: the wait document over and over, until the call is sent elsewhere."""
        while True:
            text, where = await self._fetch(verb.get("waitUrl", ""), {"QueueTime": "0"})
            await Document(self._exchange, self._call, where).play(text)
