"""The call of one visitor, as one page of theirs carries or watches it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from channels.contract import CallReported, Deliver, PhoneSignal, Visit, VisitorDesk, VisitorNews
from channels.webchat import ice, parse, protocol, render
from channels.webchat.limits import Bucket
from channels.webchat.rooms import Playing, Rooms
from channels.webchat.settings import WebChatSettings
from crm_core.words.calls import DigitPressed, LegEnded, LegLost, ReportedSignal
from crm_core.words.clock import Clock
from crm_core.words.values import CallValue, EndedBy, LegRole, LegState

PhoneFrame = (
    protocol.Ring
    | protocol.Leave
    | protocol.HangUp
    | protocol.Digit
    | protocol.Signal
    | protocol.Lost
    | protocol.Played
)
Send = Callable[[protocol.AnyServerFrame], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a page's call needs of its surroundings."""

    rooms: Rooms | None
    """None: the account carries no calls."""
    settings: WebChatSettings
    line: str
    """What the account is called."""
    now: Clock
    peer: str
    """The visitor's network address."""


class VisitorPhone:
    """Of one socket. What is sent here is at worst refused; only the page that carries a call moves it."""

    def __init__(self, around: Around, desk: VisitorDesk, visit: Visit, deliver: Deliver, send: Send) -> None:
        self._around = around
        self._desk = desk
        self._visit = visit
        self._deliver = deliver
        self._send = send
        self._call: CallValue | None = None
        self._carries = 0
        """The call whose sound this page carries; 0: none."""
        self._is_to_show = asyncio.Event()
        self._signals = Bucket(burst=40, every_ms=500)

    def known(self, call: CallValue | None) -> protocol.ShownCall | None:
        """The visitor's call when the page opens, as it is shown."""
        self._call = call
        return None if call is None else self._shown(call, here=False)

    async def heard(self, news: VisitorNews) -> None:
        """Tell the page what happened to the call."""
        if news.call is not None and (self._call is None or news.call.id >= self._call.id):
            is_newer = self._call is None or news.call.id > self._call.id or news.call.version > self._call.version
            if is_newer:
                self._call = news.call
                await self._show()
        if news.signal is not None and self._carries == news.signal.call_id:
            await self._send(protocol.Signalled(from_leg=news.signal.from_leg, body=dict(news.signal.body)))

    async def watch(self) -> None:
        """Tell the page when another one of the visitor's took the call, or what it plays is another."""
        while True:
            await self._is_to_show.wait()
            self._is_to_show.clear()
            await self._show()

    def left(self, *, said: bool = False) -> None:
        """The page is gone. `said`: it says so itself."""
        if self._around.rooms is not None and self._carries:
            self._around.rooms.leave(self._carries, self, self._deliver, said=said)
            self._carries = 0

    def dismissed(self) -> None:
        """Another page carries the sound now."""
        self._carries = 0
        self._is_to_show.set()

    def plays_anew(self) -> None:
        """What this page plays and records is another than it was."""
        self._is_to_show.set()

    async def take(self, frame: PhoneFrame, facts: Mapping[str, str]) -> None:
        """Do what the page asks. Raises parse.FrameRefused, and HubError when it is not stored."""
        if isinstance(frame, protocol.Ring):
            await self._ring(frame, facts)
        elif isinstance(frame, protocol.Leave):
            self.left(said=True)
        elif isinstance(frame, protocol.HangUp) and self._carries:
            # Also of a call whose news is still on its way: nobody who hangs up is kept on the line.
            await self._report(self._carries, LegEnded(reason="hung_up", by=EndedBy.CONTACT), "hung up")
        else:
            await self._take_of_call(frame)

    async def _take_of_call(self, frame: PhoneFrame) -> None:
        call = self._call
        if call is None or self._carries != call.id or render.is_over(call):
            raise parse.FrameRefused(parse.NOT_FOUND)
        match frame:
            case protocol.Digit(seq=seq, digit=digit):
                if call.prompt is not None and call.prompt.seq == seq:
                    await self._report(call.id, DigitPressed(digit=digit), f"digit:{seq}")
            case protocol.Signal():
                await self._relay(call, frame)
            case protocol.Lost(leg_id=leg_id):
                ours = [leg for leg in call.legs if leg.role is not LegRole.CUSTOMER]
                if any(leg.id == leg_id and leg.state is LegState.CONNECTED for leg in ours):
                    await self._report(call.id, LegLost(leg_id=leg_id), f"lost:{leg_id}")
            case protocol.Played():
                self._prompt_over(call, frame)

    async def _ring(self, ring: protocol.Ring, facts: Mapping[str, str]) -> None:
        rooms = self._around.rooms
        if rooms is None:
            raise parse.FrameRefused(parse.NOT_FOUND)
        async with rooms.arriving:
            live = (await self._desk.history(self._visit, before=None, most=1)).call
            if live is not None:
                if self._call is None or live.id > self._call.id or live.version >= self._call.version:
                    self._call = live
                self._carry(rooms, live.id)
            elif rooms.wait(self._around.peer):
                raise parse.FrameRefused(parse.TOO_MANY)
            else:
                arrived = parse.called(ring, self._visit, facts, self._around.now(), line=self._around.line)
                scene = (await self._deliver(arrived)).scene
                assert scene is not None, "a call that was stored has a scene"
                if not scene.over:
                    rooms.know(scene)
                    self._carry(rooms, scene.call_id)
        # The news of a call that has just begun may be on its way still; then it is shown when it comes.
        await self._show()

    def _carry(self, rooms: Rooms, call_id: int) -> None:
        self._carries = call_id
        rooms.carry(call_id, self)

    async def _show(self) -> None:
        call = self._call
        if call is None:
            return
        here = self._carries == call.id
        settings = self._around.settings
        servers = ice.servers(settings, f"call-{call.id}", self._around.now()) if here else None
        relay_only = here and settings.relay_only
        await self._send(protocol.CallShown(call=self._shown(call, here=here), ice=servers, relay_only=relay_only))

    def _shown(self, call: CallValue, *, here: bool) -> protocol.ShownCall:
        rooms = self._around.rooms
        playing = Playing() if rooms is None else rooms.playing(call.id)
        music = self._sound(playing.music) if here else None
        said = self._sound(call.prompt.file_id) if here and call.prompt is not None else None
        return render.call(call, here=here, music=music, most_voicemail=playing.most_voicemail, said=said)

    def _sound(self, file_id: int | None) -> protocol.ShownSound | None:
        if file_id is None:
            return None
        return protocol.ShownSound(id=file_id, url=self._desk.file_url(self._visit, file_id))

    async def _relay(self, call: CallValue, frame: protocol.Signal) -> None:
        if self._signals.wait(self._around.now()):
            raise parse.FrameRefused(parse.TOO_MANY)
        own = render.own_leg(call)
        signal = PhoneSignal(call_id=call.id, from_leg=own, to_leg=frame.to_leg, body=frame.body)
        await self._desk.relay(self._visit, signal)

    def _prompt_over(self, call: CallValue, frame: protocol.Played) -> None:
        """Only of what the page was given to play is it asked: other words are read, and that takes its time."""
        prompt, rooms = call.prompt, self._around.rooms
        if rooms is not None and prompt is not None and prompt.seq == frame.seq and prompt.file_id is not None:
            rooms.played(call.id, prompt, self._deliver, heard=frame.heard)

    async def _report(self, call_id: int, signal: ReportedSignal, what: str) -> None:
        key = f"{call_id}:{what}"
        await self._deliver(CallReported(signal=signal, key=key, at=self._around.now(), call_id=call_id))
