"""What this process knows of how calls stand at Twilio. Forgetting it costs a look, never a call."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from channels.twilio.recent import Recent
from crm_core.words.calls import Scene
from crm_core.words.values.marks import Direction


@dataclass(slots=True)
class Stand:
    """One call."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Who holds it speaks with Twilio about the call, or answers Twilio."""
    whole: bool = False
    """This process saw the call begin, so that whatever it does not know of is not there."""
    version: int = 0
    """Of the newest scene that was brought about."""
    answered: int = 0
    """Of the newest scene that Twilio was told of when it asked."""
    spot: str = ""
    """What the contact was last told to hear; see `render.spot`."""
    sent_at: int = 0
    """When that was, in ms."""
    room: str = ""
    """The conference's SID."""
    legs: dict[int, str] = field(default_factory=dict)
    """CallSid of each leg that was called."""
    targets: dict[int, str] = field(default_factory=dict)
    """What each leg calls, once it was found to be allowed."""
    doubtful: set[int] = field(default_factory=set)
    """Legs of which nobody knows whether Twilio was told to call them."""
    refused: set[int] = field(default_factory=set)
    recording: str = ""
    recording_status: str = ""
    unrecorded: bool = False
    """Twilio does not record this call, for a reason that stays."""


class Stands:
    """Of the calls of late."""

    def __init__(self) -> None:
        self._known: Recent[str, Stand] = Recent(5_000)
        self.over: Recent[str, bool] = Recent(20_000)
        """Calls at Twilio (CallSids) that are known to have ended."""
        self.met: Recent[str, bool] = Recent(20_000)
        """Callers' CallSids that this process has reported."""

    def of(self, key: str) -> Stand:
        """How a call stands, by `key_of`."""
        found = self._known.get(key)
        if found is None:
            found = Stand()
        self._known.put(key, found)
        return found

    def of_scene(self, scene: Scene) -> Stand:
        """How the call of a scene stands."""
        return self.of(scene_key(scene))


def scene_key(scene: Scene) -> str:
    """Callers are known by Twilio's name for them, calls of ours by our own."""
    return scene.external_id if scene.direction is Direction.IN else our_key(scene.call_id)


def our_key(call_id: int) -> str:
    """The key of a call that we placed."""
    return f"#{call_id}"
