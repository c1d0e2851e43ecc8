"""How long the channel waits for whom. One value, so that tests wait for nobody."""

from __future__ import annotations

from dataclasses import dataclass

from crm_core.words.clock import DAY, Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds, unless a name says otherwise."""

    connect: float = 10.0
    """To reach a server and agree on encryption."""
    answer: float = 15.0
    """Between two signs of life while an answer is due. With `poll` it bounds how long a dead server is believed."""
    poll: float = 40.0
    """Longest time in IDLE, and between two looks where there is none."""
    pause: float = 1.0
    """Before the first new try after a connection was lost; doubled from try to try."""
    tries: int = 4
    """Connections lost in a row before the hub is told."""
    send: float = 60.0
    """For each answer of the server that takes our mail."""
    taken: float = 180.0
    """For the server's word that it has our mail: the one that must not be missed."""
    examine: float = 8.0
    """For all of a connection test."""
    between_sweeps: Moment = DAY
    """Milliseconds between two comparisons of all mail there with all mail fetched."""
    session: float = 120.0
    """For a silent mail server that delivers to us."""


PATIENT = Patience()
