"""The figures of this process, in Prometheus' form. No label holds a person or an address.

Whoever has a figure to tell calls a function here; what can be asked is asked when `/metrics` is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from crm_core.store.journal import Committed
from crm_core.words.events import OfferChanged
from crm_core.words.values import OfferState, QueueValue

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

_MESSAGES: Final = Counter("hub_messages_total", "Messages stored or sent.", ["direction", "channel"])
_OFFERS: Final = Counter("hub_offers_total", "Offers that were made and how they ended.", ["outcome"])
_DIALS_REFUSED: Final = Counter("hub_dials_refused_total", "Numbers that agents wanted called and were not.", ["why"])
_SOCKETS: Final = Gauge("hub_sockets", "Open WebSockets.", ["side"])
_WRITE_SECONDS: Final = Histogram(
    "hub_write_seconds",
    "Seconds from handing in a write to knowing that it is durable: the longest of each commit.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15),
)
_BATCH: Final = Histogram("hub_commit_units", "Writes in one commit.", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256))
_EVENTS: Final = Counter("hub_events_total", "Events committed to the journal by this process.")

_OUTCOMES: Final = {
    OfferState.PENDING: "made",
    OfferState.ACCEPTED: "accepted",
    OfferState.DECLINED: "declined",
    OfferState.TIMED_OUT: "timed_out",
    OfferState.WITHDRAWN: "withdrawn",
}


def message_in(channel: str) -> None:
    """A message of a contact was stored."""
    _MESSAGES.labels("in", channel).inc()


def message_out(channel: str) -> None:
    """A message of ours was taken by its channel."""
    _MESSAGES.labels("out", channel).inc()


def dial_refused(why: str) -> None:
    """A number that an agent wanted called was not; `why` is a code of `crm_core.words.dialling`."""
    _DIALS_REFUSED.labels(why).inc()


@contextmanager
def open_socket(side: str) -> Iterator[None]:
    """A WebSocket is open for as long as this is; `side` is console or visitor."""
    with _SOCKETS.labels(side).track_inprogress():
        yield


def commit_done(units: int, seconds: float) -> None:
    """A commit of so many writes is durable, the longest of which took `seconds`. Give it to `Database.measured`."""
    _BATCH.observe(units)
    _WRITE_SECONDS.observe(seconds)


def heard(events: Sequence[Committed]) -> None:
    """Count what was committed here. Give it to `Database.subscribe`, which tells of this process only."""
    _EVENTS.inc(len(events))
    for committed in events:
        if isinstance(committed.event, OfferChanged):
            _OFFERS.labels(_OUTCOMES[committed.event.offer.state]).inc()


def page(queues: Iterable[QueueValue] = (), *, waiting_writes: int = 0) -> bytes:
    """Every figure, as `/metrics` answers; the arguments are figures of this moment."""
    asked = [_waiting(queues), GaugeMetricFamily("hub_writes_waiting", "Writes not durable yet.", value=waiting_writes)]
    return generate_latest(_Together(asked))


class _Together(Collector):
    """The process' registry and figures that are asked for at this moment only."""

    def __init__(self, asked: Sequence[Metric]) -> None:
        self._asked = asked

    def collect(self) -> Iterator[Metric]:
        yield from REGISTRY.collect()
        yield from self._asked


def _waiting(queues: Iterable[QueueValue]) -> GaugeMetricFamily:
    family = GaugeMetricFamily("hub_queue_waiting", "Conversations waiting for an agent.", labels=["queue"])
    for queue in queues:
        if not queue.archived:
            family.add_metric([queue.name], queue.waiting)
    return family
