"""By which ways a contact can be written to, and what stands against each, in words."""

from __future__ import annotations

from typing import Any

import pytest

from channels.contract import MessageArrived, ReachChanged, Refused
from crm_core.accounts import actions
from crm_core.accounts.actions import NewAccount
from crm_core.words.addresses import NOWHERE, Address, email
from crm_core.words.clock import HOUR
from crm_core.words.content import Content, ExternalId, Medium, ReachState, Recipient, ThreadKey
from crm_core.words.values import EntryValue
from hub.desk.inbound import Source, take
from tests.hub.api.written.conftest import Post
from tests.peers.clock import VirtualClock


async def known(post: Post, entry: EntryValue, *addresses: str) -> None:
    """Make the writer a contact who has these addresses, too."""
    conversation = f"/conversations/{entry.conversation_id}"
    made = await post.staff.agent.ask("POST", f"{conversation}/contact", {})
    assert made.status == 201, made.text
    for address in addresses:
        path = f"/contacts/{made.body['id']}/identities"
        added = await post.staff.agent.ask("POST", path, {"scheme": "mailto", "value": address})
        assert added.status == 201, added.text


async def test_the_way_of_their_last_words_stands_first_and_others_say_what_is_against_them(post: Post) -> None:
    entry = await post.arrives(kind="chat")
    await known(post, entry, "olena@home.example")
    first, *others = await post.ways(entry)
    assert (first["display"], first["account_id"]) == ("olena@shop.example", post.lanes.account_ids["chat"])
    assert (first["is_default"], first["state"], first["why"]) == (True, "open", "")
    found = {(w["display"], w["account_name"]): (w["state"], w["why"]) for w in others}
    assert found == {
        ("olena@shop.example", "mail"): ("open", ""),
        ("olena@home.example", "mail"): ("open", ""),
        ("olena@shop.example", "window"): ("closed", "cannot_start"),
        ("olena@home.example", "window"): ("closed", "cannot_start"),
        ("olena@shop.example", "strict"): ("closed", "cannot_start"),
        ("olena@home.example", "strict"): ("closed", "cannot_start"),
        ("olena@home.example", "chat"): ("closed", "cannot_start"),
    }
    states = [w["state"] for w in (first, *others)]
    assert states == sorted(states, reverse=True)


async def test_a_way_on_which_they_have_to_write_first_is_refused_in_words(post: Post) -> None:
    entry = await post.arrives()
    closed = next(w for w in await post.ways(entry) if w["why"] == "cannot_start")
    way = {"identity_id": closed["identity_id"], "account_id": closed["account_id"]}
    answer = await post.reply(entry, way=way)
    assert (answer.status, answer.body["detail"]) == (422, "By this way they have to write first.")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (ReachState.OPTED_OUT, "They asked not to be written to by this way."),
        (ReachState.BLOCKED, "They have blocked us there."),
        (ReachState.BOUNCED, "Messages to this address come back."),
    ],
)
async def test_whoever_is_not_to_be_written_to_is_not_and_may_write_again(
    post: Post, clock: VirtualClock, state: ReachState, words: str
) -> None:
    entry = await post.arrives()
    changed: dict[str, Any] = {"address": email("olena@shop.example"), "at": clock()}
    await post.lanes.deliver("mail")(ReachChanged(state=state, **changed))
    assert [(w["state"], w["why"]) for w in await post.ways(entry) if w["is_default"]] == [("closed", state)]
    answer = await post.reply(entry)
    assert (answer.status, answer.body["detail"]) == (422, words)
    await post.lanes.deliver("mail")(ReachChanged(state=ReachState.OK, **changed))
    assert (await post.reply(entry)).status == 201


async def test_after_a_day_only_a_template_goes_where_the_provider_says_so(post: Post, clock: VirtualClock) -> None:
    entry = await post.arrives(kind="window")
    way = (await post.ways(entry))[0]
    assert (way["state"], way["window_until"]) == ("open", "2026-01-06T09:00:00.000Z")
    assert [t["id"] for t in way["carries"]["templates"]] == ["T1"]
    clock.advance(24 * HOUR)
    way = (await post.ways(entry))[0]
    assert (way["state"], way["why"], way["window_until"]) == ("template", "window", None)
    free = await post.reply(entry)
    assert free.status == 422
    assert "template" in free.body["detail"]
    wrong = await post.reply(entry, template={"id": "T2"})
    assert (wrong.status, wrong.body["detail"]) == (422, "This account has no such template.")
    sent = await post.reply(entry, text="", template={"id": "T1", "variables": {"1": "Olena"}})
    assert sent.status == 201, sent.text
    await post.lanes.deliverer.step()
    (message,) = post.providers["window"].got
    assert message.content.template is not None
    assert (message.content.template.id, message.content.template.variables) == ("T1", {"1": "Olena"})
    await post.arrives(kind="window")
    assert (await post.ways(entry))[0]["state"] == "open"


async def test_without_templates_the_way_is_closed_after_a_day(post: Post, clock: VirtualClock) -> None:
    entry = await post.arrives(kind="strict")
    clock.advance(24 * HOUR)
    way = (await post.ways(entry))[0]
    assert (way["state"], way["why"]) == ("closed", "window")
    assert (await post.reply(entry)).status == 422


async def test_a_way_whose_account_is_not_open_says_so_and_a_message_waits_for_it(post: Post) -> None:
    new = NewAccount(kind="absent", name="Old", queue_id=post.staff.sales)
    account = await post.house.db.write(actions.add, None, post.house.sealer, new)
    event = MessageArrived(
        external_id=ExternalId("1"),
        thread=ThreadKey("t"),
        sender=email("olena@shop.example"),
        content=Content(text="Hello?"),
        sent_at=1,
    )
    source = Source(account.id, "absent", Medium.MAIL, post.staff.sales)
    there = (await post.house.db.write(take, source, event)).entry
    assert there is not None
    way = (await post.ways(there))[0]
    assert (way["account_id"], way["state"], way["why"]) == (account.id, "closed", "account_closed")
    answer = await post.reply(there)
    assert (answer.status, answer.body["delivery"]) == (201, "queued")
    assert await post.lanes.deliverer.step() == 0


async def test_somebody_on_copy_who_wrote_can_be_answered_alone(post: Post) -> None:
    entry = await post.arrives()
    assert (await post.reply(entry, cc=["ben@shop.example"])).status == 201
    asked = await post.arrives("ben@shop.example", conversation_id=entry.conversation_id)
    assert asked.conversation_id == entry.conversation_id
    first, *others = await post.ways(entry)
    assert (first["display"], first["is_default"], first["is_guest"]) == ("olena@shop.example", True, False)
    (ben,) = [w for w in others if w["is_guest"]]
    assert (ben["display"], ben["account_name"], ben["state"]) == ("ben@shop.example", "mail", "open")
    way = {"identity_id": ben["identity_id"], "account_id": ben["account_id"]}
    assert (await post.reply(entry, way=way, reply_to_id=asked.id, seen_entry_id=asked.id)).status == 201
    await post.lanes.deliverer.step()
    assert [message.to.value for message in post.providers["mail"].got] == ["olena@shop.example", "ben@shop.example"]


async def test_somebody_on_copy_who_never_wrote_is_no_way(post: Post) -> None:
    entry = await post.arrives()
    assert (await post.reply(entry, cc=["ben@shop.example"])).status == 201
    assert not [w for w in await post.ways(entry) if w["is_guest"]]


async def test_an_invitation_has_a_link_for_each_account_that_takes_one(post: Post) -> None:
    contact = (await post.staff.agent.ask("POST", "/contacts", {"name": "Olena"})).body
    answer = await post.staff.agent.ask("POST", f"/contacts/{contact['id']}/invitations")
    assert answer.status == 201, answer.text
    assert answer.body["links"] == [
        {
            "account_id": post.lanes.account_ids["chat"],
            "channel": "chat",
            "account_name": "chat",
            "url": f"https://t.me/shop_bot?start={answer.body['token']}",
        }
    ]


async def test_buttons_leave_below_the_words_where_the_way_carries_them(post: Post) -> None:
    entry = await post.arrives(kind="chat")
    buttons = [{"text": "Так", "key": "yes"}, {"text": "Order", "url": "https://shop.example/order/1"}]
    answer = await post.reply(entry, text="Is it right?", buttons=buttons)
    assert answer.status == 201, answer.text
    shown = [(b["text"], b["key"], b["url"]) for b in answer.body["details"]["buttons"]]
    assert shown == [("Так", "yes", ""), ("Order", "", "https://shop.example/order/1")]
    await post.lanes.deliverer.step()
    (sent,) = post.providers["chat"].got
    assert [(b.text, b.key, b.url) for b in sent.content.buttons] == shown


@pytest.mark.parametrize(
    ("kind", "text", "buttons", "words"),
    [
        ("mail", "Well?", [{"text": "Yes"}], "This way carries no buttons."),
        ("chat", "Well?", [{"text": str(n)} for n in range(3)], "By this way a message has at most 2 buttons."),
        ("chat", " ", [{"text": "Yes"}], "Buttons need words above them."),
    ],
)
async def test_buttons_that_a_way_does_not_carry_are_refused_in_words(
    post: Post, kind: str, text: str, buttons: list[dict[str, str]], words: str
) -> None:
    entry = await post.arrives(kind=kind)
    file_id = await post.upload("a.txt", b"words")
    answer = await post.reply(entry, text=text, buttons=buttons, files=[file_id])
    assert (answer.status, answer.body["detail"]) == (422, words)


@pytest.mark.parametrize("button", [{"text": " "}, {"text": "x", "url": "javascript:x"}, {"text": "x", "key": "я"}])
async def test_a_button_that_says_nothing_or_runs_something_is_refused(post: Post, button: dict[str, str]) -> None:
    entry = await post.arrives(kind="chat")
    assert (await post.reply(entry, buttons=[button])).status == 422


async def test_an_answer_goes_where_its_writer_wants_it(post: Post) -> None:
    await post.arrives("noreply@market.example")
    entry = await post.arrives("noreply@market.example", sender_facts={"reply_to": "olena@home.example"})
    assert entry.details is not None
    assert [n.value for n in entry.details.answer_to] == ["olena@home.example"]
    way = (await post.ways(entry))[0]
    assert (way["display"], way["to"]) == ("noreply@market.example", [{"value": "olena@home.example", "name": ""}])
    assert way["cc"] == []
    by_itself = await post.reply(entry)
    as_shown = await post.reply(entry, to=["olena@home.example"])
    by_hand = await post.reply(entry, to=["noreply@market.example"])
    assert [a.status for a in (by_itself, as_shown, by_hand)] == [201, 201, 201]
    wanted = [{"value": "olena@home.example", "name": ""}]
    assert [a.body["details"]["to"] for a in (by_itself, as_shown, by_hand)] == [wanted, wanted, []]
    await post.lanes.deliverer.step()
    got = [(m.to.value, [p.value for p in m.content.to]) for m in post.providers["mail"].got]
    olena = ("olena@home.example", ["olena@home.example"])
    assert sorted(got) == sorted([olena, olena, ("noreply@market.example", [])])
    later = await post.arrives("noreply@market.example", content=Content(text="two", subject="Order"))
    assert (await post.ways(later))[0]["to"] == []
    await post.reply(later)
    await post.lanes.deliverer.step()
    assert post.providers["mail"].got[-1].to.value == "noreply@market.example"


async def test_an_answer_where_its_writer_wants_it_answers_and_one_to_somebody_else_does_not(post: Post) -> None:
    entry = await post.arrives("noreply@market.example", sender_facts={"reply_to": "olena@home.example"})
    path = f"/conversations/{entry.conversation_id}"
    await post.reply(entry, to=["taras@shop.example"])
    assert (await post.staff.agent.ask("GET", path)).body["waiting_since"] is not None
    await post.reply(entry, to=["olena@home.example"])
    assert (await post.staff.agent.ask("GET", path)).body["waiting_since"] is None


async def test_whoever_is_answered_where_they_want_it_goes_on_there(post: Post) -> None:
    entry = await post.arrives("noreply@market.example", sender_facts={"reply_to": "olena@home.example"})
    stranger = await post.arrives("olena@home.example", conversation_id=entry.conversation_id)
    assert stranger.conversation_id != entry.conversation_id
    assert (await post.reply(entry)).status == 201
    answered = await post.arrives("olena@home.example", conversation_id=entry.conversation_id)
    assert answered.conversation_id == entry.conversation_id


async def test_what_failed_where_they_wanted_it_goes_another_way_to_themselves(post: Post) -> None:
    chat = await post.arrives("olena@shop.example", kind="chat")
    entry = await post.arrives("olena@shop.example", sender_facts={"reply_to": "olena@home.example"})
    assert chat.conversation_id == entry.conversation_id
    post.providers["mail"].answers.append(Refused("No."))
    said = await post.reply(entry)
    await post.lanes.deliverer.step()
    way = {"identity_id": chat.identity_id, "account_id": post.lanes.account_ids["chat"]}
    again = await post.staff.agent.ask("POST", f"/entries/{said.body['id']}/retry", {"way": way})
    assert again.status == 200, again.text
    await post.lanes.deliverer.step()
    assert [m.to.value for m in post.providers["chat"].got] == ["olena@shop.example"]


async def test_nobody_who_gave_no_address_is_answered(post: Post) -> None:
    entry = await post.arrives(sender=Address(NOWHERE, "support@hub.example", "1"), unverified=True)
    way = (await post.ways(entry))[0]
    assert (way["state"], way["why"], way["display"]) == ("closed", "no_address", "support@hub.example")
    answer = await post.reply(entry)
    assert (answer.status, answer.body["detail"]) == (422, "They gave no address that can be answered.")
    assert (await post.reply(entry, to=["found@customer.example"])).status == 201
    await post.lanes.deliverer.step()
    assert [m.to.value for m in post.providers["mail"].got] == ["found@customer.example"]


async def test_nobodies_are_strangers_to_each_other_unless_one_answers_another(post: Post) -> None:
    first = await post.arrives(sender=Address(NOWHERE, "support@hub.example", "1"), unverified=True)
    other = await post.arrives(sender=Address(NOWHERE, "support@hub.example", "2"), unverified=True)
    assert first.conversation_id != other.conversation_id
    refers: dict[str, Any] = {"references": (ExternalId("letter 1"),), "unverified": True}
    more = await post.arrives(sender=Address(NOWHERE, "support@hub.example", "3"), **refers)
    assert more.conversation_id == first.conversation_id
    await post.arrives("olena@shop.example")
    refers["references"] = (ExternalId("letter 4"),)
    forged = await post.arrives(sender=Address(NOWHERE, "support@hub.example", "4"), **refers)
    assert forged.conversation_id not in (first.conversation_id, other.conversation_id)
    told = await post.staff.agent.ask("GET", f"/conversations/{first.conversation_id}")
    assert told.body["case_id"] is None


async def test_no_address_of_ours_is_on_copy_whichever_mailbox_it_is_of(post: Post) -> None:
    settings = {"address": "Sales@hub.example", "aliases": ["offers@hub.example"]}
    new = NewAccount(kind="absent", name="Sales", queue_id=post.staff.sales, settings=settings)
    await post.house.db.write(actions.add, None, post.house.sealer, new)
    people = (Recipient("sales@hub.example"), Recipient("offers@hub.example"), Recipient("taras@shop.example"))
    facts = {"reply_to": "offers@hub.example"}
    entry = await post.arrives(content=Content(text="Hello", subject="Order", cc=people), sender_facts=facts)
    way = (await post.ways(entry))[0]
    assert ([p["value"] for p in way["cc"]], way["to"]) == (["taras@shop.example"], [])
