from __future__ import annotations

import pytest

from crm_core.contacts import actions as contacts
from crm_core.contacts.actions import NewAddress, NewContact
from crm_core.contacts.resolving import resolve
from crm_core.conversations import timeline
from crm_core.search.queries import Kind, Results, find
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.addresses import Address, phone
from crm_core.words.errors import Invalid
from crm_core.words.permissions import Actor
from crm_core.words.values import AuthorKind, Direction, EntryKind
from tests.crm_core.conversations.people import CHIEF, OLENA, OTHER, SUPPORT, a_conversation
from tests.peers.clock import VirtualClock


def say(tx: Tx, conversation_id: int, text: str, kind: EntryKind = EntryKind.MESSAGE) -> int:
    entry = timeline.new_entry(
        tx,
        conversation_id=conversation_id,
        kind=kind,
        direction=Direction.IN,
        author_kind=AuthorKind.CONTACT,
        text=text,
    )
    timeline.store(tx, [entry])
    entry_id: int = entry["id"]
    return entry_id


def found(results: Results) -> list[str]:
    return [hit.entry.text for hit in results.entries]


async def search(db: Database, text: str, actor: Actor = CHIEF) -> list[str]:
    return found(await db.read(find, actor, text))


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("Доброго дня, Жанно! Де моє замовлення?", "жанно ЗАМОВ"),
        ("The café opens at nine", "cafe"),
        ("The cafe opens at nine", "CAFÉ opens"),
        ("我的订单123号没有到", "订单"),
        ("我的订单123号没有到", "没有到"),
        ("我的订单123号没有到", "单"),
        ("我的订单123号没有到", "到"),
        ("私の注文が来ない", "注文"),
        ("mein Paket ist in der Straße verloren", "strasse"),
        ("한국어 주문 확인", "주문"),
        ("मेरा ऑर्डर कहाँ है", "ऑर्डर"),
        ("call me on 067 123-45-67 please", "+380671234567"),
        ("call me on +38 (067) 123 45 67 please", "0671234567"),
        ("order no. 4711-B", "4711"),
        ("first\nsecond line", "second"),
        ("it's O'Brien", "o'brien"),
    ],
)
async def test_words_are_found_as_people_write_them(db: Database, said: str, text: str) -> None:
    conversation = await db.write(a_conversation)
    await db.write(say, conversation, "something else entirely")
    await db.write(say, conversation, said)
    assert await search(db, text) == [said]


@pytest.mark.parametrize(("typed", "is_found"), [("del", True), ("deliv", True), ("delivery", True), ("de", False)])
async def test_results_come_as_one_types_from_the_third_letter(db: Database, typed: str, is_found: bool) -> None:
    conversation = await db.write(a_conversation)
    await db.write(say, conversation, "The delivery is late")
    assert bool(await search(db, typed)) is is_found


async def test_every_word_has_to_be_there(db: Database) -> None:
    conversation = await db.write(a_conversation)
    await db.write(say, conversation, "red shoes")
    await db.write(say, conversation, "blue shoes")
    assert await search(db, "shoes red") == ["red shoes"]
    assert await search(db, "shoes green") == []


async def test_the_newest_come_first_and_the_pages_have_no_gap_or_double(db: Database, clock: VirtualClock) -> None:
    conversation = await db.write(a_conversation)
    for n in range(60):
        clock.advance(60_000)
        await db.write(say, conversation, f"parcel {n}")
    pages, before = [], None
    while True:
        results = await db.read(find, CHIEF, "parcel", most=7, before=before)
        pages += found(results)
        before = results.before
        if before is None:
            break
    assert pages == [f"parcel {n}" for n in range(59, -1, -1)]


async def test_nobody_finds_what_they_may_not_read(db: Database) -> None:
    mine, theirs = await db.write(a_conversation), await db.write(a_conversation, queue_id=SUPPORT)
    await db.write(say, mine, "secret one")
    await db.write(say, theirs, "secret two")
    for n in range(30):
        await db.write(say, theirs, f"secret {n + 3}")
    assert await search(db, "secret one", OLENA) == ["secret one"]
    assert await search(db, "secret", OLENA) == ["secret one"]
    assert await search(db, "secret one", OTHER) == []
    assert len(await search(db, "secret", OTHER)) == 20


async def test_notes_are_found_by_colleagues_and_notices_by_nobody(db: Database) -> None:
    conversation = await db.write(a_conversation)
    await db.write(say, conversation, "a grumpy customer", EntryKind.NOTE)
    await db.write(say, conversation, "a grumpy notice", EntryKind.NOTICE)
    assert await search(db, "grumpy", OLENA) == ["a grumpy customer"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        '"',
        "'",
        "''; DROP TABLE entry; --",
        "*",
        "a*",
        "%",
        "_",
        "NEAR(a b)",
        "a AND",
        "OR",
        "NOT",
        "words:a",
        "(",
        "a & b | !c <-> d",
        "'a':*",
        "\\",
        "\0",
        "\ud800",
        "\u202e",
        "№123",
        "☃💥",
        "ﷺ",
        "١٢٣٤٥٦٧",
        "a" * 100_000,
        "a " * 10_000,
        "中" * 500,
        "+" * 500,
        "1" * 500,
        "Ω≈ç√∫˜µ≤≥÷",
        "\u0300\u0301",
        "\uffff",
    ],
    ids=range(33),
)
async def test_no_text_is_too_strange_to_be_looked_for(db: Database, text: str) -> None:
    conversation = await db.write(a_conversation)
    await db.write(say, conversation, "a b c words or near 100%")
    results = await db.read(find, OLENA, text)
    assert set(found(results)) <= {"a b c words or near 100%"}


async def test_what_was_stored_is_found_by_itself_whatever_it_is(db: Database) -> None:
    conversation = await db.write(a_conversation)
    strange = ["ﬁnance ﬂow", "İstanbul ıstanbul", "Ⅳ chapter", "x" * 300, "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "ёлка", "naïve", "１２３４"]
    for text in strange:
        await db.write(say, conversation, text)
    for text in strange:
        assert text in await search(db, text), text


async def test_a_snippet_marks_what_was_found_where_a_browser_counts(db: Database) -> None:
    conversation = await db.write(a_conversation)
    await db.write(say, conversation, "💥 " * 50 + "the Delivery, and the delivery again " + "tail " * 60)
    (hit,) = (await db.read(find, CHIEF, "deliv")).entries
    encoded = hit.snippet.encode("utf-16-le")
    marked = [encoded[2 * a : 2 * b].decode("utf-16-le") for a, b in hit.highlights]
    assert marked == ["Delivery", "delivery"]
    assert hit.snippet.startswith("…")
    assert hit.snippet.endswith("…")
    assert hit.conversation.id == conversation


async def test_people_are_found_by_name_and_by_number_in_any_spelling(db: Database) -> None:
    number = phone("+380671234567")
    contact = await db.write(contacts.add, NewContact(name="Тарас Шевченко", company="Kobzar Ltd"))
    await db.write(contacts.attach_address, contact, NewAddress(number))
    identity = (await db.write(resolve, number, "", {})).id
    conversation = await db.write(a_conversation, identity_id=identity, contact_id=contact)
    for text in (
        "шевч",
        "тарас",
        "kobzar",
        "067 123 45 67",
        "+38 (067) 123-45-67",
        "00380671234567",
        "1234567",
        "1234",
    ):
        results = await db.read(find, OLENA, text)
        assert [p.id for p in results.people] == [contact], text
        assert [c.id for c in results.conversations] == [conversation], text
    assert [i.id for i in (await db.read(find, OLENA, "0671234567")).numbers] == [identity]
    # People are everybody's, their conversations are not.
    results = await db.read(find, OTHER, "шевченко")
    assert ([p.id for p in results.people], list(results.conversations)) == ([contact], [])


async def test_a_stranger_is_found_only_by_who_may_read_them(db: Database) -> None:
    stranger = await db.write(resolve, Address("visitor", "abc", "shop"), "Mykola", {})
    await db.write(a_conversation, identity_id=stranger.id)
    for actor, expected in ((OLENA, [stranger.id]), (CHIEF, [stranger.id]), (OTHER, [])):
        results = await db.read(find, actor, "mykola")
        assert [i.id for i in results.strangers] == expected


async def test_one_asks_for_what_one_wants_to_see(db: Database) -> None:
    contact = await db.write(contacts.add, NewContact(name="Parcel Service"))
    conversation = await db.write(a_conversation)
    await db.write(say, conversation, "parcel")
    results = await db.read(find, OLENA, "parcel", kinds=frozenset({Kind.PEOPLE}))
    assert ([p.id for p in results.people], list(results.entries)) == ([contact], [])
    for most in (0, 51):
        with pytest.raises(Invalid):
            await db.read(find, OLENA, "parcel", most=most)
