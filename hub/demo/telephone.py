"""Lena's telephone: what she dials, presses, says and answers, and what she sees and hears of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any, Final

from channels.simulators.twilio import Caller, How, TwilioCloud
from crm_core.words.errors import Invalid
from hub.demo.crowd import Crowd

HIDDEN: Final = "+266696687"
"""What Twilio says of a caller who hides the number: ANONYMOUS on a keypad."""
KEYS: Final = frozenset("0123456789*#")
MOST_LINES: Final = 80
MOST_WORDS: Final = 500
_GLANCE: Final = 0.1
"""Seconds between two looks at the call; what is said takes a second at least."""
_NOT_IN_SERVICE: Final = "The number you have dialled is not in service."
_ENDS: Final = {"busy": "Busy", "no-answer": "No answer", "failed": "Not connected", "canceled": "Missed call"}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A line on the screen: something `heard`, something of hers (`mine`), or a `note` about the call."""

    id: int
    kind: str
    text: str
    language: str = "en"


class Telephone:
    """One telephone, in one call at a time; whoever else calls finds it busy. It rings until she answers."""

    def __init__(self, cloud: TwilioCloud, number: str, crowd: Crowd) -> None:
        self.number = number
        self.crowd = crowd
        self.lines: list[Written] = []
        self._cloud = cloud
        self._caller: Caller | None = None
        self._known = 0
        """How many of the cloud's calls were looked at."""
        self._heard = 0
        """How much of what was heard in this call is written down."""
        self._is_ended = True
        """The end of the call is written down."""
        self._counted = 0
        self._shown: Json = {}
        self._watchers: set[asyncio.Queue[Json]] = set()
        cloud.exchange.dials[number] = How.IGNORES

    @property
    def is_busy(self) -> bool:
        """Whether it rings, or she is talking."""
        return self._caller is not None and not self._caller.is_over

    @asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        """Notice what happens, and let the others do what they do, until the block ends."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._run()), group.create_task(self.crowd.run())]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()

    async def _run(self) -> None:
        while True:
            await self._look()
            await asyncio.sleep(_GLANCE)

    async def watch(self) -> AsyncIterator[Json]:
        """The whole screen at every change from now on, until the reader stops."""
        queue: asyncio.Queue[Json] = asyncio.Queue()
        self._watchers.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._watchers.discard(queue)

    def seen(self) -> Json:
        """The screen."""
        return {"device": "phone", "call": self._call(), "lines": [asdict(line) for line in self.lines]}

    # --- what she does -------------------------------------------------------------------------------

    async def act(self, said: Json) -> Json:
        """Do what the page says. Raises Invalid for what cannot be done now."""
        match said:
            case {"dial": str(number)}:
                self.dial(number, hidden=said.get("hidden") is True)
            case {"press": str(keys)} if keys and KEYS.issuperset(keys):
                await self.press(keys)
            case {"speak": str(words)} if words.strip():
                self.speak(words.strip()[:MOST_WORDS])
            case {"answer": True}:
                await self._own().answer()
            case {"decline": True}:
                await self._own().decline()
            case {"hang_up": True}:
                await self._own().hang_up()
            case {"others": True}:
                self._write("note", f"{self.crowd.call()} others call the shop")
            case _:
                raise Invalid("A telephone cannot do that.")
        await self._look()
        return {}

    def dial(self, number: str, *, hidden: bool = False) -> None:
        """Call a number. Raises Invalid while there is a call."""
        if self.is_busy:
            raise Invalid("Hang up first.")
        called = "".join(c for c in number if c.isdecimal() or c in "+*#")
        self._write("note", f"Calling {called}" + (", number hidden" if hidden else ""))
        if called not in self._cloud.lines:
            self._write("heard", _NOT_IN_SERVICE)
            self._write("note", "Not connected")
            return
        self._begin(self._cloud.caller(HIDDEN if hidden else self.number, called))

    async def press(self, keys: str) -> None:
        """Press keys. Raises Invalid without a call."""
        caller = self._own()
        self._write("mine", f"Pressed {' '.join(keys)}")
        await caller.press(keys)

    def speak(self, words: str) -> None:
        """Say something. Raises Invalid when nobody and nothing listens."""
        caller = self._own()
        if caller.call.room is None and not self._is_recorded("RecordVerb"):
            raise Invalid("Nobody listens now.")
        caller.speak(words)
        self._write("mine", words)

    def _own(self) -> Caller:
        if self._caller is None or self._caller.is_over:
            raise Invalid("There is no call.")
        return self._caller

    # --- what happens --------------------------------------------------------------------------------

    async def _look(self) -> None:
        calls = self._cloud.exchange.calls
        came, self._known = calls[self._known :], len(calls)
        for call in came:
            if call.inbound or call.called != self.number:
                continue
            rings = Caller(self._cloud.exchange, call)
            if self.is_busy:
                await rings.decline()
            else:
                self._write("note", f"{call.caller} calls")
                self._begin(rings)
        self._follow()
        screen = self.seen()
        if screen != self._shown:
            self._shown = screen
            for queue in self._watchers:
                queue.put_nowait(screen)

    def _begin(self, caller: Caller) -> None:
        self._caller, self._heard, self._is_ended = caller, 0, False

    def _follow(self) -> None:
        """Write down what was heard since the last look, and the end."""
        caller = self._caller
        if caller is None:
            return
        for words in caller.heard[self._heard :]:
            self._heard += 1
            text = "♪" if words.startswith("♪") else words
            # Music that goes on is one line.
            if text != "♪" or self.lines[-1].text != "♪":
                self._write("heard", text, caller.call.tongue)
        if caller.is_over and not self._is_ended:
            self._is_ended = True
            self._write("note", _end(caller))

    def _write(self, kind: str, text: str, language: str = "en") -> None:
        self._counted += 1
        self.lines = [*self.lines, Written(id=self._counted, kind=kind, text=text, language=language)][-MOST_LINES:]

    def _call(self) -> Json | None:
        if self._caller is None:
            return None
        call = self._caller.call
        state = "over" if call.is_over else "ringing" if call.started_at is None else "talking"
        return {
            "sid": call.sid,
            "number": call.called if call.inbound else call.caller,
            "mine": call.inbound,
            "state": state,
            "since": call.started_at or call.made_at,
            "until": call.ended_at,
            "people": 0 if call.room is None else len(call.room.audible(call.sid)),
            "hears": self._hears(self._caller) if state == "talking" else "",
            "held": call.room is not None and call.hears.startswith("♪"),
            "recorded": self._is_recorded("StartCallRecordingAPI"),
        }

    def _hears(self, caller: Caller) -> str:
        """What sounds now: `people`, `music`, `words`, `silence` that is recorded, or nothing."""
        call = caller.call
        if call.room is not None and call.room.audible(call.sid):
            return "people"
        if call.hears:
            return "music" if call.hears.startswith("♪") else "words"
        return "silence" if self._is_recorded("RecordVerb") else ""

    def _is_recorded(self, source: str) -> bool:
        caller = self._caller
        return caller is not None and any(r.source == source and r.status == "in-progress" for r in caller.recordings)


def _end(caller: Caller) -> str:
    """How a call ended, in words."""
    call = caller.call
    if call.started_at is None:
        word = _ENDS.get(call.status, "Call ended")
        return "Missed call" if not call.inbound and call.status == "no-answer" else word
    minutes, seconds = divmod(call.seconds, 60)
    kept = " · recorded" if any(r.status == "completed" for r in caller.recordings) else ""
    return f"Call ended · {minutes}:{seconds:02}{kept}"
