"""Tickets for the console's socket: made over HTTP by somebody signed in, used once, within 30 seconds."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from crm_core.words.clock import SECOND, Clock, Moment
from crm_core.words.ids import new_token

LASTS: Final[Moment] = 30 * SECOND
_MOST: Final = 100_000


@dataclass(frozen=True, slots=True)
class Ticket:
    """Whom a ticket lets in. `from_browser` is false when a bearer token made it: such a client sends no Origin."""

    agent_id: int
    session_id: int
    from_browser: bool
    until: Moment


class Tickets:
    """The tickets not used yet. In memory: one is redeemed at the process that made it, half a minute later at most."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: OrderedDict[str, Ticket] = OrderedDict()

    def make(self, agent_id: int, session_id: int, *, from_browser: bool) -> str:
        """A new ticket's text."""
        self._forget_old()
        text = new_token()
        self._open[text] = Ticket(agent_id, session_id, from_browser, self._clock() + LASTS)
        return text

    def redeem(self, text: str) -> Ticket | None:
        """The ticket, once and in time; else none."""
        ticket = self._open.pop(text, None)
        return ticket if ticket is not None and self._clock() < ticket.until else None

    def _forget_old(self) -> None:
        now = self._clock()
        while self._open and (len(self._open) >= _MOST or next(iter(self._open.values())).until <= now):
            self._open.popitem(last=False)
