from __future__ import annotations

from typing import Any

import pytest

from crm_core.words.content import Medium
from routing.model import Capacity, Queue, Strategy

ONE = Capacity(most={Medium.CHAT: 1})


def test_higher_priority_goes_first_then_the_longer_wait_then_the_lower_id(house: Any) -> None:
    house.work(1, priority=0, virtual_start=10)
    house.work(2, priority=1, virtual_start=90)
    house.work(4, priority=1, virtual_start=50)
    house.work(3, priority=1, virtual_start=50)
    house.agent(7)
    assert house.offers() == [(3, 7), (4, 7), (2, 7), (1, 7)]


def test_the_order_holds_across_all_queues_of_an_agent(house: Any) -> None:
    house.work(1, queue_id=2, virtual_start=10)
    house.work(2, queue_id=1, virtual_start=20)
    house.work(3, queue_id=2, virtual_start=30)
    house.agent(7, queues=frozenset({1, 2}))
    assert [work for work, _ in house.offers()] == [1, 2, 3]


def test_the_backlog_drains_in_order_as_an_agent_frees_up(house: Any) -> None:
    for work_id in (3, 1, 2):
        house.work(work_id)
    house.agent(7, capacity=ONE, used={Medium.CHAT: 1})
    assert house.offers() == []
    for expected in (1, 2, 3):
        house.agent(7, capacity=ONE, used={})
        assert house.offers() == [(expected, 7)]
        assert house.offers() == []


def test_requeued_work_keeps_its_place(house: Any) -> None:
    first = house.work(1)
    house.work(2)
    house.agent(7, capacity=ONE)
    assert house.offers() == [(1, 7)]
    house.engine.set_work(first)
    assert house.engine.position(1) == 1
    assert house.engine.position(2) == 2


def test_the_position_counts_only_the_own_queue(house: Any) -> None:
    house.work(1, queue_id=2)
    house.work(2)
    house.work(3, skills={"french": 1})
    house.work(4, medium=Medium.CALL, priority=9)
    assert [house.engine.position(work_id) for work_id in (4, 2, 3, 1)] == [1, 2, 3, 1]


def test_work_that_does_not_wait_has_no_position(house: Any) -> None:
    house.work(1)
    house.engine.remove_work(1)
    with pytest.raises(KeyError):
        house.engine.position(1)


def test_the_longest_idle_agent_is_chosen_and_goes_behind(house: Any) -> None:
    for agent_id in (1, 2, 3):
        house.agent(agent_id, idle_since=100 - agent_id)
    for work_id in (11, 12, 13, 14):
        house.work(work_id)
    assert house.offers() == [(11, 3), (12, 2), (13, 1), (14, 1)]


def test_somebody_who_holds_a_chat_is_not_idle_however_long_ago_it_was_given(house: Any) -> None:
    house.agent(1, idle_since=10, used={Medium.CHAT: 1})
    house.agent(2, idle_since=99_000)
    house.work(11)
    assert house.offers() == [(11, 2)]


def test_the_least_busy_agent_is_chosen_by_share_of_their_own_capacity(house: Any) -> None:
    house.engine.set_queue(Queue(id=1, strategy=Strategy.LEAST_BUSY))
    house.agent(1, used={Medium.CHAT: 1}, capacity=Capacity(total=50))
    house.agent(2, used={Medium.CHAT: 1}, capacity=Capacity(total=100))
    house.work(11)
    assert house.offers() == [(11, 2)]


def test_an_offer_stands_as_long_as_its_queue_says_for_the_medium(house: Any) -> None:
    house.engine.set_queue(Queue(id=1, offer_ms={Medium.CHAT: 7_000}))
    house.agent(1)
    house.work(11)
    house.work(12, medium=Medium.MAIL)
    assert [made.offer_ms for made in house.engine.assign(house.now)] == [7_000, 300_000]


def test_work_in_a_queue_that_was_removed_waits_until_it_is_back(house: Any) -> None:
    house.agent(1)
    house.work(11)
    house.engine.remove_queue(1)
    assert house.offers() == []
    house.engine.set_queue(Queue(id=1))
    assert house.offers() == [(11, 1)]


def test_a_lost_race_is_put_right_with_the_facts(house: Any) -> None:
    agent = house.agent(1, capacity=ONE)
    work = house.work(11)
    assert house.offers() == [(11, 1)]
    house.engine.set_agent(agent)
    house.engine.set_work(work)
    assert house.offers() == [(11, 1)]


def test_asking_for_one_agent_changes_nothing(house: Any) -> None:
    house.agent(1)
    house.work(11)
    house.work(12, priority=1)
    assert house.engine.for_agent(1, house.now).id == 12
    assert house.decide(11).agent_id == 1
    assert house.offers() == [(12, 1), (11, 1)]
    assert house.engine.for_agent(1, house.now) is None


def test_thousands_of_different_demands_that_came_and_went_are_forgotten(house: Any) -> None:
    house.agent(1, skills={f"skill {number}": 1 for number in range(5_000)})
    house.work(11, skills={"skill 7": 1}, excluded=frozenset({1}))
    for number in range(5_000):
        house.work(12, skills={f"skill {number}": 1})
        house.engine.remove_work(12)
    assert len(house.engine._backlog.buckets) <= 4_000
    house.work(11, skills={"skill 7": 1})
    assert house.offers() == [(11, 1)]
