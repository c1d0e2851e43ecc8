"""How an account behaves without anybody: business hours, greetings and absence notes, each in several languages.

A machine answers somebody once in a closed period and once a day, never a machine, and never whom the account
may not write to (RFC 3834; RELIABILITY.md, vulnerability 29).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from itertools import pairwise
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from crm_core.contacts.reach import Way
from crm_core.words.clock import DAY, Moment
from crm_core.words.content import ReachState
from crm_core.words.errors import Unfit
from hub.desk.fitting import Unfitting
from routing import hours

MOST_TEXT: Final = 2_000

Text = Annotated[str, Field(max_length=MOST_TEXT)]
LanguageCode = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")]
Texts = dict[LanguageCode, Text]
Spoken = Literal["greeting", "closed", "menu_prompt", "voicemail_greeting"]
"""What callers hear that an administrator words."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Unfit("There is no such time zone.", why="no_timezone") from None
    return name


def _ordered(spans: list[tuple[time, time]]) -> list[tuple[time, time]]:
    """Spans of a day, in order. Raises ValueError for two that overlap; an end at 00:00 is midnight."""
    spans = sorted(spans)
    for (_, end), (start, _) in pairwise(spans):
        if end == time(0) or start < end:
            raise Unfit("Two spans of a day overlap.", why="spans_overlap")
    if any(end not in (time(0),) and end <= start for start, end in spans):
        raise Unfit("A span ends before it begins.", why="span_backwards")
    return spans


Day = Annotated[list[tuple[time, time]], Field(max_length=6), AfterValidator(_ordered)]


class BusinessHours(BaseModel):
    """When somebody works."""

    model_config = ConfigDict(extra="forbid")

    timezone: Annotated[str, AfterValidator(_zone)]
    week: Annotated[list[Day], Field(min_length=7, max_length=7)]
    """Monday first; a day without spans is closed."""
    holidays: Annotated[list[date], Field(max_length=400)] = []

    def read(self) -> hours.Hours:
        """As the pure rules take it."""
        week = tuple(tuple(day) for day in self.week)
        return hours.Hours(ZoneInfo(self.timezone), week, frozenset(self.holidays))


class MenuKey(BaseModel):
    """What a key of the phone menu does."""

    model_config = ConfigDict(extra="forbid")

    digit: Annotated[str, Field(pattern=r"^[0-9#]$")]
    label: Annotated[str, Field(max_length=80)] = ""
    then: Literal["queue", "voicemail", "callback", "number", "hang_up"] = "queue"
    queue_id: int | None = None
    number: Annotated[str, Field(pattern=r"^(\+[0-9]{5,15})?$")] = ""


class CallManner(BaseModel):
    """How an account's calls are answered. Spoken words by language; where they are missing, the house's own."""

    model_config = ConfigDict(extra="forbid")

    greeting: Texts = {}
    closed: Texts = {}
    """Said outside of the business hours."""
    closed_then: Literal["voicemail", "callback", "hang_up"] = "voicemail"
    menu_prompt: Texts = {}
    menu: Annotated[list[MenuKey], Field(max_length=11)] = []
    record: bool = False
    recording_notice: bool = True
    """Callers are told that they are recorded, before anybody speaks."""
    voicemail: bool = True
    voicemail_greeting: Texts = {}
    recorded: dict[Spoken, dict[LanguageCode, int]] = {}
    """Files that are played instead of a synthetic voice, beside the words that they say."""
    most_voicemail_seconds: Annotated[int, Field(ge=10, le=600)] = 120
    announce_listening: bool = False
    """Callers are told when a supervisor joins."""

    @model_validator(mode="after")
    def _keys_lead_somewhere(self) -> CallManner:
        digits = [key.digit for key in self.menu]
        if len(set(digits)) != len(digits):
            raise Unfit("Two keys of the menu are the same.", why="keys_same")
        if any(key.then == "number" and not key.number for key in self.menu):
            raise Unfit("A key of the menu has no number to call.", why="key_number")
        if self.menu and not any(text.strip() for text in self.menu_prompt.values()):
            raise Unfit("A menu needs words that say what its keys do.", why="menu_words")
        return self


class Manner(BaseModel):
    """How an account behaves without anybody."""

    model_config = ConfigDict(extra="forbid")

    language: str = "en"
    """For people whose language nobody knows."""
    greeting: Texts = {}
    """Said once, when a conversation begins within the hours."""
    away: Texts = {}
    """Said once in a closed period, when somebody writes outside of the hours."""
    hours: BusinessHours | None = None
    """None: always open."""
    survey: bool = False
    """Ask how it went when a conversation is closed."""
    calls: CallManner = CallManner()
    fallback_account_id: int | None = None
    """By which account a message goes that could not be delivered by this one."""

    @model_validator(mode="after")
    def _absence_needs_hours(self) -> Manner:
        if any(text.strip() for text in self.away.values()) and self.hours is None:
            raise Unfit("An absence note needs business hours.", why="away_hours")
        return self


def checked(given: Mapping[str, Any]) -> Manner:
    """A manner as an administrator gives it. Raises Invalid, in words."""
    try:
        return Manner.model_validate(dict(given))
    except ValidationError as error:
        raise Unfitting("This is not right.", error, within="manner") from None


def read(stored: Mapping[str, Any] | None) -> Manner | None:
    """A manner as it is stored; none for an account that stays silent."""
    return Manner.model_validate(dict(stored)) if stored else None


def answer(manner: Manner, way: Way | None, language: str, now: Moment, *, is_new: bool) -> str:
    """What a machine says now to whoever wrote; empty for nothing. `is_new`: their words began a conversation."""
    if way is not None and (way.state is not ReachState.OK or _was_answered(way, now - DAY)):
        return ""
    since = hours.closed_since(manner.hours.read(), now) if manner.hours is not None else None
    if since is None:
        return said(manner.greeting, language, manner.language) if is_new else ""
    return "" if way is not None and _was_answered(way, since) else said(manner.away, language, manner.language)


def is_open(manner: Manner | None, now: Moment) -> bool:
    """Whether the account is within its business hours."""
    return manner is None or manner.hours is None or hours.is_open(manner.hours.read(), now)


def said(texts: Mapping[str, str], language: str, otherwise: str) -> str:
    """The text in the first of these languages that has one: theirs, its main part, the account's, any."""
    return texts.get(said_in(texts, language, otherwise), "").strip()


def said_in(texts: Mapping[str, str], language: str, otherwise: str) -> str:
    """The language of the text that `said` chooses; empty where there is none."""
    wanted = (language, language.partition("-")[0], otherwise, *texts)
    return next((one for one in wanted if texts.get(one, "").strip()), "")


def _was_answered(way: Way, since: Moment) -> bool:
    return way.answered_at is not None and way.answered_at >= since
