"""A ticket opens one socket, once, soon."""

from __future__ import annotations

from hub.auth.tickets import LASTS, Tickets
from tests.peers.clock import VirtualClock


def test_a_ticket_works_once(clock: VirtualClock) -> None:
    tickets = Tickets(clock)
    text = tickets.make(7, 8, from_browser=True)

    ticket = tickets.redeem(text)
    assert ticket is not None
    assert (ticket.agent_id, ticket.session_id, ticket.from_browser) == (7, 8, True)
    assert tickets.redeem(text) is None


def test_a_ticket_runs_out_after_half_a_minute(clock: VirtualClock) -> None:
    tickets = Tickets(clock)
    early, late = tickets.make(7, 8, from_browser=True), tickets.make(7, 8, from_browser=True)

    clock.advance(LASTS - 1)
    assert tickets.redeem(early) is not None
    clock.advance(1)
    assert tickets.redeem(late) is None


def test_a_guess_opens_nothing(clock: VirtualClock) -> None:
    tickets = Tickets(clock)
    text = tickets.make(7, 8, from_browser=True)

    assert tickets.redeem("") is None
    assert tickets.redeem(text.swapcase()) is None
    assert tickets.redeem(text) is not None
