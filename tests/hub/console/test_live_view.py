"""Every use case, watched by an agent of the queue, one of another, a supervisor and an administrator."""

from __future__ import annotations

from typing import Any

from channels.contract import DeliveryReported
from channels.registry import find_channels
from crm_core.accounts import actions as accounts
from crm_core.accounts.sealing import Sealer
from crm_core.contacts.actions import ContactChange, NewAddress, NewContact
from crm_core.contacts.evidence import witness
from crm_core.contacts.merging import merges_of
from crm_core.contacts.queries import address_of, links_of
from crm_core.contacts.resolving import resolve
from crm_core.conversations import actions as conversation_actions
from crm_core.conversations import phrases
from crm_core.conversations import queries as conversation_queries
from crm_core.staff import actions as staff
from crm_core.staff.queries import agent as agent_by_id
from crm_core.staff.rules import Cause
from crm_core.store import outbox
from crm_core.words.addresses import Address
from crm_core.words.content import DeliveryStatus, ExternalId
from crm_core.words.permissions import Actor
from crm_core.words.values import Activity, Author, AuthorKind, ContactKind, DraftExtras, EntryKind, Pressable
from crm_core.work import actions as work
from crm_core.work import queues
from hub.desk import (
    assignments,
    channel_accounts,
    contacts,
    conversations,
    drafts,
    merging,
    outbound,
    receipts,
    staffing,
)
from hub.desk.assignments import Target
from hub.desk.outbound import Words
from tests.hub.console.office import Office


async def test_a_visitor_writes(office: Office) -> None:
    await office.view.proves(
        "a visitor writes for the first time", office.live.hear("x", queue=office.sales, visitor="b")
    )
    await office.view.proves("a visitor writes again", office.live.hear("more", queue=office.sales))
    await office.give(office.ann)
    await office.view.proves("a visitor writes to their agent", office.live.hear("and more", queue=office.sales))


async def test_offers(office: Office) -> None:
    offer = await office.view.proves("work is offered", office.offer(office.ann))
    await office.does("an offer is declined", assignments.decline, office.ann, offer)
    offer = await office.offer(office.bea)
    await office.does("an offer is accepted", assignments.accept, office.bea, offer)


async def test_an_offer_that_runs_out(office: Office) -> None:
    await office.offer(office.ann)
    office.live.clock.advance(31_000)
    due = (await office.db.read(work.due_offers))[0]
    await office.does("an offer runs out", work.time_out, due)


async def test_an_offer_that_is_withdrawn(office: Office) -> None:
    await office.offer(office.ann)

    def withdraw(tx: Any) -> Any:
        return work.withdraw_offers(tx, office.ann.agent_id, reason="offline")

    await office.does("an offer is withdrawn", withdraw)


async def test_writing(office: Office) -> None:
    await office.give(office.ann)
    c = office.conversation
    entry = await office.does("an agent replies", outbound.reply, office.ann, c, Words(text="hi", client_key="k1"))
    await office.does("an agent notes", outbound.note, office.ann, c, Words(text="psst"), (office.bea.agent_id,))

    def settle(tx: Any, status: DeliveryStatus) -> Any:
        return conversation_actions.set_delivery(tx, entry.id, status)

    for status in (DeliveryStatus.SENDING, DeliveryStatus.FAILED):
        await office.does(f"a reply is {status}", settle, status)
    await office.does("a reply is tried again", outbound.retry, office.ann, entry.id)
    await office.does("a reply is sent", settle, DeliveryStatus.SENT)
    await office.does("a visitor reads", receipts.contact_read, c, entry.identity_id, entry.id)


async def test_a_receipt_from_the_other_side(office: Office) -> None:
    await office.give(office.ann)
    said = await office.db.write(outbound.reply, office.ann, office.conversation, Words(text="hi"))

    def send(tx: Any) -> None:
        owed = outbox.claim(tx, 1, "worker", 60_000, 1)[0]
        outbox.settle_sent(tx, owed.id, "worker", external_ids=["theirs"])
        conversation_actions.set_delivery(tx, said.id, DeliveryStatus.SENT)

    await office.does("a reply left", send)
    arrived = DeliveryReported(
        external_id=ExternalId("theirs"), status=DeliveryStatus.DELIVERED, at=office.live.clock()
    )
    await office.does("a reply arrived", receipts.report, said.account_id, arrived)


async def test_who_has_it(office: Office) -> None:
    c = office.conversation
    await office.does("an agent takes it", assignments.assign, office.ann, c, Target(agent_id=office.ann.agent_id))
    await office.does("it is handed on", assignments.assign, office.ann, c, Target(agent_id=office.bea.agent_id))
    away = Target(agent_id=office.cat.agent_id)
    await office.does("a supervisor hands it elsewhere", assignments.assign, office.sue, c, away)
    await office.does("it goes to a queue", assignments.assign, office.sue, c, Target(queue_id=office.support))
    await office.does("it comes back", assignments.assign, office.sue, c, Target(queue_id=office.sales))


async def test_its_life(office: Office) -> None:
    await office.give(office.ann)
    c = office.conversation
    sold = await office.does("a disposition is added", phrases.add_disposition, office.ada, "Sold")
    newest = (await office.live.hear("hm", queue=office.sales)).entry.id
    await office.does("an agent reads", conversations.mark_read, office.ann, c, newest)
    await office.does("it is tagged", conversations.set_tags, office.ann, c, ["vip"])
    await office.does("it is snoozed", conversations.snooze, office.ann, c, office.live.clock() + 60_000)
    office.live.clock.advance(60_001)
    await office.does("it wakes", conversations.wake, c)
    await office.does("it is closed", conversations.close, office.ann, c, sold.id)
    await office.does("it is reopened", conversations.reopen, office.ann, c)


async def test_contacts(office: Office) -> None:
    await office.give(office.ann)
    c = office.conversation
    ada = await office.does("a stranger becomes a contact", contacts.make_contact, office.ann, c, "Ada L.")
    change = ContactChange(version=ada.version, name="Ada Lovelace", company="Engines")
    await office.does("a contact is renamed", contacts.change, office.ann, ada.id, change)
    await office.view.proves("a contact writes", office.live.hear("me again", queue=office.sales))
    identity = ada.identities[0].id
    await office.does("an identity is taken away", contacts.detach_identity, office.ann, ada.id, identity)
    other = await office.does("a contact is added", contacts.add, office.ann, NewContact(name="Augusta"))
    await office.does("an identity is given", contacts.attach_identity, office.ann, other.id, identity)
    address = NewAddress(Address("mailto", "augusta@example.com"))
    await office.does("a contact has another address", contacts.add_identity, office.ann, other.id, address)
    firm = await office.db.write(contacts.add, office.ann, NewContact(name="Engines", kind=ContactKind.COMPANY))
    await office.does("a contact works for a company", contacts.link, office.ann, other.id, firm.id)
    link = (await office.db.read(links_of, other.id))[0]
    await office.does("a contact left the company", contacts.unlink, office.ann, link.id)
    await office.does("a contact is archived", contacts.archive, office.ann, other.id)


async def test_one_person_with_two_cards(office: Office) -> None:
    await office.give(office.ann)
    ann, c = office.ann, office.conversation
    ada = await office.db.write(contacts.make_contact, ann, c, "Ada")
    number = NewAddress(Address("tel", "+442079460018"))
    other = await office.db.write(contacts.add, ann, NewContact(name="Ada Lovelace", addresses=[number]))
    await office.does("a contact is merged into another", merging.merge, ann, other.id, ada.id, {})
    newest = (await office.db.read(merges_of, other.id))[0].id
    await office.does("a merge is taken back", merging.unmerge, ann, newest)
    await office.db.write(conversations.close, ann, c)
    await office.does("a contact known by a closed chat is merged", merging.merge, ann, other.id, ada.id, {})
    newest = (await office.db.read(merges_of, other.id))[0].id
    await office.does("a merge with a closed chat is taken back", merging.unmerge, ann, newest)


async def test_whose_an_identity_is(office: Office) -> None:
    c = office.conversation
    number = NewAddress(Address("tel", "+442079460018"))
    ada = await office.db.write(contacts.add, office.ann, NewContact(name="Ada", addresses=[number]))
    identity = (await office.db.read(conversation_queries.row, c)).identity_id

    def prove(tx: Any) -> None:
        known = resolve(tx, address_of(tx, identity), "", {})
        found = witness(tx, known, proves=[number.address], mentions=[], source="shared_contact")
        assert found == ada.id
        contacts.attached(tx, found, identity)

    await office.does("a stranger proves to be a contact", prove)
    await office.does("an address is shared", share, office.ann, ada.id, ada.identities[0].id)
    await office.db.write(contacts.detach_identity, office.ann, ada.id, identity)
    await office.db.write(merging.dismiss_for_conversation, office.ann, c, ada.id)
    other = await office.db.write(contacts.add, office.ann, NewContact(name="Ada L."))
    await office.db.write(merging.dismiss_duplicate, office.ann, ada.id, other.id)


def share(tx: Any, actor: Actor, contact_id: int, identity_id: int) -> Any:
    return contacts.share_identity(tx, actor, contact_id, identity_id, is_shared=True)


async def test_drafts(office: Office) -> None:
    c = office.conversation
    await office.does("a draft is kept", drafts.save, office.ann, c, (EntryKind.MESSAGE, "dear"))
    await office.does("a note is drafted too", drafts.save, office.ann, c, (EntryKind.NOTE, "psst"))
    await office.does("a draft is changed", drafts.save, office.ann, c, (EntryKind.MESSAGE, "dear Ada"))
    extras = DraftExtras(subject="Order", cc=["eve@shop.example"], buttons=[Pressable(text="Yes")])
    whole = (EntryKind.MESSAGE, "dear Ada")
    await office.does("a draft gets a subject", drafts.save, office.ann, c, whole, extras=extras)
    await office.does("a draft is thrown away", drafts.clear, office.ann, c, EntryKind.MESSAGE)
    await office.does("a drafted note is written", outbound.note, office.ann, c, Words(text="psst"), ())


async def test_phrases(office: Office) -> None:
    new = phrases.NewCanned(shortcut="hi", text="Hello")
    one = await office.does("a canned reply is added", phrases.add_canned, office.sue, new)
    change = phrases.CannedChange(version=one.version, text="Hello!")
    await office.does("a canned reply is changed", phrases.change_canned, office.sue, one.id, change)
    await office.does("a canned reply is deleted", phrases.delete_canned, office.sue, one.id)
    await office.does("a canned reply is restored", phrases.restore_canned, office.sue, one.id)
    sold = await office.does("a disposition is made", phrases.add_disposition, office.ada, "Sold")
    await office.does("a disposition is deleted", phrases.delete_disposition, office.ada, sold.id)
    await office.does("a disposition is restored", phrases.restore_disposition, office.ada, sold.id)


async def test_the_staff(office: Office) -> None:
    bea = office.bea.agent_id
    await office.does("an agent pauses", staff.set_activity, None, bea, Activity.BREAK, "lunch")
    await office.does("an agent is available", staff.set_activity, None, bea, Activity.AVAILABLE)
    await office.does("a colleague joins", staff.add_agent, None, staff.NewAgent(name="Dan", email="dan@example.com"))
    await office.does("a colleague is renamed", staff.change_agent, None, bea, staff.AgentChange(name="Beatrix"))
    await office.does("a colleague serves another queue", staff.set_queues, None, bea, [office.support])
    await office.does("a colleague is disabled", staff.disable_agent, None, bea)
    await office.does("a colleague is back", staff.enable_agent, None, bea)


async def test_who_leaves_is_offered_nothing(office: Office) -> None:
    bea = office.bea.agent_id
    session = await office.live.session(await office.db.read(agent_by_id, bea))
    acts: tuple[tuple[str, Any, tuple[Any, ...]], ...] = (
        ("takes a break", staffing.set_activity, (office.bea, bea, Activity.BREAK)),
        ("signs out", staffing.sign_out, (bea, session)),
        ("is gone", staffing.leave, (bea, Cause.DISCONNECT)),
        ("is locked out", staffing.disable, (office.ada, bea)),
    )
    for words, act, arguments in acts:
        await office.db.write(staff.set_activity, None, bea, Activity.AVAILABLE)
        await office.offer(office.bea)
        await office.does(f"an agent with an offer {words}", act, *arguments)


async def test_who_waits_for_somebody_gone_goes_back_into_line(office: Office) -> None:
    bea = office.bea.agent_id

    async def bea_has_it_and_is_gone() -> None:
        await office.db.write(staff.set_activity, None, bea, Activity.AVAILABLE)
        await office.give(office.bea)
        await office.db.write(staff.set_activity, None, bea, Activity.OFFLINE)

    await bea_has_it_and_is_gone()
    await office.does("an agent somebody waits for is gone", assignments.give_back_waiting, bea)
    await bea_has_it_and_is_gone()
    await office.does("somebody writes to an agent gone", assignments.give_back_stranded, office.conversation)
    await bea_has_it_and_is_gone()
    held = await office.db.read(conversation_queries.get, office.sue, office.conversation)
    await office.does("a conversation is given back", assignments.give_back, held, Author(kind=AuthorKind.SYSTEM))


async def test_queues(office: Office) -> None:
    change = queues.QueueChange(name="Sales and more")
    await office.does("a queue is renamed", queues.change_queue, None, office.sales, change)
    spare = await office.does("a queue is added", queues.add_queue, None, queues.NewQueue(name="Spare"))
    await office.does("a queue is archived", queues.archive_queue, None, spare.id)
    await office.does("a queue is restored", queues.restore_queue, None, spare.id)


async def test_accounts(office: Office) -> None:
    sealer = Sealer(b"k" * 32)
    new = accounts.NewAccount(kind="webchat", name="Shop", queue_id=office.sales, public_key="shop")
    shop = await office.does("an account is added", accounts.add, office.ada, sealer, new)
    change = accounts.AccountChange(version=shop.version, name="The shop")
    await office.does("an account is changed", accounts.change, office.ada, sealer, shop.id, change)
    await office.does("an account breaks", accounts.set_state, shop.id, "broken", "wrong password")
    await office.does("an account is disabled", accounts.disable, office.ada, shop.id)


async def test_accounts_as_administrators_set_them_up(office: Office) -> None:
    sealer = Sealer(b"k" * 32)
    new = accounts.NewAccount(kind="webchat", name="Shop", queue_id=office.sales, settings={"title": "Shop"})
    known = find_channels()
    shop = await office.does("a chat is set up", channel_accounts.add, office.ada, sealer, known, new)
    change = accounts.AccountChange(version=shop.version, settings={"title": "The shop"})
    await office.does("a chat is retitled", channel_accounts.change, office.ada, sealer, known, shop.id, change)
