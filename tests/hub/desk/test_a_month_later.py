"""What a provider, or somebody who listened to it, says again long afterwards."""

from __future__ import annotations

import pytest

from crm_core.conversations import timeline
from crm_core.words.clock import DAY
from crm_core.words.errors import Conflict
from tests.hub.desk.scene import Scene
from tests.peers.clock import VirtualClock


async def test_a_message_that_is_told_again_after_thirty_days_is_the_one_that_is_there(
    scene: Scene, clock: VirtualClock
) -> None:
    first = await scene.write_in("v1", "Hello", key="k1")
    assert first.entry is not None
    clock.advance(30 * DAY)
    again = await scene.write_in("v1", "Hello", key="k1")
    assert again.repeated
    assert again.entry == first.entry
    with pytest.raises(Conflict):
        await scene.write_in("v1", "Pay another account", key="k1")
    entries = await scene.db.read(timeline.page, scene.sofia, first.entry.conversation_id)
    assert [e.text for e in entries] == ["Hello"]
