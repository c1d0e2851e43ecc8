"""What a house holds from its start lasts, and is not searched again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from hub.machinery import memory


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    looks = gc.get_threshold()
    yield
    gc.set_threshold(*looks)
    gc.unfreeze()


class Knot:
    """Something that holds itself."""

    def __init__(self) -> None:
        self.own: Knot = self


def test_what_is_there_is_not_searched_again_and_new_rubbish_is_still_found() -> None:
    held = Knot()
    memory.settle_in()
    assert not any(found is held for found in gc.get_objects())
    Knot()
    assert gc.collect() >= 1
    assert gc.get_threshold() == memory.LOOKS
