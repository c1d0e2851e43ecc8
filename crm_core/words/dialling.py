"""Which numbers may be called out, how often and for how much: the same rules for whoever carries the call. Pure.

Against toll fraud: whoever steals an agent's session or an account's key calls premium numbers of their own by the
thousand. A number is allowed by its country or prefix, never by default: `+1 876` and `+1 809` look like numbers of
the United States and are not (numbering plans by libphonenumber; ITU-T E.164 Annex A for the `+88x` networks).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

import phonenumbers

from crm_core.words.addresses import phone
from crm_core.words.clock import DAY, MINUTE, Moment
from crm_core.words.errors import HubError, Invalid

EMERGENCY: Final = frozenset({"112", "911", "999", "000", "110", "118", "119", "101", "102", "103", "104", "15", "17"})
"""Called nowhere from here, whatever the country: a hub knows no place to send help to."""
COSTLY: Final = ("+870", "+878", "+881", "+882", "+883", "+888", "+979", "+991")
"""Satellites, networks without a country, and international premium numbers."""
_FEWEST: Final = 6
"""Digits after the country code below which a number is a short code."""
_EXTENSIONS: Final = re.compile(r"([0-9]{1,6})(?:-([0-9]{1,6}))?")
_PREMIUM: Final = frozenset(
    {phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.PERSONAL_NUMBER,
     phonenumbers.PhoneNumberType.PAGER}
)  # fmt: skip


class Why(StrEnum):
    """Why a number is not called."""

    NO_NUMBER = "no_number"
    EMERGENCY = "emergency"
    SHORT = "short"
    OWN = "own"
    FORBIDDEN = "forbidden"
    COSTLY = "costly"
    PREMIUM = "premium"
    COUNTRY = "country"
    AGENT_RATE = "agent_rate"
    ACCOUNT_RATE = "account_rate"
    COST = "cost"


_WORDS: Final[dict[Why, str]] = {
    Why.NO_NUMBER: "This is not a phone number that can be called.",
    Why.EMERGENCY: "Emergency numbers are not called from here. Use another telephone.",
    Why.SHORT: "Short numbers are not called from here.",
    Why.OWN: "This is a number of ours.",
    Why.FORBIDDEN: "Numbers like this one are not called by this account.",
    Why.COSTLY: "Satellite and international premium numbers are not called from here.",
    Why.PREMIUM: "Premium numbers are not called from here.",
    Why.COUNTRY: "This account does not call this country.",
    Why.AGENT_RATE: "You have called too many numbers within a minute. Wait a little.",
    Why.ACCOUNT_RATE: "This account has called too many numbers within a minute. Wait a little.",
    Why.COST: "This account has spent what it may spend on calls in a day.",
}


class DialRefused(HubError):
    """This number is not called. `why` is the reason as a code."""

    code: ClassVar[str] = "dial_refused"
    status: ClassVar[int] = 422

    def __init__(self, why: Why) -> None:
        super().__init__(_WORDS[why], why=why)


@dataclass(frozen=True, slots=True, kw_only=True)
class DialPlan:
    """What an account may call."""

    region: str = ""
    """The country (ISO 3166 alpha-2) in which numbers without a country code are read."""
    countries: frozenset[str] = frozenset()
    allowed: tuple[str, ...] = ()
    """Prefixes in E.164, such as `+4420`, that are called beside the countries."""
    forbidden: tuple[str, ...] = ()
    own: frozenset[str] = frozenset()
    """Numbers in E.164 that would ring ourselves."""
    extensions: tuple[tuple[str, str], ...] = ()
    """Extensions of the house's own exchange that agents may have rung, from and to (`read_extensions`)."""
    agent_minute: int = 10
    """Numbers that one agent may call within a minute."""
    account_minute: int = 60
    day_cost: float | None = None
    """What calls may cost within 24 hours, in the provider's currency; none: whatever."""
    assumed_minute: float = 0.0
    """What a minute counts as at least whose price is not known yet; see `DialMeter.day_cost`."""
    alarming: int = 20
    """Refusals within a minute that somebody should look at."""


def may_call(raw: str, plan: DialPlan) -> str:
    """The number in E.164, if it may be called at all. Raises DialRefused.

    Anything but digits and their usual separators is refused before it is read: `sip:`, `client:`, `whatsapp:`.
    """
    digits = "".join(c for c in raw if c in "0123456789")
    if digits in EMERGENCY or digits.removeprefix("1") in {"911", "112"}:
        raise DialRefused(Why.EMERGENCY)
    try:
        number = phone(raw, region=plan.region or None).value
    except Invalid as error:
        raise DialRefused(
            Why.SHORT if raw.strip() == digits and 0 < len(digits) < _FEWEST else Why.NO_NUMBER
        ) from error
    if number in plan.own:
        raise DialRefused(Why.OWN)
    if number.startswith(COSTLY):
        raise DialRefused(Why.COSTLY)
    if any(number.startswith(prefix) for prefix in plan.forbidden):
        raise DialRefused(Why.FORBIDDEN)
    parsed = phonenumbers.parse(number, None)
    if len(str(parsed.national_number)) < _FEWEST:
        raise DialRefused(Why.SHORT)
    if phonenumbers.number_type(parsed) in _PREMIUM:
        raise DialRefused(Why.PREMIUM)
    by_prefix = any(number.startswith(prefix) for prefix in plan.allowed)
    if not by_prefix and phonenumbers.region_code_for_number(parsed) not in plan.countries:
        raise DialRefused(Why.COUNTRY)
    return number


def may_ring(raw: str, plan: DialPlan) -> str:
    """An agent's own telephone: an extension of the exchange, else a number that may be called. Raises DialRefused."""
    text = raw.strip()
    is_extension = any(len(text) == len(first) and first <= text <= last for first, last in plan.extensions)
    if text.isascii() and text.isdecimal() and is_extension and text not in EMERGENCY:
        return text
    return may_call(raw, plan)


def may_be_rung(raw: str, plans: Sequence[DialPlan]) -> str:
    """An agent's own telephone that at least one of the lines may call. Raises DialRefused.

    A house without a rule of its own still calls no emergency, short, premium or satellite numbers.
    """
    refused: DialRefused | None = None
    for plan in plans or (DialPlan(countries=frozenset({_country(raw)})),):
        try:
            return may_ring(raw, plan)
        except DialRefused as error:
            refused = refused or error
    assert refused is not None, "there is always a plan"
    raise refused


def read_extensions(ranges: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """`101` and `200-299`, as pairs of first and last of equal length. Raises Invalid, in words."""
    return tuple(_range(one) for one in ranges)


def _range(text: str) -> tuple[str, str]:
    found = _EXTENSIONS.fullmatch(text)
    first, last = (found[1], found[2] or found[1]) if found else ("", "")
    if not first or len(first) != len(last) or first > last:
        raise Invalid(
            "{extension} is no extension. They look like 101, or 200-299.", why="no_extension", extension=text
        )
    return first, last


def _country(raw: str) -> str:
    try:
        return country_of(phone(raw).value)
    except Invalid:
        return ""


def country_of(number: str) -> str:
    """The country (ISO 3166 alpha-2) of a number in E.164; empty for none."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number, None)) or ""
    except phonenumbers.NumberParseException:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One call that went out, by its name: when it began, and what it comes to."""

    name: str
    at: Moment
    minutes: int
    """Begun so far; 0 for one that nobody answered."""
    price: float | None = None
    """None while the provider has not told it."""
    agent_id: int | None = None
    """Who called, where that is known."""


def minutes_of(began: Moment, ended: Moment) -> int:
    """Begun minutes, as calls are charged: at least one."""
    return max(1, -(-(ended - began) // MINUTE))


class DialMeter:
    """How much an account has called lately: `called`, when and by whom, is what was before this process began."""

    def __init__(self, called: Iterable[tuple[Moment, int | None]] = ()) -> None:
        self._called: deque[tuple[Moment, int | None]] = deque(sorted(called, key=lambda one: one[0]))
        self._refused: deque[Moment] = deque()
        self._spent: dict[str, Charge] = {}
        self._told_at: Moment = 0
        self.alarmed_at: Moment | None = None
        """When somebody should have looked last: many refusals, or a limit of the account was reached."""

    # house: parameters because somebody asks for a number by a plan, now, for a reason
    def ask(self, raw: str, plan: DialPlan, *, agent_id: int | None, now: Moment, is_promised: bool = False) -> str:
        """The number in E.164, counted as called. Raises DialRefused, which counts as well.

        `is_promised`: who is called asked for it, so that a refusal alarms nobody.
        """
        self._forget(now)
        try:
            number = may_call(raw, plan)
            self._within(plan, agent_id)
        except DialRefused as error:
            if is_promised:
                raise
            self._refused.append(now)
            if error.why in (Why.ACCOUNT_RATE, Why.COST) or len(self._refused) >= plan.alarming:
                self.alarmed_at = now
            raise
        self._called.append((now, agent_id))
        return number

    def spent(self, charges: Iterable[Charge], *, now: Moment) -> None:
        """What calls come to, as it is known now. The same call again replaces itself."""
        self._told_at = now
        for one in charges:
            self._spent[one.name] = one

    def day_cost(self, assumed_minute: float = 0.0) -> float:
        """What the calls of the last 24 hours cost.

        A minute without a price counts as the dearest that has one, and as `assumed_minute` at least. Whoever was
        called since prices were told last counts as one minute.
        """
        known = [one for one in self._spent.values() if one.price is not None]
        dearest = max((one.price / max(1, one.minutes) for one in known if one.price is not None), default=0.0)
        waiting = sum(one.minutes for one in self._spent.values() if one.price is None)
        waiting += sum(at > self._told_at for at, _ in self._called)
        return sum(one.price or 0.0 for one in known) + waiting * max(assumed_minute, dearest)

    def _within(self, plan: DialPlan, agent_id: int | None) -> None:
        if len(self._called) >= plan.account_minute:
            raise DialRefused(Why.ACCOUNT_RATE)
        if agent_id is not None and sum(who == agent_id for _, who in self._called) >= plan.agent_minute:
            raise DialRefused(Why.AGENT_RATE)
        if plan.day_cost is not None and self.day_cost(plan.assumed_minute) >= plan.day_cost:
            raise DialRefused(Why.COST)

    def _forget(self, now: Moment) -> None:
        while self._called and self._called[0][0] <= now - MINUTE:
            self._called.popleft()
        while self._refused and self._refused[0] <= now - MINUTE:
            self._refused.popleft()
        for name in [name for name, one in self._spent.items() if one.at <= now - DAY]:
            del self._spent[name]
