from __future__ import annotations

import asyncio

from crm_core.words.permissions import Actor, Audience
from crm_core.words.values import Role
from hub.console.crowd import Console, Crowd
from hub.console.fan import Fan


class Pipe:
    """A transport that keeps each write, and what its network has not taken."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.waiting = 0

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def is_closing(self) -> bool:
        return False


def console(*, live: bool = True) -> tuple[Console, Pipe]:
    pipe = Pipe()
    made = Console(pipe, 0.0)
    made.live = live
    return made, pipe


async def ticks() -> None:
    await asyncio.sleep(0.02)


async def test_an_idle_console_is_written_to_at_once_and_a_busy_one_once_a_tick() -> None:
    one, pipe = console()
    fan = Fan(lambda _: None)
    for number in range(5):
        fan.spread([one], b"%d" % number)
    assert pipe.writes == [b"0"]
    await ticks()
    assert pipe.writes == [b"0", b"1234"]
    await ticks()
    fan.spread([one], b"5")
    assert pipe.writes == [b"0", b"1234", b"5"]


async def test_a_busy_neighbour_makes_nobody_wait() -> None:
    busy, _ = console()
    idle, pipe = console()
    fan = Fan(lambda _: None)
    for number in range(3):
        fan.spread([busy], b"%d" % number)
    fan.spread([idle], b"now")
    assert pipe.writes == [b"now"]


async def test_a_frame_of_ones_own_comes_after_what_waits() -> None:
    one, pipe = console()
    fan = Fan(lambda _: None)
    fan.spread([one], b"a")
    fan.spread([one], b"b")
    fan.send(one, b"c")
    await ticks()
    assert b"".join(pipe.writes) == b"abc"


async def test_a_console_that_is_caught_up_hears_nothing_else_meanwhile() -> None:
    one, pipe = console(live=False)
    fan = Fan(lambda _: None)
    fan.spread([one], b"event")
    assert pipe.writes == []


async def test_whose_network_does_not_keep_up_is_named() -> None:
    slow: list[Console] = []
    one, pipe = console()
    fan = Fan(slow.append)
    pipe.waiting = one.allowance + 1
    fan.spread([one], b"a")
    assert slow == [one]


def seat(crowd: Crowd, agent_id: int, *queues: int, role: Role = Role.AGENT) -> Console:
    made, _ = console()
    crowd.add(made, Actor(agent_id, "x", role, frozenset(queues)))
    return made


async def test_the_crowd_is_found_by_what_people_may_see() -> None:
    crowd = Crowd()
    ann, bea = seat(crowd, 1, 10, 11), seat(crowd, 2, 11)
    sue, ada = seat(crowd, 3, role=Role.SUPERVISOR), seat(crowd, 4, role=Role.ADMINISTRATOR)
    for audience, who in (
        (Audience(everyone=True), {ann, bea, sue, ada}),
        (Audience(queues=frozenset({10})), {ann}),
        (Audience(queues=frozenset({10, 11})), {ann, bea}),
        (Audience(all_seers=True, agents=frozenset({2})), {bea, sue, ada}),
        (Audience(configurers=True), {ada}),
        (Audience(agents=frozenset({9}), queues=frozenset({99})), set()),
        (Audience(), set()),
    ):
        assert set(crowd.told(audience)) == who
        expected = {c for c in crowd.all if c.actor is not None and audience.includes(c.actor)}
        assert set(crowd.told(audience)) == expected


async def test_whoever_left_or_changed_is_found_no_more() -> None:
    crowd = Crowd()
    ann = seat(crowd, 1, 10)
    crowd.change(ann, Actor(1, "x", Role.AGENT, frozenset({11})))
    assert set(crowd.told(Audience(queues=frozenset({10})))) == set()
    assert set(crowd.told(Audience(queues=frozenset({11})))) == {ann}
    crowd.remove(ann)
    crowd.remove(ann)
    assert not crowd.all
    assert set(crowd.told(Audience(queues=frozenset({11}), agents=frozenset({1})))) == set()
