from __future__ import annotations

import json
from typing import Any

import pytest

from crm_core.words.content import Medium
from routing.explanation import _COUNTED, _OUTCOMES, _VERDICTS, VERDICTS_SHOWN, Because, Reason, duration


def test_an_explanation_reads_as_plain_english(house: Any) -> None:
    house.now = 1_000_000
    house.agent(1, idle_since=700_000)
    house.agent(2, idle_since=800_000)
    house.agent(3, skills={"french": 1}, used={Medium.CALL: 1})
    house.agent(4, wrap_up_until=1_042_500)
    house.agent(5, queues=frozenset({2}))
    house.work(11)
    names = {1: "Ada", 2: "Bo", 3: "Cem", 4: "Dee"}
    assert house.decide(11).explanation.words(names.__getitem__) == (
        "Ada has been idle the longest of those who could take it.",
        "Ada was chosen: holds 0 of 100 units, idle for 5 min 0 s.",
        "Bo could take it but ranks behind: holds 0 of 100 units, idle for 3 min 20 s.",
        "Cem holds 100 of 100 units and this needs 25.",
        "Dee is wrapping up for another 43 s.",
        "1 agent more: not in this queue.",
    )


def test_an_explanation_says_which_call_an_agent_is_kept_for(house: Any) -> None:
    house.agent(1, used={Medium.CHAT: 1})
    house.work(11, medium=Medium.CALL)
    house.work(12)
    assert house.decide(12).explanation.words() == (
        "Nobody in the queue can take it now.",
        "Agent 1 is kept free for work 11, which waits longer and needs a whole agent.",
    )


def test_the_trace_is_plain_json(house: Any) -> None:
    house.agent(1, skills={"french": 2})
    house.work(11, skills={"french": 3})
    trace = house.decide(11).explanation.trace()
    assert json.loads(json.dumps(trace)) == {
        "at": 100_000,
        "because": "nobody_free",
        "considered": 1,
        "verdicts": [{"agent": 1, "reason": "skill_too_low", "detail": {"skill": "french", "needs": 3, "has": 2}}],
        "others": {},
    }


def test_a_large_queue_is_explained_by_fifty_names_and_counts(house: Any) -> None:
    for agent_id in range(1, 201):
        house.agent(agent_id, present=agent_id % 2 == 0)
    house.work(11)
    explanation = house.decide(11).explanation
    assert [verdict.agent_id for verdict in explanation.verdicts] == list(range(2, 102, 2))
    assert len(explanation.verdicts) == VERDICTS_SHOWN
    assert explanation.considered == 200
    assert explanation.others == {Reason.OUTRANKED: 50, Reason.NOT_PRESENT: 100}


def test_the_offer_carries_the_explanation_of_the_moment_it_was_made(house: Any) -> None:
    house.agent(1)
    house.work(11)
    expected = house.decide(11)
    assert house.engine.assign(house.now) == [expected]


def test_explanations_are_left_out_on_request(house: Any) -> None:
    house.agent(1)
    house.work(11)
    assert [made.explanation for made in house.engine.assign(house.now, explained=False)] == [None]


@pytest.mark.parametrize(
    ("missing", "because"), [("agents", Because.NOBODY_IN_QUEUE), ("queue", Because.QUEUE_UNKNOWN)]
)
def test_a_queue_without_agents_or_without_settings_is_named_as_the_cause(
    house: Any, missing: str, because: Because
) -> None:
    house.work(11)
    if missing == "queue":
        house.agent(1)
        house.engine.remove_queue(1)
    decision = house.decide(11)
    assert decision.agent_id is None
    assert decision.explanation.chosen_because is because
    assert decision.explanation.words()


def test_every_code_has_its_words() -> None:
    assert set(_VERDICTS) == set(_COUNTED) == set(Reason)
    assert set(_OUTCOMES) == set(Because)


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [(-5, "0 s"), (1, "1 s"), (40_000, "40 s"), (185_000, "3 min 5 s"), (7_800_000, "2 h 10 min")],
)
def test_a_length_of_time_in_words(milliseconds: int, words: str) -> None:
    assert duration(milliseconds) == words
