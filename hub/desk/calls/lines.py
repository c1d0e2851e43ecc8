"""The accounts that carry calls, as they stand open now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from channels.contract import CarriesCalls, PhonePass, PhoneWanted
from crm_core.calls import queries
from crm_core.store.database import Database
from crm_core.words.clock import DAY, MINUTE, Clock, Moment
from crm_core.words.dialling import Charge, DialMeter, DialPlan, DialRefused
from crm_core.words.errors import Invalid
from hub import metrics
from hub.desk.calls.dialling import Line
from hub.desk.inbound import Source
from hub.machinery.accounts import Accounts, Open

QUIET: Final[Moment] = 10 * MINUTE
"""How long nobody is alarmed again of the same line."""
Costs = Callable[[int, Moment], Awaitable[Sequence[Charge]]]
"""What the calls of an account come to that went out since a moment."""
ALARM: Final = "Somebody tries to call numbers that may not be called, or far too many. See who in the log."

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LineShown:
    """A line as consoles see it."""

    account_id: int
    name: str
    media: str
    number: str
    more_numbers: tuple[str, ...]
    dials_numbers: bool
    records: bool
    listens_in: bool


@dataclass(frozen=True, slots=True)
class Lent:
    """A softphone that was made for a tab."""

    account_id: int
    phone: PhonePass


def costs_in(db: Database) -> Costs:
    """What calls cost, as the database knows it."""

    async def ask(account_id: int, since: Moment) -> Sequence[Charge]:
        return await db.read(queries.costs, account_id, since)

    return ask


def shown_as(line: Line, number: str) -> Line:
    """The line with another of its own numbers as its caller id. Raises Invalid when it is none of them."""
    if number not in (line.number, *line.calling.more_numbers):
        raise Invalid("This number does not belong to the line.", why="not_our_number")
    return replace(line, number=number)


class Lines:
    """Asked by the doors. One per house."""

    def __init__(self, accounts: Accounts, source: Callable[[Open], Source], clock: Clock, costs: Costs) -> None:
        self._accounts = accounts
        self._source = source
        self._clock = clock
        self._costs = costs
        self._meters: dict[int, DialMeter] = {}
        self._alarmed: dict[int, Moment] = {}
        self._priced: dict[int, Moment] = {}
        """When it was asked last what the calls of an account cost."""

    def by_id(self, account_id: int) -> Line | None:
        """The line of an account; none while it is closed, or carries no calls."""
        opened = self._accounts.by_id(account_id)
        return None if opened is None else self._line(opened)

    def calling_out(self, account_id: int | None, number: str = "") -> Line | None:
        """The line that a call goes out by: the one asked for, else the first that can call numbers.

        `number` is the caller id in E.164; none: the account's first. Raises Invalid for a number of somebody else.
        """
        line = self._calling_out(account_id)
        return line if line is None or not number else shown_as(line, number)

    def _calling_out(self, account_id: int | None) -> Line | None:
        if account_id is not None:
            return self.by_id(account_id)
        found = [self._line(opened) for opened in sorted(self._accounts.everyone(), key=lambda o: o.account.id)]
        return next((line for line in found if line is not None and line.calling.dials_numbers), None)

    def everyone(self) -> Sequence[LineShown]:
        """Every open line."""
        return [
            LineShown(
                account_id=opened.account.id,
                name=opened.account.name,
                media=line.calling.media,
                number=line.number,
                more_numbers=line.calling.more_numbers,
                dials_numbers=line.calling.dials_numbers,
                records=line.calling.records,
                listens_in=line.calling.listens_in,
            )
            for opened in self._accounts.everyone()
            if (line := self._line(opened)) is not None
        ]

    def plans(self) -> Sequence[DialPlan]:
        """What the open lines that call out may call."""
        lines = [self._line(opened) for opened in self._accounts.everyone()]
        known = [line.calling.dial_plan for line in lines if line is not None and line.calling.dials_numbers]
        return [plan for plan in known if plan is not None]

    async def count(self, line: Line, number: str, agent_id: int, *, is_promised: bool = False) -> None:
        """An agent wants a number called: count it, before anything of it is stored. Raises DialRefused.

        `is_promised`: the hub itself asks the agent to call back who wanted it, so that a refusal alarms nobody. Other
        refusals are figures and lines in the log; too many of them an alarm, which administrators see at the account.
        """
        plan, account_id, now = line.calling.dial_plan, line.source.account_id, self._clock()
        if plan is None:
            return
        meter = await self._meter(account_id, now)
        if plan.day_cost is not None and now - self._priced.get(account_id, 0) >= MINUTE:
            self._priced[account_id] = now
            meter.spent(await self._costs(account_id, now - DAY), now=now)
        try:
            meter.ask(number, plan, agent_id=agent_id, now=now, is_promised=is_promised)
        except DialRefused as error:
            metrics.dial_refused(error.why)
            log.warning("a number was not called", account=account_id, why=str(error.why), agent=agent_id)
            if meter.alarmed_at == now:
                await self._alarm(account_id, now)
            raise

    async def _meter(self, account_id: int, now: Moment) -> DialMeter:
        """The account's meter, which knows of the last minute before this process began."""
        if account_id not in self._meters:
            earlier = await self._costs(account_id, now - MINUTE)
            self._meters.setdefault(account_id, DialMeter((one.at, one.agent_id) for one in earlier))
        return self._meters[account_id]

    async def _alarm(self, account_id: int, now: Moment) -> None:
        last = self._alarmed.get(account_id)
        if last is not None and now - last < QUIET:
            return
        self._alarmed[account_id] = now
        log.error("somebody tries to call what they may not, or far too much", account=account_id)
        await self._accounts.warn(account_id, ALARM)

    async def lend(self, account_id: int, wanted: PhoneWanted) -> Lent | None:
        """A softphone of an account for a tab; none while the account is closed, or carries no calls."""
        opened = self._accounts.by_id(account_id)
        if opened is None or not isinstance(opened.channel, CarriesCalls):
            return None
        return Lent(account_id, await opened.channel.lend(wanted))

    def carrier(self, account_id: int) -> CarriesCalls | None:
        """The open channel of an account, for the socket of a softphone."""
        opened = self._accounts.by_id(account_id)
        return opened.channel if opened is not None and isinstance(opened.channel, CarriesCalls) else None

    def _line(self, opened: Open) -> Line | None:
        if not isinstance(opened.channel, CarriesCalls):
            return None
        calling = opened.channel.calling
        return Line(
            source=self._source(opened),
            calling=calling,
            number=calling.number,
            region=opened.account.region or None,
        )
