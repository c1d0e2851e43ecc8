from __future__ import annotations

from typing import Any

import pytest

from channels.contract import MessageArrived, MessageEdited, MessageWithdrawn, NotUnderstood, ReachChanged
from channels.telegram.parse import NOT_UNDERSTOOD, Said, body, update
from crm_core.words.addresses import Address
from crm_core.words.content import Place, ReachState
from tests.channels.telegram.telling import ANN, NOW, message, said


def arrived(raw: dict[str, Any]) -> MessageArrived:
    (event,) = update(raw, NOW).events
    assert isinstance(event, MessageArrived)
    return event


def told(**content: Any) -> Said:
    return update({"update_id": 1, "message": message(**content)}, NOW)


def heard(**content: Any) -> MessageArrived:
    return arrived({"update_id": 1, "message": message(**content)})


def test_a_text_comes_with_all_that_telegram_knows_of_its_sender() -> None:
    event = arrived(said("Добрий день"))
    assert event.external_id == "7:50"
    assert event.thread == "7"
    assert event.sender == Address("telegram", "7")
    assert event.content.text == "Добрий день"
    assert event.content.html is None
    assert event.sent_at == 1_767_603_000_000
    assert event.sender_name == "Ann Lee"
    assert event.sender_facts == {"language": "uk", "username": "@ann"}
    assert not event.automatic


def test_two_messages_of_one_number_in_different_chats_are_two() -> None:
    other = said("hi")
    other["message"]["chat"] = {"id": 8, "type": "private"}
    assert arrived(said("hi")).external_id != arrived(other).external_id


def test_an_update_number_that_was_there_before_says_nothing_about_the_message() -> None:
    """Update ids begin anywhere after a week of silence."""
    late, early = {**said("one"), "update_id": 900}, {**said("two"), "update_id": 3}
    early["message"] = message(text="two", message_id=51)
    assert [arrived(late).content.text, arrived(early).content.text] == ["one", "two"]
    assert arrived(late).external_id != arrived(early).external_id


@pytest.mark.parametrize(
    ("text", "invitation"),
    [
        ("/start abc_DEF-123", "abc_DEF-123"),
        ("/start@shop_bot abc", "abc"),
        ("/start", ""),
        ("/start two words", ""),
        ("/start " + "x" * 65, ""),
        ("please /start abc", ""),
    ],
)
def test_a_deep_link_brings_its_token_and_the_command_stays_readable(text: str, invitation: str) -> None:
    event = arrived(said(text))
    assert event.invitation == invitation
    assert event.content.text == text


def test_a_contact_of_their_own_proves_the_number() -> None:
    event = heard(contact={"phone_number": "380441234567", "first_name": "Ann", "user_id": 7})
    assert event.proves == (Address("tel", "+380441234567"),)
    assert event.content.text == "👤 Ann 380441234567"


@pytest.mark.parametrize(
    "more",
    [
        {"contact": {"phone_number": "+380441234567", "first_name": "Bo", "user_id": 8}},
        {"contact": {"phone_number": "+380441234567", "first_name": "Ann"}},
        {"contact": {"phone_number": "112", "first_name": "Ann", "user_id": 7}},
        {"contact": {"phone_number": "call me", "first_name": "Ann", "user_id": 7}},
        {
            "contact": {"phone_number": "+380441234567", "first_name": "Ann", "user_id": 7},
            "forward_origin": {"type": "hidden_user", "sender_user_name": "Ann", "date": 1},
        },
    ],
)
def test_any_other_contact_proves_nothing(more: dict[str, Any]) -> None:
    assert heard(**more).proves == ()


def test_the_largest_size_of_a_picture_is_fetched_and_its_caption_is_the_text() -> None:
    sizes = [{"file_id": f"p{w}", "width": w, "height": w, "file_size": w} for w in (90, 1280, 320)]
    said = told(photo=sizes, caption="the door", media_group_id="a1")
    (event,) = said.events
    assert isinstance(event, MessageArrived)
    assert event.content.text == "the door"
    assert [file.file_id for file in said.files] == ["p1280"]


@pytest.mark.parametrize(("group", "album"), [("a1", "a1"), ("", None), (None, None), (7, None), (["a1"], None)])
def test_pictures_of_one_album_say_so_and_in_which_order_they_stand(group: Any, album: str | None) -> None:
    event = heard(photo=[{"file_id": "p", "width": 9, "height": 9}], media_group_id=group)
    assert (event.part_of, event.part) == (album, 50)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ({"document": {"file_id": "f", "file_name": "bill.pdf", "file_size": 9}}, "bill.pdf"),
        ({"document": {"file_id": "f"}}, "document"),
        ({"voice": {"file_id": "f", "duration": 3}}, "voice.ogg"),
        ({"video": {"file_id": "f", "duration": 3}}, "video.mp4"),
        ({"video_note": {"file_id": "f", "duration": 3, "length": 240}}, "video-note.mp4"),
        ({"audio": {"file_id": "f", "duration": 3, "file_name": "song.m4a"}}, "song.m4a"),
        ({"animation": {"file_id": "f"}, "document": {"file_id": "f"}}, "animation.mp4"),
        ({"sticker": {"file_id": "f", "is_animated": True, "is_video": False}}, "sticker.tgs"),
        ({"sticker": {"file_id": "f", "is_animated": False, "is_video": True}}, "sticker.webm"),
        ({"sticker": {"file_id": "f", "is_animated": False, "is_video": False}}, "sticker.webp"),
        ({"paid_media": {"star_count": 1, "paid_media": [{"type": "video", "video": {"file_id": "f"}}]}}, "video.mp4"),
        ({"live_photo": {"file_id": "f", "duration": 3}}, "live-photo.mp4"),
    ],
)
def test_every_kind_of_file_is_named(content: dict[str, Any], name: str) -> None:
    (file,) = told(**content).files
    assert (file.file_id, file.name) == ("f", name)


def test_a_place_is_a_place_and_a_venue_says_its_name() -> None:
    assert heard(location={"latitude": 50.45, "longitude": 30.52}).content.place == Place(
        latitude=50.45, longitude=30.52
    )
    spot = {"latitude": 0, "longitude": -1}
    venue = heard(venue={"location": spot, "title": "Shop", "address": "Main 1"}, location=spot)
    assert venue.content.place == Place(latitude=0.0, longitude=-1.0, title="Shop, Main 1")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"dice": {"emoji": "🎯", "value": 4}}, "🎯 4"),
        ({"sticker": {"file_id": "f", "emoji": "😡"}}, "😡"),
        ({"poll": {"question": "When?", "options": [{"text": "Now"}, {"text": "Later"}]}}, "📊 When?\n▫ Now\n▫ Later"),
        (
            {
                "checklist": {
                    "title": "To buy",
                    "tasks": [{"id": 1, "text": "milk", "completion_date": 1}, {"text": "tea"}],
                }
            },
            "To buy\n☑ milk\n☐ tea",
        ),
        ({"game": {"title": "Snake", "description": "Eat"}}, "🎮 Snake Eat"),
        ({"web_app_data": {"data": "{}", "button_text": "Form"}}, "▣ {}"),
        (
            {
                "rich_message": {
                    "blocks": [{"type": "paragraph", "text": ["a", {"type": "bold", "text": "b"}]}, {"text": "c"}]
                }
            },
            "ab\nc",
        ),
    ],
)
def test_what_is_neither_text_nor_file_is_told_in_signs(content: dict[str, Any], text: str) -> None:
    assert heard(**content).content.text == text


@pytest.mark.parametrize("origin", [
    {"forward_origin": {"type": "user", "sender_user": {"id": 9, "first_name": "Bo", "last_name": "Ek"}}},
    {"forward_origin": {"type": "hidden_user", "sender_user_name": "Bo Ek"}},
    {"forward_origin": {"type": "channel", "chat": {"id": -1, "title": "Bo Ek"}, "message_id": 4}},
    {"forward_origin": {"type": "chat", "sender_chat": {"id": -1, "title": "Bo Ek"}}},
    {"forward_sender_name": "Bo Ek"},
    {"forward_from": {"id": 9, "first_name": "Bo", "last_name": "Ek"}},
])  # fmt: skip
def test_a_forwarded_message_names_who_wrote_it_even_when_they_hide(origin: dict[str, Any]) -> None:
    assert heard(text="psst", **origin).content.text == "↪ Bo Ek\npsst"


def test_an_answer_names_the_message_it_answers_and_what_it_quotes() -> None:
    event = heard(text="this one", reply_to_message=message(message_id=44, text="x"), quote={"text": "line two"})
    assert event.in_reply_to == "7:44"
    assert event.content.folded == "line two"


def test_two_hundred_answers_to_answers_are_one_message() -> None:
    nested = message(text="first")
    for number in range(200):
        nested = message(text=f"answer {number}", message_id=100 + number, reply_to_message=nested)
    event = arrived({"update_id": 1, "message": nested})
    assert (event.content.text, event.in_reply_to) == ("answer 199", "7:298")


def test_an_answer_to_a_message_of_another_chat_answers_nothing_here() -> None:
    other = message(message_id=44, chat={"id": -100, "type": "supergroup"})
    assert heard(text="x", reply_to_message=other).in_reply_to is None


def test_somebody_in_a_group_writes_in_the_groups_thread() -> None:
    event = heard(text="hello", chat={"id": -100123, "type": "supergroup", "title": "Buyers"})
    assert (event.thread, event.sender.value, event.external_id) == ("-100123", "7", "-100123:50")


def test_a_topic_of_a_group_is_a_thread_of_its_own_and_its_opening_answers_nothing() -> None:
    group = {"id": -100123, "type": "supergroup", "title": "Buyers"}
    opening = message(message_id=4, chat=group)
    event = heard(text="x", chat=group, is_topic_message=True, message_thread_id=4, reply_to_message=opening)
    assert (event.thread, event.in_reply_to) == ("-100123/4", None)


def test_who_speaks_for_a_group_is_the_group_and_a_bot_is_a_machine() -> None:
    group = {"id": -100123, "type": "supergroup", "title": "Buyers"}
    assert heard(text="x", chat=group, sender_chat=group).sender_name == "Buyers"
    assert heard(text="x", **{"from": {**ANN, "is_bot": True}}).automatic


def test_an_edit_has_the_name_of_what_it_changes() -> None:
    edit = {"update_id": 11, "edited_message": message(text="better", edit_date=1_767_603_100)}
    (event,) = update(edit, NOW).events
    assert isinstance(event, MessageEdited)
    assert (event.external_id, event.content.text, event.at) == ("7:50", "better", 1_767_603_100_000)


def test_a_press_says_what_stands_on_the_button_and_answers_its_message() -> None:
    rows = [[{"text": "Yes", "callback_data": "y"}], [{"text": "No", "callback_data": "n"}]]
    ours = message(message_id=60, text="Sure?", reply_markup={"inline_keyboard": rows})
    raw = {"update_id": 12, "callback_query": {"id": "77", "from": ANN, "message": ours, "data": "n"}}
    event = arrived(raw)
    assert (event.content.text, event.in_reply_to, event.external_id) == ("No", "7:60", "press:77")
    assert update(raw, NOW).press == "77"


def test_a_press_below_a_message_that_telegram_forgot_still_says_its_key() -> None:
    gone = {"chat": {"id": 7, "type": "private"}, "message_id": 60, "date": 0}
    event = arrived({"update_id": 12, "callback_query": {"id": "77", "from": ANN, "message": gone, "data": "n"}})
    assert event.content.text == "n"


@pytest.mark.parametrize(("status", "state"), [("kicked", ReachState.BLOCKED), ("member", ReachState.OK)])
def test_who_blocks_the_bot_cannot_be_reached_until_they_let_it_in_again(status: str, state: ReachState) -> None:
    change = {"chat": {"id": 7, "type": "private"}, "from": ANN, "date": 5, "new_chat_member": {"status": status}}
    (event,) = update({"update_id": 13, "my_chat_member": change}, NOW).events
    assert isinstance(event, ReachChanged)
    assert (event.address, event.state, event.at) == (Address("telegram", "7"), state, 5_000)


def test_a_bot_thrown_out_of_a_group_blocks_nobody() -> None:
    change = {"chat": {"id": -5, "type": "group"}, "from": ANN, "date": 5, "new_chat_member": {"status": "kicked"}}
    assert update({"update_id": 13, "my_chat_member": change}, NOW).events == ()


def test_business_chats_are_answered_by_their_connection_and_their_owner_is_no_customer() -> None:
    written = {"update_id": 1, "business_message": message(text="hi", business_connection_id="bc1")}
    event = arrived(written)
    assert (event.thread, event.external_id) == ("7@bc1", "7@bc1:50")
    owners = message(text="hi", business_connection_id="bc1", **{"from": {**ANN, "id": 99}})
    assert update({"update_id": 2, "business_message": owners}, NOW).events == ()
    deleted = {"business_connection_id": "bc1", "chat": {"id": 7, "type": "private"}, "message_ids": [50, 51]}
    gone = update({"update_id": 3, "deleted_business_messages": deleted}, NOW).events
    assert [e.external_id for e in gone if isinstance(e, MessageWithdrawn)] == ["7@bc1:50", "7@bc1:51"]


@pytest.mark.parametrize("kind", ["new_chat_members", "pinned_message", "forum_topic_created", "migrate_to_chat_id"])
def test_a_chat_that_tells_of_itself_says_nothing(kind: str) -> None:
    assert told(**{kind: {"x": 1}}).events == ()


@pytest.mark.parametrize("kind", ["channel_post", "message_reaction", "chat_boost", "poll", "inline_query"])
def test_kinds_that_say_nothing_to_a_desk_are_let_pass(kind: str) -> None:
    assert update({"update_id": 1, kind: {"id": 1}}, NOW) == Said()


def test_a_message_of_a_kind_that_nobody_knows_keeps_its_words() -> None:
    event = heard(hologram={"title": "A cube", "sides": [{"text": "red"}, {"text": "blue"}]})
    assert event.content.text == "A cube\nred\nblue"
    assert event.content.problem == NOT_UNDERSTOOD
    assert heard().content.problem == NOT_UNDERSTOOD


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"update_id": 1},
        {"update_id": 1, "brain_wave": {}},
        {"update_id": 1, "message": None},
        {"update_id": 1, "message": []},
        {"update_id": 1, "message": {"text": "nowhere"}},
        {"update_id": 1, "message": {"message_id": 1, "chat": {"id": "7"}, "text": "x"}},
        {"update_id": 1, "callback_query": {"id": "1"}},
    ],
)
def test_what_is_no_update_is_not_understood(raw: dict[str, Any]) -> None:
    with pytest.raises(NotUnderstood):
        update(raw, NOW)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'"x"', b"[" * 100_000, b'{"a":' * 100_000])
def test_a_body_that_is_no_update_is_not_understood(raw: bytes) -> None:
    with pytest.raises(NotUnderstood):
        body(raw)


def test_text_that_no_database_takes_becomes_text_that_all_take() -> None:
    assert arrived(said("a\0b")).content.text == "a\u2400b"
    assert arrived(said("x\ud800y")).content.text == "x\ufffdy"


@pytest.mark.parametrize("odd", [None, 5, "x", [], [None, 5, []], {"a": None}, {"file_id": 7}, True])
def test_any_field_may_be_anything_and_nothing_raises(odd: Any) -> None:
    fields = (
        *("from", "sender_chat", "date", "text", "entities", "caption", "photo", "document", "sticker", "contact"),
        *("location", "venue", "poll", "checklist", "dice", "reply_to_message", "quote", "forward_origin", "game"),
        *(
            "message_thread_id",
            "is_topic_message",
            "business_connection_id",
            "paid_media",
            "rich_message",
            "live_photo",
        ),
    )
    for field in fields:
        for text in ({}, {"text": "hello"}):
            said = told(**{**text, field: odd})
            assert len(said.events) <= 1


@pytest.mark.parametrize("latitude", [float("nan"), float("inf"), 91, -90.5, 10**400])
def test_what_is_nowhere_on_the_earth_is_no_place(latitude: float) -> None:
    assert heard(location={"latitude": latitude, "longitude": 1}).content.place is None


@pytest.mark.parametrize("date", [0, -5, 2**40, 10**40])
def test_a_message_of_no_possible_time_came_now(date: int) -> None:
    assert heard(text="x", date=date).sent_at == NOW
