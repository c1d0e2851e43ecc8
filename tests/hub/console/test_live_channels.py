"""What the channels bring and take, watched: consoles show of it what a fresh one would."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from channels.contract import (
    Capabilities,
    DeliveryReported,
    MessageArrived,
    MessageEdited,
    MessageWithdrawn,
    ReachChanged,
    Refused,
    Sent,
)
from crm_core.accounts import actions as accounts
from crm_core.accounts.actions import NewAccount
from crm_core.accounts.sealing import Sealer
from crm_core.store import outbox
from crm_core.store.outbox import Owed
from crm_core.store.transaction import Tx
from crm_core.words.addresses import email, phone
from crm_core.words.clock import DAY, HOUR
from crm_core.words.content import Content, DeliveryStatus, ExternalId, Medium, ReachState, Recipient, ThreadKey
from hub.desk import (
    addressing,
    aftermath,
    albums,
    allowed,
    carrying,
    channel_accounts,
    conversations,
    copies,
    editing,
    fallback,
    inbound,
    leads,
    machine,
    manners,
    outbound,
    parcels,
    particulars,
    receipts,
    settling,
    strangers,
    surveys,
    ways,
)
from hub.desk.inbound import Source
from hub.desk.outbound import Words
from hub.machinery.accounts import Line
from tests.hub.console.office import Office

LINE = Line(Capabilities(html=True, subject=True, copies=True, can_start=True), frozenset({"mailto"}))
MANNER = {"greeting": {"en": "Hello!"}, "survey": True}
INSIDE = (
    *(addressing.aim, aftermath.answer, aftermath.let_in, aftermath.recognise, fallback.failed, fallback.left),
    *(machine.language_of, machine.say, particulars.particulars, strangers.open_leads, surveys.closed),
    *(carrying.left_behind, settling.doubted, aftermath.explain, aftermath.reachable, leads.said_more),
    *(albums.remember, albums.join, albums.repeat, albums.edit, albums.taken_edited, albums.withdraw),
)
"""Done within the use cases below, and by nobody else."""
QUESTIONS = (
    *(channel_accounts.to_examine, copies.letters, parcels.packed, ways.chosen, ways.of_row, ways.ways),
    *(allowed.against, allowed.is_open, allowed.must_still_go, settling.look_later),
    *(albums.open_entry, albums.is_later, albums.part_of_entry, ways.first_open, copies.own_addresses),
)
"""They write nothing that is shown."""


async def _account(office: Office, kind: str, name: str) -> int:
    new = NewAccount(kind=kind, name=name, queue_id=office.sales)
    return (await office.db.write(accounts.add, None, Sealer(b"k" * 32), new)).id


def _letter(text: str, **more: Any) -> MessageArrived:
    known = MessageArrived(
        external_id=ExternalId(text),
        thread=ThreadKey("mail"),
        sender=email("olena@shop.example"),
        content=Content(text=text, subject="Order", cc=(Recipient("taras@shop.example"),)),
        sent_at=1,
        sender_facts={"phone": "+380441234567"},
        mentions=(phone("+380441234567"),),
    )
    return replace(known, **more)


def _claimed(tx: Tx, account_id: int) -> Owed:
    return outbox.claim(tx, account_id, "worker", 60_000, 1)[0]


async def _mail(office: Office) -> tuple[int, Source, int]:
    """An account with manners, and a mail that came by it: account, source, conversation."""
    account = await _account(office, "email", "Mail")
    changed = await office.does("an account gets manners", channel_accounts.set_manner, office.ada, account, MANNER)
    source = Source(account, "email", Medium.MAIL, office.sales, manners.read(changed.manner))
    stored = await office.does("a mail is greeted", inbound.take, source, _letter("one"))
    office.view.watching = (*office.view.watching, stored.entry.conversation_id)
    return account, source, stored.entry.conversation_id


async def test_a_mail_and_what_is_made_of_it(office: Office) -> None:
    account, source, conversation = await _mail(office)
    assert all(callable(part) for part in (*INSIDE, *QUESTIONS))
    edit = MessageEdited(external_id=ExternalId("one"), content=Content(text="one, and two"), at=2)
    await office.does("a contact edits", editing.edit, source, edit)
    gone = MessageWithdrawn(external_id=ExternalId("one"), at=3)
    await office.does("a contact withdraws", editing.withdraw, account, gone)
    stop = ReachChanged(address=email("olena@shop.example"), state=ReachState.OPTED_OUT, at=4)
    await office.does("a contact opts out", receipts.reach_changed, account, stop)
    await office.does("a contact opts in", receipts.reach_changed, account, replace(stop, state=ReachState.OK))
    absent = _letter("away", automatic=True, conversation_id=conversation)
    await office.does("an absence note comes", inbound.take, source, absent)
    await office.does("a contact asks for help", inbound.take, source, _letter("HELP", help="Write STOP."))
    stranger = _letter("help", help="Write STOP.", sender=email("ivan@shop.example"))
    await office.does("a stranger asks for help", inbound.take, source, stranger)


async def test_an_album_that_comes_in_parts(office: Office) -> None:
    account, source, _conversation = await _mail(office)
    first, second = [_letter(name, part_of=ExternalId("album"), part=i) for i, name in enumerate(("first", "second"))]
    await office.does("an album begins", inbound.take, source, first)
    await office.does("another part of an album comes", inbound.take, source, second)
    wordless = _letter("", external_id=ExternalId("w"), sender=email("ivan@shop.example"), part_of=ExternalId("other"))
    picture = replace(wordless, content=Content(text="", problem="file_missing"))
    await office.does("a stranger's album begins without words", inbound.take, source, picture)
    caption = replace(wordless, external_id=ExternalId("x"), content=Content(text="our door"))
    await office.does("its caption comes", inbound.take, source, caption)
    edit = MessageEdited(external_id=ExternalId("second"), content=Content(text="second, better"), at=2)
    await office.does("a part of an album is edited", editing.edit, source, edit)
    gone = MessageWithdrawn(external_id=ExternalId("second"), at=3)
    await office.does("a part of an album is withdrawn", editing.withdraw, account, gone)


async def test_a_reply_that_waits_fails_and_goes_another_way(office: Office) -> None:
    account, _source, conversation = await _mail(office)
    other = await _account(office, "gateway", "Other")
    directory = {account: LINE, other: Line(LINE.capabilities, frozenset({"mailto", "tel"}))}
    await office.db.write(_all_go, account)
    later = Words(text="later", send_at=office.live.clock() + HOUR)
    held = await office.does("a reply waits", outbound.reply, office.sue, conversation, later, directory)
    await office.does("a reply is taken back", outbound.cancel, office.sue, held.id)
    said = await office.db.write(outbound.reply, office.sue, conversation, Words(text="now"), directory)
    owed = await office.db.write(_claimed, account)
    await office.db.write(settling.put_off, owed, "worker", 1_000, "Busy.")
    office.live.clock.advance(1_000)
    owed = await office.db.write(_claimed, account)
    await office.does("a delivery is in doubt", settling.unconfirmed, owed, "worker", "No answer.")
    await office.does("a doubtful one is found", settling.found, owed, Sent((ExternalId("x"),)))
    bounced = DeliveryReported(external_id=ExternalId("x"), status=DeliveryStatus.FAILED, at=9, reason="Gone.")
    await office.does("a mail bounces", receipts.report, account, bounced)
    way = (said.identity_id, other)
    await office.does("it goes another way", outbound.retry_by, office.sue, said.id, way, directory)
    owed = await office.db.write(_claimed, other)
    await office.does("the other way fails", settling.failed, owed, "worker", "Refused.")
    await office.does("a fallback is tried", fallback.instead, said.id, directory, DeliveryStatus.FAILED)


async def test_a_send_that_was_cut_off(office: Office) -> None:
    account, _source, conversation = await _mail(office)
    await office.db.write(_all_go, account)
    await office.db.write(outbound.reply, office.sue, conversation, Words(text="now"))
    owed = await office.db.write(_claimed, account)
    office.live.clock.advance(60_000)
    await office.db.write(lambda tx: settling.expire(tx, owed, may_repeat=True))
    owed = await office.db.write(_claimed, account)
    office.live.clock.advance(60_000)
    await office.does("a lease ran out in doubt", lambda tx: settling.expire(tx, owed, may_repeat=False))


async def test_a_message_that_waits_too_long_and_one_that_is_refused(office: Office) -> None:
    account, source, conversation = await _mail(office)
    await office.db.write(_all_go, account)
    await office.db.write(outbound.reply, office.sue, conversation, Words(text="now"))
    office.live.clock.advance(DAY)
    since = office.live.clock()
    await office.does("what waits too long is given up", settling.given_up, account, since, 10, "Closed for a day.")
    await office.db.write(outbound.reply, office.sue, conversation, Words(text="again"))
    owed = await office.db.write(_claimed, account)
    await office.db.write(settling.half, owed, "worker", [ExternalId("first part")])
    refusal = Refused("They blocked us.", reach=ReachState.BLOCKED)
    await office.does("a refusal closes the way", settling.refused, owed, "worker", refusal)
    back = replace(_letter("back"), sent_at=office.live.clock())
    await office.does("whoever writes again is reached again", inbound.take, source, back)


async def test_a_question_how_it_went(office: Office) -> None:
    account, _source, conversation = await _mail(office)
    await office.db.write(_all_go, account)
    await office.db.write(outbound.reply, office.sue, conversation, Words(text="solved"))
    await office.db.write(conversations.close, office.sue, conversation, None)
    await office.does("the hub asks", surveys.ask, conversation, lambda i: f"http://hub.example/rate/{i}")
    office.live.clock.advance(DAY)
    await office.does("a contact rates", surveys.rate, conversation, 5, "thanks")


def _all_go(tx: Tx, account_id: int) -> None:
    """What is owed has been sent: greetings are not what these tests are about."""
    for owed in outbox.claim(tx, account_id, "worker", 60_000, 10):
        settling.sent(tx, owed, "worker", Sent((ExternalId(f"sent-{owed.id}"),)))
