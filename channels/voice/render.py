"""What a caller hears, as TwiML. Pure: the same scene always gives the same document.

Every document ends with a request to us, so that a step which was lost is mended at the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

from crm_core.words.calls import Hears, Scene, SceneLeg
from crm_core.words.values.calls import PromptValue

MOST_WORDS: Final = 2_500
"""Characters that are said at once: a document that redirects a live call may have 4,000 in all."""
ROUNDS: Final = 10
"""How often the music plays before Twilio asks what the caller shall hear."""
_VOICES: Final[Mapping[str, tuple[str, str]]] = {
    "en": ("en-US", ""),
    "uk": ("uk-UA", "Google.uk-UA-Standard-A"),
    "ru": ("ru-RU", "Polly.Tatyana"),
    "pl": ("pl-PL", "Polly.Ewa"),
    "de": ("de-DE", "Polly.Marlene"),
    "fr": ("fr-FR", "Polly.Celine"),
    "es": ("es-ES", "Polly.Conchita"),
    "zh": ("cmn-CN", "Polly.Zhiyu"),
}
_LEAVE_A_MESSAGE: Final[Mapping[str, str]] = {
    "en": "Please leave a message after the tone.",
    "uk": "Залиште, будь ласка, повідомлення після сигналу.",
    "ru": "Пожалуйста, оставьте сообщение после сигнала.",
    "pl": "Prosimy zostawić wiadomość po sygnale.",
    "zh": "请在提示音后留言。",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """Where Twilio asks, and what it plays."""

    public: str
    """The account's address, `https://hub.example/in/key`."""
    room: str
    """The conference's name."""
    call_id: int | None
    """Of a call that we placed; a caller's is known by its name at Twilio."""
    turn: str
    """Unlike that of every other document: two presses of one key are two, a request that is repeated is one."""
    music: str
    prompt_sound: str = ""
    """The address of the prompt's recorded file."""

    def to(self, path: str, **facts: object) -> str:
        """An address of ours, with what we want to be told back."""
        own: dict[str, object] = {} if self.call_id is None else {"call": self.call_id}
        query = urlencode(own | facts)
        return f"{self.public}/{path}" + (f"?{query}" if query else "")

    def told_of_leg(self, call_id: int, leg_id: int) -> str:
        """Where a leg's statuses go."""
        return f"{self.public}/leg?{urlencode({'call': call_id, 'leg': leg_id})}"

    def told_of_recording(self, call_id: int) -> str:
        """Where a recording's statuses go."""
        return f"{self.public}/recording?{urlencode({'call': call_id})}"


def spot(scene: Scene) -> str:
    """What the contact hears, as a word: two scenes with the same word sound the same to them."""
    contact = scene.customer
    if scene.over or contact is None:
        return "over"
    if contact.hears in (Hears.PROMPT, Hears.RECORDER) and scene.prompt is not None:
        return f"{contact.hears.value}:{scene.prompt.seq}"
    if contact.hears is Hears.ROOM:
        return "room"
    return "recorder" if contact.hears is Hears.RECORDER else "music"


def document(scene: Scene, ways: Ways, *, answered: bool = True) -> str:
    """The document for what the contact shall hear now. `answered`: the call costs already, so it is too late to
    reject it."""
    contact = scene.customer
    if scene.over or contact is None:
        rejected = not answered and scene.reason in ("busy", "rejected")
        return _whole(f"<Reject reason={quoteattr(scene.reason)}/>" if rejected else "<Hangup/>")
    if contact.hears is Hears.ROOM:
        return _whole(_room(contact, ways))
    if contact.hears is Hears.RECORDER:
        return _whole(_recorder(scene, ways))
    if contact.hears is Hears.PROMPT and scene.prompt is not None:
        return _whole(_prompt(scene.prompt, ways))
    return _whole(_music(ways))


def patience(words: str, again: str) -> str:
    """What needs no database: a word, a moment, and the same question again. `again` is its address."""
    said = f"<Say>{escape(words)}</Say>" if words else ""
    return _whole(f'{said}<Pause length="3"/><Redirect method="POST">{escape(again)}</Redirect>')


def _whole(verbs: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{verbs}</Response>'


def _prompt(prompt: PromptValue, ways: Ways) -> str:
    over = _redirect(ways.to("played", seq=prompt.seq))
    if not prompt.digits:
        return _said(prompt, ways) + over
    patience = 1 if prompt.code == "position" else 5
    return _gather(_said(prompt, ways), ways, patience) + over


def _music(ways: Ways) -> str:
    sound = f'<Play loop="{ROUNDS}">{escape(ways.music)}</Play>' if ways.music else '<Pause length="60"/>'
    return _gather(sound, ways, 1) + _redirect(ways.to("wait", n=ways.turn))


def _recorder(scene: Scene, ways: Ways) -> str:
    prompt = scene.prompt
    attributes = {
        "action": ways.to("recorded"),
        "method": "POST",
        "maxLength": str(max(1, scene.most_voicemail // 1_000)),
        "timeout": "8",
        "finishOnKey": "#",
        "playBeep": "true",
        "recordingStatusCallback": ways.to("recording", voicemail=1),
        "recordingStatusCallbackEvent": "completed absent",
    }
    said = "" if prompt is None else _said(prompt, ways)
    return f"{said}<Record {_attributes(attributes)}/>{_redirect(ways.to('recorded'))}"


def _room(contact: SceneLeg, ways: Ways) -> str:
    attributes = {
        "participantLabel": str(contact.id),
        "startConferenceOnEnter": "true",
        "endConferenceOnExit": "false",
        "beep": "false",
        "waitUrl": "",
    }
    dial = _attributes({"action": ways.to("left", n=ways.turn), "method": "POST"})
    return f"<Dial {dial}><Conference {_attributes(attributes)}>{escape(ways.room)}</Conference></Dial>"


def _said(prompt: PromptValue, ways: Ways) -> str:
    if ways.prompt_sound:
        return f"<Play>{escape(ways.prompt_sound)}</Play>"
    language = prompt.language.partition("-")[0].lower()
    words = prompt.text or (_LEAVE_A_MESSAGE.get(language, "") if prompt.code == "voicemail" else "")
    if not words:
        return ""
    tongue, voice = _VOICES.get(language, (prompt.language, ""))
    attributes = {"language": tongue, **({"voice": voice} if voice else {})}
    return f"<Say {_attributes(attributes)}>{escape(_speakable(words))}</Say>"


def _speakable(words: str) -> str:
    """Without what XML cannot say, and no longer than a document may be once it is quoted."""
    said = "".join(c for c in words if c in "\t\n" or (" " <= c < "\ud800") or "\ue000" <= c < "\ufffe" or c > "\uffff")
    while len(escape(said)) > MOST_WORDS:
        said = said[: len(said) - max(1, (len(escape(said)) - MOST_WORDS) // 5)]
    return said


def _gather(sound: str, ways: Ways, patience: int) -> str:
    attributes = {
        "input": "dtmf",
        "numDigits": "1",
        # Else `#` would be an end and never a key, and `*` is asked for in line.
        "finishOnKey": "",
        "timeout": str(patience),
        "action": ways.to("digit", n=ways.turn),
        "method": "POST",
    }
    return f"<Gather {_attributes(attributes)}>{sound}</Gather>"


def _redirect(url: str) -> str:
    return f'<Redirect method="POST">{escape(url)}</Redirect>'


def _attributes(named: Mapping[str, str]) -> str:
    return " ".join(f"{name}={quoteattr(value)}" for name, value in named.items())
