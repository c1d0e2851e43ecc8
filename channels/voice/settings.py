"""What an administrator sets for calls by Twilio."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from channels.contract.dialled import Countries, Prefixes
from channels.twilio.settings import TwilioCredentials
from crm_core.words.addresses import phone
from crm_core.words.dialling import DialPlan, country_of
from crm_core.words.errors import Invalid, Unfit

MUSIC: Final = "http://com.twilio.sounds.music.s3.amazonaws.com/MARKOVICHAMP-Borghestral.mp3"
"""Twilio's own, as its documentation of waiting lines plays it."""


def _number(raw: str) -> str:
    try:
        return phone(raw).value
    except Invalid as error:
        raise Unfit("A number with its country code, such as +1 415 555 0111.", why="number_like") from error


def _address(raw: str) -> str:
    text = raw.strip()
    if text and not text.startswith(("https://", "http://")):
        raise Unfit("The address of a sound begins with https://.", why="sound_https")
    return text


class VoiceSettings(TwilioCredentials):
    """An account of calls. With an API key agents talk in their browsers; without one on their own telephones."""

    number: Annotated[str, AfterValidator(_number)] = Field(title="Number")
    """A number of the account: callers call it, and people who are called see it."""
    more_numbers: list[Annotated[str, AfterValidator(_number)]] = Field([], title="More numbers")
    """Numbers of the account whose calls come here too."""
    music: Annotated[str, AfterValidator(_address)] = Field(MUSIC, title="Hold music")
    """Where Twilio finds what callers hear while they wait, unless the queue has a file of its own."""
    patience: str = Field("One moment, please.", max_length=200, title="Said when the hub is slow")
    countries: Countries = Field([], title="Countries that may be called")
    """Two letters each; none: the number's own country."""
    prefixes: Prefixes = Field([], title="Prefixes that may be called besides")
    """Such as +4420."""
    forbidden: Prefixes = Field([], title="Prefixes that are never called")
    agent_minute: int = Field(10, ge=1, le=1_000, title="Numbers an agent may call within a minute")
    account_minute: int = Field(60, ge=1, le=10_000, title="Numbers all agents may call within a minute")
    day_cost: float | None = Field(50.0, ge=0, title="What calls may cost in 24 hours")
    """In the currency of the Twilio account; calling out stops there. Empty: no limit."""
    assumed_minute: float = Field(
        0.05,
        ge=0,
        title="What a minute counts as until it has a price",
        description="Twilio tells prices after a while. Until then a minute counts as the dearest of the last 24 "
        "hours, and as this much at least.",
    )

    @property
    def numbers(self) -> frozenset[str]:
        """All numbers of the account, in E.164."""
        return frozenset({self.number, *self.more_numbers})

    @property
    def further(self) -> tuple[str, ...]:
        """The account's numbers beside its first, in the administrator's order."""
        return tuple(dict.fromkeys(one for one in self.more_numbers if one != self.number))

    def dial_plan(self, region: str) -> DialPlan:
        """What may be called; `region` is the house's country, where numbers without a country code are read."""
        own = country_of(self.number)
        return DialPlan(
            region=region or own,
            countries=frozenset(self.countries or [own]) - {""},
            allowed=tuple(self.prefixes),
            forbidden=tuple(self.forbidden),
            own=self.numbers,
            agent_minute=self.agent_minute,
            account_minute=self.account_minute,
            day_cost=self.day_cost,
            assumed_minute=self.assumed_minute,
        )


def identity(settings: VoiceSettings) -> dict[str, str]:
    """By what Twilio's list of calls is asked."""
    return {"account_sid": settings.account_sid, "number": settings.number}
