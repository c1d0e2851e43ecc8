"""The lead of a stranger who writes stands where their conversation waits."""

from __future__ import annotations

from channels.contract import MessageArrived
from crm_core.cases import queries as cases
from crm_core.cases.queries import CaseListing
from crm_core.words.addresses import Address
from crm_core.words.content import Content, ExternalId, ThreadKey
from crm_core.words.values import CaseKind
from hub.desk import inbound
from tests.hub.desk.scene import Scene


async def test_agents_of_the_queue_see_the_lead_of_a_stranger_who_wrote_to_it(scene: Scene) -> None:
    event = MessageArrived(
        external_id=ExternalId("m1"),
        thread=ThreadKey("+48600100200"),
        sender=Address("tel", "+48600100200"),
        content=Content(text="Do you repot big plants?"),
        sent_at=scene.clock(),
    )
    await scene.db.write(inbound.take, scene.source, event)
    leads = await scene.db.read(cases.page, scene.anna, CaseListing(kind=CaseKind.LEAD, open=True))
    assert [(one.queue_id, one.first_words) for one in leads.items] == [(scene.queue_id, "Do you repot big plants?")]
