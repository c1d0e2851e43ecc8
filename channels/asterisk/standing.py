"""What stands at Asterisk, and what it cannot be asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from crm_core.words.calls import Scene
from crm_core.words.values.calls import LegRole

LATE: Final = (404, 409, 412, 422)
"""It is gone already, or not quite here yet: the event that says so brings the next look."""


@dataclass(slots=True)
class Stand:
    """What stands at Asterisk."""

    channels: Mapping[str, Mapping[str, Any]]
    bridges: Mapping[str, Mapping[str, Any]]

    def members(self, bridge: str) -> list[str]:
        """The channels in a bridge."""
        found = self.bridges.get(bridge, {}).get("channels")
        return [str(one) for one in found] if isinstance(found, list) else []

    def is_up(self, channel: str) -> bool:
        """Whether a channel was answered."""
        return self.channels.get(channel, {}).get("state") == "Up"


@dataclass(slots=True)
class Memory:
    """What Asterisk cannot be asked about a call. After a restart it is empty, and a prompt is begun anew."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    forgot: bool = False
    """The call was in talk when it was first looked at: what was begun before a restart is not known."""
    version: int = 0
    dialled: set[str] = field(default_factory=set)
    said: int = 0
    """The prompt that was played last, or plays."""
    saying: str = ""
    unfetched: int = 0
    """The prompt whose sound Asterisk could not fetch from us."""
    untold: bool = False
    """The notice of the recording was silence."""
    music: str = ""
    """The playing of the queue's music."""
    is_music_over: bool = False
    """It has ended, and with it the account's, over which it was played."""
    is_music_bad: bool = False
    """Asterisk cannot fetch or play it."""
    rings: bool | None = False
    """Whether the room hears ringing; None: not known."""
    muted: dict[str, bool] = field(default_factory=dict)
    recording: str = ""
    paused: bool | None = False
    """None: not known."""
    recorder: str = ""
    scene: Scene | None = None

    @classmethod
    def of(cls, scene: Scene) -> Memory:
        """What is known of a call that is looked at for the first time."""
        forgot = any(leg.connected and leg.role is not LegRole.CUSTOMER for leg in scene.legs)
        unknown = None if forgot else False
        return cls(forgot=forgot, rings=unknown, paused=unknown)
