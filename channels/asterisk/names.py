"""What we call things at Asterisk. A name says whose it is, so nobody has to remember it, not over a restart either."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_NAME: Final = re.compile(r"([a-z][a-z0-9_]{0,30})-([a-z]+)-([0-9]{1,16})((?:-[a-z0-9]{1,20})*)")


class Kind(StrEnum):
    """What is named."""

    LEG = "leg"
    """A channel that we called; its part is the leg's id."""
    ROOM = "room"
    """The mixing bridge of a call."""
    LINE = "line"
    """The holding bridge of a call: its contact hears music there."""
    EAR = "ear"
    """The mixing bridge of a listener and what they hear; its part is the listener's leg."""
    SNOOP = "snoop"
    """The channel that listens in; its parts are the listener's leg, the mode and the leg that is listened to."""
    SAY = "say"
    """The playing of a prompt; its part is the prompt's number."""
    MUSIC = "music"
    """The playing of the queue's own music; its part is the version of the scene that asked for it."""
    TONE = "tone"
    """Ringing, for those in the room while somebody is called."""
    TALK = "talk"
    """A recording of the room."""
    MAIL = "mail"
    """A message left by the contact."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name, read."""

    kind: Kind
    call_id: int
    parts: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """The first part as a number; 0 when it is none."""
        return int(self.parts[0]) if self.parts and self.parts[0].isdecimal() else 0


def name(app: str, kind: Kind, call_id: int, *parts: int | str) -> str:
    """The name of something that belongs to a call."""
    return "-".join([app, kind, str(call_id), *map(str, parts)])


def read(app: str, text: object) -> Name | None:
    """What a name says; none for one that is not ours."""
    found = _NAME.fullmatch(text) if isinstance(text, str) else None
    if found is None or found[1] != app or found[2] not in set(Kind):
        return None
    return Name(Kind(found[2]), int(found[3]), tuple(part for part in found[4].split("-") if part))


def tab_prefix(app: str) -> str:
    """What the endpoints of tabs begin with."""
    return f"{app}-tab-"


def softphone_name(app: str, agent_id: int, device: str) -> str:
    """The endpoint of an agent's tab. The tab's own id is no secret and may be anything, so it is hashed."""
    return f"{tab_prefix(app)}{agent_id}-{hashlib.sha256(device.encode()).hexdigest()[:16]}"


def softphone_channel(app: str) -> str:
    """What the names that Asterisk gives to the channels of tabs begin with."""
    return f"PJSIP/{tab_prefix(app)}"
