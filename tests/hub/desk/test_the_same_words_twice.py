"""Two messages of the same words: the one that went is not taken for the one in doubt."""

from __future__ import annotations

from pathlib import Path

import pytest

from channels.contract import Sent, Unclear
from crm_core.conversations import timeline
from crm_core.store.database import Database
from crm_core.words.clock import MINUTE
from crm_core.words.content import DeliveryStatus, ExternalId
from hub.desk import outbound
from hub.desk.outbound import Words
from tests.hub.desk.lanes import Provider, open_lanes
from tests.hub.desk.scene import Scene
from tests.peers.clock import VirtualClock


class _List(dict[int, Sent]):
    """A provider's list of messages: asked again, it gives the next one of the same words."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.names = list(names)

    def get(self, _delivery: int, _otherwise: object = None) -> Sent | None:  # type: ignore[override]
        return Sent((ExternalId(self.names.pop(0)),)) if self.names else None


@pytest.mark.parametrize("has_arrived", [False, True])
async def test_after_a_restart_the_first_message_is_not_taken_for_the_second(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path, *, has_arrived: bool
) -> None:
    provider = Provider()
    async with open_lanes(db, clock, tmp_path, {"sms": provider}) as lanes:
        conversation = await lanes.write_in("sms", "a@x.example", "hi")
        await db.write(outbound.reply, scene.sofia, conversation, Words(text="ok"))
        await lanes.deliverer.step()
        first = f"sent-{provider.got[0].delivery}"
        provider.answers.append(Unclear("No answer."))
        again = await db.write(outbound.reply, scene.sofia, conversation, Words(text="ok"))
        await lanes.deliverer.step()
        provider.knows = _List(first, "SM2") if has_arrived else _List(first)
        clock.advance(5 * MINUTE)
        await lanes.deliverer.step()
        await lanes.deliverer.step()
        assert (await db.read(timeline.value, again.id)).delivery is DeliveryStatus.SENT
        assert len(provider.got) == (1 if has_arrived else 2)


async def test_a_provider_that_knows_only_the_first_has_not_got_the_second(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    provider = Provider()
    async with open_lanes(db, clock, tmp_path, {"sms": provider}) as lanes:
        conversation = await lanes.write_in("sms", "a@x.example", "hi")
        await db.write(outbound.reply, scene.sofia, conversation, Words(text="ok"))
        await lanes.deliverer.step()
        first = f"sent-{provider.got[0].delivery}"
        provider.answers.append(Unclear("No answer."))
        await db.write(outbound.reply, scene.sofia, conversation, Words(text="ok"))
        await lanes.deliverer.step()
        provider.knows = _List(first, first)
        clock.advance(5 * MINUTE)
        await lanes.deliverer.step()
        await lanes.deliverer.step()
        assert len(provider.got) == 2
