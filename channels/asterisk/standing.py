"""What stands at Asterisk, and what it cannot be asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from crm_core.words.calls import Scene

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
    version: int = 0
    dialled: set[str] = field(default_factory=set)
    said: int = 0
    """The prompt that was played last, or plays."""
    saying: str = ""
    tone: int = 0
    rings: bool = False
    muted: dict[str, bool] = field(default_factory=dict)
    recording: str = ""
    paused: bool = False
    recorder: str = ""
    scene: Scene | None = None
