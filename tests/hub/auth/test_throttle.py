"""Tries are limited per key, and come back as time passes."""

from __future__ import annotations

import pytest

from crm_core.words.clock import SECOND
from crm_core.words.errors import TooMany
from hub.auth.throttle import Throttle, peer_key
from tests.peers.clock import VirtualClock


def test_tries_run_out_and_come_back_one_by_one(clock: VirtualClock) -> None:
    throttle = Throttle(clock, most=3, every=10 * SECOND)
    for _ in range(3):
        throttle.take("ada")

    with pytest.raises(TooMany) as refused:
        throttle.take("ada")
    assert refused.value.facts["retry_after"] == 10

    clock.advance(10 * SECOND)
    throttle.take("ada")
    with pytest.raises(TooMany):
        throttle.take("ada")


def test_one_key_does_not_spend_anothers_tries(clock: VirtualClock) -> None:
    throttle = Throttle(clock, most=1, every=SECOND)
    throttle.take("ada")

    throttle.take("grace")
    with pytest.raises(TooMany):
        throttle.take("ada")


def test_a_good_try_does_not_count(clock: VirtualClock) -> None:
    throttle = Throttle(clock, most=1, every=SECOND)
    for _ in range(5):
        throttle.take("ada")
        throttle.give_back("ada")

    throttle.take("ada")
    with pytest.raises(TooMany):
        throttle.take("ada")


def test_a_clock_that_steps_back_frees_nobody_and_locks_nobody_out(clock: VirtualClock) -> None:
    moments = [clock() + SECOND, clock()]
    throttle = Throttle(lambda: moments[0] if len(moments) == 1 else moments.pop(0), most=2, every=SECOND)

    throttle.take("ada")
    throttle.take("ada")
    with pytest.raises(TooMany):
        throttle.take("ada")


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_a_customers_whole_ipv6_network_is_one_peer(address: str, key: str) -> None:
    assert peer_key(address) == key
