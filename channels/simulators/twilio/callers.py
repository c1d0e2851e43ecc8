"""Those who call and are called: what a person with a telephone does, in Python."""

from __future__ import annotations

from channels.simulators.twilio.documents import duration
from channels.simulators.twilio.exchange import Exchange
from channels.simulators.twilio.telephony import Call, Happened, Recording


class Caller:
    """One end of a call: a customer who calls in, or whoever answered a call of the account's."""

    def __init__(self, exchange: Exchange, call: Call) -> None:
        self._exchange = exchange
        self.call = call

    @property
    def sid(self) -> str:
        return self.call.sid

    @property
    def heard(self) -> list[str]:
        """All that was said and played to them, in order; what is played begins with ♪."""
        return self.call.heard

    @property
    def is_over(self) -> bool:
        return self.call.is_over

    def hears(self) -> frozenset[str]:
        """What they hear now: words, `♪ address` for something that is played, or the addresses of people."""
        if self.call.room is not None:
            people = self.call.room.audible(self.call.sid)
            return people or (frozenset({self.call.hears}) if self.call.hears else frozenset())
        return frozenset({self.call.hears}) if self.call.hears else frozenset()

    async def press(self, keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self._exchange.post(self.call, Happened("digit", key))
            await self._exchange.quiet()

    @property
    def recordings(self) -> list[Recording]:
        """What runs or was kept of this call."""
        return [one for one in self._exchange.recordings if one.call is self.call]

    def speak(self, words: str) -> int:
        """Say something, which takes so many milliseconds. Whatever records them keeps it."""
        for recording in self.recordings:
            recording.hear(words, self._exchange.cloud.now())
        return duration(words)

    async def answer(self) -> None:
        """Answer a call that one let ring."""
        self._exchange.post(self.call, Happened("answered"))
        await self._exchange.quiet()

    async def decline(self) -> None:
        """Decline a call that one let ring."""
        self._exchange.post(self.call, Happened("declines", status="busy"))
        await self._exchange.quiet()

    async def hang_up(self) -> None:
        """Hang up."""
        self._exchange.end(self.call, "completed" if self.call.status == "in-progress" else "no-answer")
        await self._exchange.quiet()
