"""What Viber knows of one bot, what it takes from it, and what it refuses."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final

from channels.simulators.calling import Caller, Owed
from channels.simulators.viber.people import Json, Person, Shown
from crm_core.words.clock import Clock

MAX_TEXT: Final = 7_000
MAX_CAPTION: Final = 768
MAX_FILE: Final = 50 * 1024 * 1024
MAX_NAME: Final = 256
MAX_SENDER: Final = 28
MAX_BUTTONS: Final = 24
_OPTIONAL: Final = frozenset({"delivered", "seen", "failed", "conversation_started"})
"""Callbacks that a bot asks for; the others come in any case."""


class Trouble(Enum):
    """How the next message is answered, instead of as it should be."""

    UNAUTHORISED = "status 2, nothing sent"
    TOO_MANY = "status 12, nothing sent"
    REFUSED = "status 3, nothing sent"
    FAILS_AFTER = "500, sent all the same"
    CUT = "the connection is cut without an answer, sent all the same"
    CUT_BEFORE = "the connection is cut, nothing sent"


class Refusal(Exception):
    """What Viber does not do: its code and its word for that (chapter "Error codes")."""

    def __init__(self, status: int, word: str) -> None:
        super().__init__(word)
        self.status = status
        self.word = word


class Bot:
    """One bot. It keeps everything and is the truth that tests compare with."""

    def __init__(self, token: str, name: str, clock: Clock) -> None:
        self.token = token
        self.name = name
        self.caller = Caller()
        self.people: dict[str, Person] = {}
        self.files: dict[str, tuple[str, bytes]] = {}
        """Names and bytes of what people sent, by the end of their address."""
        self.origin = ""
        """Where the API is served."""
        self.webhook = ""
        self.wanted: frozenset[str] = _OPTIONAL
        self.troubles: deque[Trouble | None] = deque()
        """One is taken for every message to be sent; none lets it go well."""
        self.asked: list[tuple[str, Json]] = []
        """Every request: its method and what it said."""
        self._early: list[tuple[str, Json]] = []
        self._clock = clock
        # Tokens are of 64 bits, and a hub remembers those of a run before.
        self._last = clock() << 20

    def person(self, name: str, *, language: str = "en") -> Person:
        """Somebody, always the same one by this name. Ids are of this bot alone, and stay when it is served anew."""
        digest = hashlib.sha256(f"{self.token}\0{name}".encode()).digest()
        person_id = b64encode(digest[:16]).decode("ascii")
        return self.people.setdefault(person_id, Person(self, person_id, name, language))

    # --- towards the hub --------------------------------------------------------------------------

    def keep(self, name: str, content: bytes) -> str:
        """Keep a file; where it can be fetched."""
        key = str(len(self.files) + 1)
        self.files[key] = (name, content)
        return f"{self.origin}/files/{self.token}/{key}"

    def report(self, event: str, **said: Any) -> int:
        """Owe the webhook a callback; the token of the message that it is about."""
        said.setdefault("message_token", self._next())
        if not self.webhook:
            self._early.append((event, said))
        elif event not in _OPTIONAL or event in self.wanted:
            self.caller.owe(self.callback(self.webhook, event, said))
        token: int = said["message_token"]
        return token

    def point(self, url: str, wanted: frozenset[str] | None) -> None:
        """Call this address from now on, with what waited for one first; none asks for the callbacks as before."""
        self.webhook = url
        self.wanted = self.wanted if wanted is None else wanted
        early, self._early = self._early, []
        for event, said in early:
            self.report(event, **said)

    def callback(self, url: str, event: str, said: Mapping[str, Any]) -> Owed:
        """A call in Viber's shape, signed over its bytes."""
        body = json.dumps({"event": event, "timestamp": self._clock(), **said}, ensure_ascii=False).encode()
        right = hmac.new(self.token.encode(), body, hashlib.sha256).hexdigest()
        return Owed(url, body, {"Content-Type": "application/json", "X-Viber-Content-Signature": right})

    # --- from the hub -----------------------------------------------------------------------------

    def account(self) -> Json:
        """The answer to `get_account_info`."""
        return {
            "name": self.name,
            "uri": "standin",
            "webhook": self.webhook,
            "event_types": sorted(self.wanted),
            "subscribers_count": sum(person.is_subscribed for person in self.people.values()),
        }

    def send(self, said: Json) -> Json:
        """Put one message before a person. Raises Refusal."""
        person = self.people.get(str(said.get("receiver", "")))
        if not self.webhook:
            raise Refusal(10, "webhookNotSet")
        if person is None:
            raise Refusal(5, "receiverNotRegistered")
        if not person.is_subscribed:
            raise Refusal(6, "receiverNotSubscribed")
        _words(said.get("sender"), "name", MAX_SENDER)
        shown = _CONTENTS.get(str(said.get("type")), _strange)(said)
        token = self._next()
        person.show(Shown(token=token, mine=False, buttons=_buttons(said), **shown))
        self.report("delivered", user_id=person.id, message_token=token)
        return {"message_token": token, "billing_status": 1}

    def _next(self) -> int:
        self._last += 1
        return self._last


def _text(said: Json) -> Json:
    return {"text": _words(said, "text", MAX_TEXT)}


def _picture(said: Json) -> Json:
    caption = _words(said, "text", MAX_CAPTION) if said.get("text") else ""
    return {"text": caption, "links": [("photo.jpg", _address(said))]}


def _file(said: Json) -> Json:
    size = said.get("size")
    if not isinstance(size, int) or not 0 < size <= MAX_FILE:
        raise _bad("size")
    return {"links": [(_words(said, "file_name", MAX_NAME), _address(said))]}


def _location(said: Json) -> Json:
    try:
        latitude, longitude = float(said["location"]["lat"]), float(said["location"]["lon"])
    except (KeyError, TypeError, ValueError) as error:
        raise _bad("location") from error
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise _bad("location")
    return {"place": (latitude, longitude)}


def _strange(_said: Json) -> Json:
    raise _bad("type")


_CONTENTS: Final[Mapping[str, Callable[[Json], Json]]] = {
    "text": _text,
    "picture": _picture,
    "file": _file,
    "location": _location,
}


def _words(said: Any, name: str, most: int) -> str:
    text = said.get(name) if isinstance(said, dict) else None
    if not isinstance(text, str) or not 0 < len(text) <= most:
        raise _bad(name)
    return text


def _address(said: Json) -> str:
    address = _words(said, "media", 2_000)
    if not address.startswith(("https://", "http://")):
        raise _bad("media")
    return address


def _buttons(said: Json) -> list[tuple[str, str]]:
    keyboard = said.get("keyboard")
    if keyboard is None:
        return []
    buttons = keyboard.get("Buttons") if isinstance(keyboard, dict) and keyboard.get("Type") == "keyboard" else None
    if not isinstance(buttons, list) or not 0 < len(buttons) <= MAX_BUTTONS:
        raise _bad("keyboard")
    if any(not isinstance(b, dict) or b.get("ActionType") not in ("reply", "open-url", "none") for b in buttons):
        raise _bad("keyboard")
    return [(str(button.get("Text", "")), _words(button, "ActionBody", 1_000)) for button in buttons]


def _bad(what: str) -> Refusal:
    return Refusal(3, f"badData: {what}")
