from __future__ import annotations

from typing import Any

import pytest
from aiogram.methods import (
    SendAudio,
    SendDocument,
    SendLocation,
    SendMediaGroup,
    SendMessage,
    SendPhoto,
    SendVenue,
    SendVideo,
    SendVoice,
)

from channels.contract import Kept, OutboundMessage, Refused
from channels.telegram.render import Where, as_documents, count, requests, where
from crm_core.words.addresses import Address
from crm_core.words.content import Button, Content, ExternalId, Place, ThreadKey
from tests.channels.standins import message as entry


def outbound(text: str = "", *, thread: str = "7", in_reply_to: str | None = None, **content: Any) -> OutboundMessage:
    return OutboundMessage(
        delivery=5,
        entry=entry(9, text, ours=True),
        thread=ThreadKey(thread),
        to=Address("telegram", "7"),
        content=Content(text=text, **content),
        in_reply_to=ExternalId(in_reply_to) if in_reply_to else None,
    )


def file(kind: str = "application/pdf", size: int = 3) -> Kept:
    return Kept(name="a.bin", type=kind, content=b"x" * size)


def test_a_short_text_is_one_message() -> None:
    (request,) = requests(outbound("hello <b>you</b>"), [])
    assert isinstance(request, SendMessage)
    assert (request.chat_id, request.text, request.entities) == (7, "hello <b>you</b>", None)


def test_html_becomes_entities_that_count_as_telegram_counts() -> None:
    (request,) = requests(outbound("😀 bold", html="<p>😀 <strong>bold</strong></p>"), [])
    assert request.text == "😀 bold"
    assert [(e.type, e.offset, e.length) for e in request.entities] == [("bold", 3, 4)]


def test_a_long_text_goes_in_parts_that_fit_and_lose_no_word() -> None:
    text = "\n\n".join(f"paragraph {n} " + "word " * 200 for n in range(12))
    parts = [request.text for request in requests(outbound(text), [])]
    assert len(parts) > 2
    assert all(len(part.encode("utf-16-le")) // 2 <= 4096 for part in parts)
    assert " ".join(parts).split() == text.split()
    assert all(part.startswith("paragraph") for part in parts)


def test_only_the_first_part_answers_and_only_the_last_has_buttons() -> None:
    message = outbound("word " * 2_000, in_reply_to="7:44", buttons=(Button(text="Yes", key="y"),))
    parts = requests(message, [])
    assert [bool(p.reply_parameters) for p in parts] == [True, False, False]
    assert [bool(p.reply_markup) for p in parts] == [False, False, True]
    assert parts[0].reply_parameters.message_id == 44
    assert parts[0].reply_parameters.allow_sending_without_reply


@pytest.mark.parametrize("answered", ["8:44", "press:77", "7@bc1:44", "", "nonsense"])
def test_an_answer_to_something_of_another_place_is_a_plain_message(answered: str) -> None:
    (request,) = requests(outbound("x", in_reply_to=answered), [])
    assert request.reply_parameters is None


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        ("image/jpeg", SendPhoto),
        ("image/svg+xml", SendDocument),
        ("video/mp4", SendVideo),
        ("audio/ogg", SendVoice),
        ("audio/mpeg", SendAudio),
        ("application/pdf", SendDocument),
    ],
)
def test_a_file_goes_as_what_it_is_with_the_text_below_it(kind: str, method: type) -> None:
    (request,) = requests(outbound("look"), [file(kind)])
    assert isinstance(request, method)
    assert request.caption == "look"


def test_a_picture_too_large_for_one_goes_as_a_file() -> None:
    (request,) = requests(outbound(), [file("image/png", 11 * 1024 * 1024)])
    assert isinstance(request, SendDocument)


def test_a_text_too_long_for_a_caption_follows_its_file() -> None:
    first, second = requests(outbound("x" * 1_025), [file()])
    assert isinstance(first, SendDocument)
    assert first.caption is None
    assert isinstance(second, SendMessage)


def test_pictures_go_as_an_album_and_documents_as_another() -> None:
    files = [file("image/jpeg"), file(), file("video/mp4"), file(), file("audio/ogg")]
    seen, kept, voice = requests(outbound("all"), files)
    assert isinstance(seen, SendMediaGroup)
    assert [item.type for item in seen.media] == ["photo", "video"]
    assert [item.caption for item in seen.media] == ["all", None]
    assert isinstance(kept, SendMediaGroup)
    assert isinstance(voice, SendVoice)
    assert [count(r) for r in (seen, kept, voice)] == [2, 2, 1]


def test_eleven_pictures_are_an_album_of_ten_and_one_more() -> None:
    assert [count(r) for r in requests(outbound(), [file("image/jpeg")] * 11)] == [10, 1]


def test_an_album_has_no_buttons_so_its_words_come_after_it() -> None:
    buttons = (Button(text="Yes", key="y"), Button(text="Shop", url="https://shop.example"))
    album, words = requests(outbound("choose", buttons=buttons), [file("image/jpeg")] * 2)
    assert isinstance(album, SendMediaGroup)
    assert isinstance(words, SendMessage)
    rows = words.reply_markup.inline_keyboard
    assert [(row[0].text, row[0].callback_data, row[0].url) for row in rows] == [
        ("Yes", "y", None),
        ("Shop", None, "https://shop.example"),
    ]


def test_a_button_without_a_key_gives_its_words_back_as_far_as_they_fit() -> None:
    (request,) = requests(outbound("?", buttons=(Button(text="ї" * 40),)), [])
    assert request.reply_markup.inline_keyboard[0][0].callback_data == "ї" * 32


def test_a_place_follows_the_words_and_a_named_one_is_a_venue() -> None:
    words, spot = requests(outbound("here", place=Place(latitude=0.0, longitude=30.5)), [])
    assert isinstance(words, SendMessage)
    assert isinstance(spot, SendLocation)
    (venue,) = requests(outbound(place=Place(latitude=1.0, longitude=2.0, title="Shop")), [])
    assert isinstance(venue, SendVenue)
    assert venue.title == "Shop"


@pytest.mark.parametrize(
    ("message", "files"),
    [
        (outbound(), []),
        (outbound("  \n "), []),
        (outbound("x", thread="nowhere"), []),
        (outbound("x", thread="7/x"), []),
        (outbound("x", buttons=(Button(text="a", key="k" * 65),)), []),
        (outbound("x", buttons=(Button(text="a"),) * 9), []),
        (outbound(buttons=(Button(text="a"),)), [file("image/jpeg")] * 2),
        (outbound(), [file(size=50 * 1024 * 1024 + 1)]),
    ],
)
def test_what_no_bot_can_send_is_refused_in_words(message: OutboundMessage, files: list[Kept]) -> None:
    with pytest.raises(Refused, match=r"\w+ \w+"):
        requests(message, files)


def test_who_is_no_telegram_user_cannot_be_written_to() -> None:
    stranger = OutboundMessage(
        delivery=1,
        entry=entry(9, "x", ours=True),
        thread=ThreadKey(""),
        to=Address("tel", "+380441234567"),
        content=Content(text="x"),
    )
    with pytest.raises(Refused):
        requests(stranger, [])


def test_a_thread_leads_back_to_its_topic_and_connection() -> None:
    assert where(ThreadKey("-100123/4")) == Where(chat=-100123, topic=4)
    assert where(ThreadKey("7@bc1")) == Where(chat=7, connection="bc1")
    (request,) = requests(outbound("x", thread="-100123/4@bc1"), [])
    assert (request.chat_id, request.message_thread_id, request.business_connection_id) == (-100123, 4, "bc1")


def test_a_picture_of_an_odd_shape_can_go_as_a_file_with_the_same_words() -> None:
    (photo,) = requests(outbound("look", in_reply_to="7:44"), [file("image/jpeg")])
    plain = as_documents(photo)
    assert isinstance(plain, SendDocument)
    assert (plain.caption, plain.chat_id) == ("look", 7)
    assert plain.reply_parameters is not None
    assert as_documents(plain) is None
