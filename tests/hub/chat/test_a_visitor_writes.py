from __future__ import annotations

import asyncio
import json

from sqlalchemy import func, select

from crm_core.contacts.model import Contact, Identity
from crm_core.conversations import queries, timeline
from crm_core.conversations.model import Conversation, Entry
from crm_core.store.transaction import Tx
from crm_core.words.content import DeliveryStatus
from crm_core.words.permissions import Actor
from crm_core.words.values import AuthorKind, EntryKind, Role
from hub.bus.whispers import Typing
from hub.desk import conversations, outbound
from hub.desk.assignments import Target, assign
from hub.desk.outbound import Words
from tests.channels.webchat.naughty import NAUGHTY
from tests.hub.chat.conftest import Enter, Hub, Visitor, user

BOSS = Actor(1, "Boss", Role.ADMINISTRATOR)


def counted(tx: Tx) -> tuple[int, int]:
    """Conversations and entries in the house."""
    return (
        tx.scalar(select(func.count()).select_from(Conversation)),
        tx.scalar(select(func.count()).select_from(Entry)),
    )


def only_conversation(tx: Tx) -> int:
    found: int = tx.scalar(select(Conversation.id).order_by(Conversation.id.desc()).limit(1))
    return found


async def taken(hub: Hub, name: str = "Olena") -> tuple[Actor, int]:
    """An agent who has the newest conversation."""
    agent = await hub.agent(name)
    conversation_id = await hub.db.read(only_conversation)
    await hub.db.write(assign, BOSS, conversation_id, Target(agent_id=agent.agent_id, queue_id=None))
    return agent, conversation_id


async def test_a_message_becomes_a_conversation_that_waits_in_the_queue(hub: Hub, enter: Enter) -> None:
    visitor: Visitor = await enter(page="https://shop.example/lamp", language="uk", profile={"name": "Ірина"})
    assert await hub.db.read(counted) == (0, 0)
    ack = await visitor.send("message-1", "Доброго дня!")
    assert ack["entry"]["client_message_id"] == "message-1"
    row = await hub.db.read(queries.get, BOSS, await hub.db.read(only_conversation))
    assert (row.who, row.preview, row.channel, row.queue_id) == ("Ірина", "Доброго дня!", "webchat", hub.queue_id)
    await visitor.settled()
    assert [f["conversation"]["waiting"] for f in visitor.frames if f["type"] == "status"] == [True]


async def test_the_same_message_over_three_lines_is_there_once(hub: Hub, enter: Enter) -> None:
    visitor: Visitor = await enter()
    await visitor.send("message-1", "hello")
    for _ in range(2):
        again: Visitor = await enter(token=visitor.token)
        assert (await again.send("message-1", "hello"))["type"] == "ack"
    assert await hub.db.read(counted) == (1, 1)


async def test_a_hundred_times_at_once_is_there_once(hub: Hub, enter: Enter) -> None:
    visitor: Visitor = await enter()
    lines = [await enter(token=visitor.token) for _ in range(10)]
    answers = await asyncio.gather(*(line.send("message-1", "hello") for line in lines))
    assert {a["type"] for a in answers} == {"ack"}
    assert len({a["entry"]["id"] for a in answers}) == 1
    assert await hub.db.read(counted) == (1, 1)


async def test_other_words_under_the_same_id_are_refused(hub: Hub, enter: Enter) -> None:
    visitor: Visitor = await enter()
    await visitor.send("message-1", "hello")
    assert (await visitor.send("message-1", "goodbye"))["code"] == "conflict"
    assert await hub.db.read(counted) == (1, 1)


async def test_an_answer_arrives_is_received_and_read(hub: Hub, enter: Enter) -> None:
    visitor: Visitor = await enter()
    await visitor.send("message-1", "hello")
    agent, conversation_id = await taken(hub)
    said = await hub.db.write(outbound.reply, agent, conversation_id, Words(text="Hello from us"))
    entry = await visitor.hear("entry")
    while entry["entry"]["mine"]:
        entry = await visitor.hear("entry")
    assert (entry["entry"]["text"], entry["entry"]["name"]) == ("Hello from us", "Olena")
    await visitor.say({"type": "got", "entry_id": said.id})
    await visitor.settled()
    assert (await hub.db.read(timeline.row, said.id))["delivery"] == DeliveryStatus.DELIVERED
    await visitor.say({"type": "read", "entry_id": said.id})
    await visitor.settled()
    assert (await hub.db.read(timeline.row, said.id))["delivery"] == DeliveryStatus.READ
    assert (await hub.db.read(queries.get, BOSS, conversation_id)).contact_read_id == said.id
    await visitor.say({"type": "got", "entry_id": said.id})
    await visitor.settled()
    assert (await hub.db.read(timeline.row, said.id))["delivery"] == DeliveryStatus.READ


async def test_a_note_is_never_told(hub: Hub, enter: Enter) -> None:
    visitor: Visitor = await enter()
    await visitor.send("message-1", "hello")
    agent, conversation_id = await taken(hub)
    await hub.db.write(outbound.note, agent, conversation_id, Words(text="difficult customer"), ())
    await hub.db.write(outbound.reply, agent, conversation_id, Words(text="One moment"))
    while (await visitor.hear("entry"))["entry"]["text"] != "One moment":
        continue
    back: Visitor = await enter(token=visitor.token)
    await back.settled()
    heard = json.dumps([visitor.frames, back.frames])
    assert "difficult" not in heard
    assert [e["text"] for e in back.frames[0]["entries"]] == ["hello", "One moment"]


async def test_after_closing_the_next_message_opens_another_and_the_visitor_sees_one_history(
    hub: Hub, enter: Enter
) -> None:
    visitor: Visitor = await enter()
    await visitor.send("message-1", "first")
    agent, conversation_id = await taken(hub)
    await hub.db.write(conversations.close, agent, conversation_id, None)
    while (await visitor.hear("status"))["conversation"]["open"]:
        continue
    await visitor.send("message-2", "second")
    assert (await hub.db.read(counted))[0] == 2
    back: Visitor = await enter(token=visitor.token)
    assert [e["text"] for e in back.frames[0]["entries"]] == ["first", "second"]
    assert back.frames[0]["conversation"]["open"]


async def test_an_agent_who_types_is_shown_and_one_who_types_a_note_is_not(hub: Hub, enter: Enter) -> None:
    visitor: Visitor = await enter()
    await visitor.send("message-1", "hello")
    await visitor.settled()
    conversation_id = await hub.db.read(only_conversation)
    for kind, on in ((EntryKind.NOTE, True), (EntryKind.MESSAGE, True), (EntryKind.MESSAGE, False)):
        hub.house.bus.whisper(
            Typing(conversation_id=conversation_id, by=AuthorKind.AGENT, agent_id=5, on=on, kind=kind)
        )
    assert [(await visitor.hear("typing"))["on"] for _ in range(2)] == [True, False]


async def test_a_visitor_who_types_is_whispered_to_the_agents(hub: Hub, enter: Enter) -> None:
    heard: list[object] = []
    hub.house.bus.hear(heard.append)
    visitor: Visitor = await enter()
    await visitor.say({"type": "typing", "on": True})
    await visitor.settled()
    assert heard == []
    await visitor.send("message-1", "hello")
    await visitor.say({"type": "typing", "on": True})
    await visitor.settled()
    conversation_id = await hub.db.read(only_conversation)
    assert Typing(conversation_id=conversation_id, by=AuthorKind.CONTACT, on=True) in heard


async def test_marks_on_another_ones_messages_do_nothing(hub: Hub, enter: Enter) -> None:
    victim: Visitor = await enter()
    await victim.send("message-1", "hello")
    agent, conversation_id = await taken(hub)
    said = await hub.db.write(outbound.reply, agent, conversation_id, Words(text="Hello from us"))
    stranger: Visitor = await enter()
    before = (await hub.db.read(timeline.row, said.id))["delivery"]
    for entry_id in (said.id, said.id + 1, 1, 2**53 - 1):
        await stranger.say({"type": "read", "entry_id": entry_id})
        await stranger.say({"type": "got", "entry_id": entry_id})
    await stranger.say({"type": "more", "before": said.id + 1})
    assert (await stranger.hear("history"))["entries"] == []
    await stranger.settled()
    assert (await hub.db.read(timeline.row, said.id))["delivery"] in (before, DeliveryStatus.SENT)
    assert (await hub.db.read(queries.get, BOSS, conversation_id)).contact_read_id == 0


async def test_a_token_of_another_account_opens_nothing(hub: Hub, enter: Enter) -> None:
    await hub.account("other-key")
    visitor: Visitor = await enter(user=user("42"))
    await visitor.send("message-1", "here")
    other: Visitor = await enter(key="other-key", token=visitor.token)
    assert other.frames[0]["token"]
    assert other.frames[0]["entries"] == []
    same_person: Visitor = await enter(key="other-key", user=user("42"))
    assert same_person.frames[0]["entries"] == []


async def test_when_somebody_else_signs_in_the_old_socket_is_closed_and_its_token_dead(hub: Hub, enter: Enter) -> None:
    anna: Visitor = await enter(user=user("anna"))
    await anna.send("message-1", "I am Anna")
    await anna.settled()
    boris: Visitor = await enter(user=user("boris"), token=anna.token)
    assert boris.frames[0]["entries"] == []
    agent, conversation_id = await taken(hub)
    await hub.db.write(outbound.reply, agent, conversation_id, Words(text="for Anna only"))
    assert await anna.gone() == 4401
    await boris.settled()
    assert "Anna" not in json.dumps(boris.frames)
    assert "for Anna only" not in json.dumps(anna.frames)
    again: Visitor = await enter(token=anna.token)
    assert again.frames[0]["entries"] == []
    proven: Visitor = await enter(user=user("anna"))
    assert [e["text"] for e in proven.frames[0]["entries"]] == ["I am Anna", "for Anna only"]


async def test_a_wrong_proof_is_a_stranger(hub: Hub, enter: Enter) -> None:
    anna: Visitor = await enter(user=user("anna"))
    await anna.send("message-1", "I am Anna")
    for claim in ({"id": "anna"}, user("anna", "of another inbox"), user("anna") | {"expires": 2_000_000_000}):
        thief: Visitor = await enter(user=claim)
        assert (thief.frames[0]["verified"], thief.frames[0]["entries"]) == (False, [])


async def test_the_form_for_when_nobody_is_here_becomes_a_conversation(hub: Hub, enter: Enter) -> None:
    visitor: Visitor = await enter()
    assert not visitor.frames[0]["available"]
    profile = {"name": "Marta Nowak", "email": "Marta@Example.com"}
    ack = await visitor.send("message-1", "Please write to me", profile=profile)
    assert ack["type"] == "ack"
    row = await hub.db.read(queries.get, BOSS, await hub.db.read(only_conversation))
    assert (row.who, row.work_state, row.contact_id) == ("Marta Nowak", "queued", None)
    facts = await hub.db.read(lambda tx: tx.scalar(select(Identity.facts).where(Identity.id == row.identity_id)))
    assert facts["claimed_email"] == "marta@example.com"
    assert await hub.db.read(lambda tx: tx.scalar(select(func.count()).select_from(Contact))) == 0


async def test_a_visitor_is_told_when_somebody_comes(hub: Hub, enter: Enter) -> None:
    visitor: Visitor = await enter()
    await hub.agent("Olena")
    assert await visitor.hear("available") == {"type": "available", "on": True}
    back: Visitor = await enter(token=visitor.token)
    assert back.frames[0]["available"]


async def test_somebody_who_waits_is_told_their_place(hub: Hub, enter: Enter) -> None:
    first: Visitor = await enter()
    await first.send("message-1", "first")
    second: Visitor = await enter()
    await second.send("message-1", "second")
    assert (await second.hear("queue"))["position"] == 2
    back: Visitor = await enter(token=second.token)
    assert back.frames[0]["queue_position"] == 2


async def test_naughty_strings_arrive_in_words_and_hurt_nobody(hub: Hub, enter: Enter) -> None:
    for start in range(0, len(NAUGHTY), 15):
        some = NAUGHTY[start : start + 15]
        visitor: Visitor = await enter(page=some[0], referrer=some[-1], profile={"name": some[0]})
        for number, text in enumerate(some):
            ack = await visitor.send(f"naughty-{number:03}", text)
            assert ack["type"] == "ack", text
        back: Visitor = await enter(token=visitor.token)
        shown = [e["text"] for e in back.frames[0]["entries"]]
        assert shown == [t.replace("\0", "\u2400").encode("utf-8", "replace").decode() for t in shown]
        assert len(shown) == len(some)
