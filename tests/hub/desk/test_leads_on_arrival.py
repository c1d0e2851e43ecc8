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
    await writes(scene, "m1", "Do you repot big plants?")
    leads = await scene.db.read(cases.page, scene.anna, CaseListing(kind=CaseKind.LEAD, open=True))
    assert [(one.queue_id, one.first_words) for one in leads.items] == [(scene.queue_id, "Do you repot big plants?")]


async def test_a_lead_from_a_mail_is_called_after_its_subject(scene: Scene) -> None:
    await writes(scene, "m1", "Hello,\n\nthe pot arrived broken.", subject="Broken pot in order 4711")
    leads = await scene.db.read(cases.page, scene.anna, CaseListing(kind=CaseKind.LEAD, open=True))
    assert [(one.title, one.first_words) for one in leads.items] == [
        ("Broken pot in order 4711", "Hello, the pot arrived broken.")
    ]


async def test_who_only_opened_a_bot_opens_a_lead_with_their_first_own_words(scene: Scene) -> None:
    await writes(scene, "m1", "/start")
    leads = await scene.db.read(cases.page, scene.anna, CaseListing(kind=CaseKind.LEAD, open=True))
    assert leads.items == []
    await writes(scene, "m2", "My fern looks sad.")
    leads = await scene.db.read(cases.page, scene.anna, CaseListing(kind=CaseKind.LEAD, open=True))
    assert [one.title for one in leads.items] == ["My fern looks sad."]


async def writes(scene: Scene, message: str, words: str, subject: str | None = None) -> None:
    """A stranger's message comes in."""
    event = MessageArrived(
        external_id=ExternalId(message),
        thread=ThreadKey("+48600100200"),
        sender=Address("tel", "+48600100200"),
        content=Content(text=words, subject=subject),
        sent_at=scene.clock(),
    )
    await scene.db.write(inbound.take, scene.source, event)
