"""The accounts that carry calls, as they stand open now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from channels.contract import CarriesCalls, PhonePass, PhoneWanted
from hub.desk.calls.dialling import Line
from hub.desk.inbound import Source
from hub.machinery.accounts import Accounts, Open


@dataclass(frozen=True, slots=True)
class LineShown:
    """A line as consoles see it."""

    account_id: int
    name: str
    media: str
    number: str
    dials_numbers: bool
    records: bool
    listens_in: bool


@dataclass(frozen=True, slots=True)
class Lent:
    """A softphone that was made for a tab."""

    account_id: int
    phone: PhonePass


class Lines:
    """Asked by the doors. One per house."""

    def __init__(self, accounts: Accounts, source: Callable[[Open], Source]) -> None:
        self._accounts = accounts
        self._source = source

    def by_id(self, account_id: int) -> Line | None:
        """The line of an account; none while it is closed, or carries no calls."""
        opened = self._accounts.by_id(account_id)
        return None if opened is None else self._line(opened)

    def calling_out(self, account_id: int | None) -> Line | None:
        """The line that a call goes out by: the one asked for, else the first that can call numbers."""
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
                dials_numbers=line.calling.dials_numbers,
                records=line.calling.records,
                listens_in=line.calling.listens_in,
            )
            for opened in self._accounts.everyone()
            if (line := self._line(opened)) is not None
        ]

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
