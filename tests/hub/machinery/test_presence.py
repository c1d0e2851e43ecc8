from __future__ import annotations

from hub.machinery.presence import GRACE, Presence
from tests.peers.clock import VirtualClock


class Record:
    def __init__(self, clock: VirtualClock) -> None:
        self.gone: list[int] = []
        self.seen: list[tuple[int, bool]] = []
        self.presence = Presence(clock, gone=self.gone.append, seen=lambda agent, here: self.seen.append((agent, here)))


def test_an_agent_is_gone_a_minute_after_the_last_console_closed(clock: VirtualClock) -> None:
    record = Record(clock)
    presence = record.presence
    presence.came(1)
    presence.came(1)
    presence.left(1)
    clock.advance(10 * GRACE)
    presence.tick()
    assert presence.is_connected(1)
    presence.left(1)
    assert presence.is_present(1)
    assert not presence.is_connected(1)
    clock.advance(GRACE - 1)
    presence.tick()
    assert record.gone == []
    assert presence.next_wake() == clock() + 1
    clock.advance(1)
    presence.tick()
    assert record.gone == [1]
    assert record.seen == [(1, True), (1, False)]
    assert presence.next_wake() is None


def test_a_reload_within_the_grace_is_not_noticed(clock: VirtualClock) -> None:
    record = Record(clock)
    record.presence.came(1)
    record.presence.left(1)
    clock.advance(GRACE // 2)
    record.presence.came(1)
    clock.advance(GRACE)
    record.presence.tick()
    assert record.gone == []
    assert record.seen == [(1, True)]


def test_those_expected_after_a_restart_have_a_minute_to_come_back(clock: VirtualClock) -> None:
    record = Record(clock)
    record.presence.expect([1, 2])
    assert record.presence.present() == {1, 2}
    record.presence.came(1)
    clock.advance(GRACE)
    record.presence.tick()
    assert record.gone == [2]
    assert record.presence.present() == {1}


def test_leaving_twice_is_harmless(clock: VirtualClock) -> None:
    record = Record(clock)
    record.presence.left(1)
    assert record.presence.present() == frozenset()
