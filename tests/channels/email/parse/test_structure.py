"""Parts of a mail: what is its words, what a file; and how it is read when it is broken."""

from __future__ import annotations

import binascii
import hashlib
from datetime import UTC, datetime

import pytest

from channels.email.parse import parse
from tests.channels.email.parse.writing import mail, multipart, part

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def test_text_and_html_are_two_views_of_one_message() -> None:
    found = parse(multipart("alternative", part("text/plain", "hello"), part("text/html", "<p>hello <b>you</b></p>")))
    assert found.text == "hello"
    assert found.html == "<p>hello <b>you</b></p>"
    assert found.attachments == []


def test_files_are_told_with_their_bytes_and_digest() -> None:
    file = part("image/png", PICTURE, "Content-Disposition: attachment; filename=p.png")
    found = parse(multipart("mixed", part("text/plain", "hi"), file))
    [attached] = found.attachments
    assert (attached.name, attached.type, attached.content, attached.inline) == ("p.png", "image/png", PICTURE, False)
    assert attached.sha256 == hashlib.sha256(PICTURE).hexdigest()


def test_texts_between_files_are_one_text_in_their_order() -> None:
    file = part("application/pdf", b"%PDF", "Content-Disposition: attachment; filename=a.pdf")
    found = parse(multipart("mixed", part("text/plain", "one"), file, part("text/plain", "two")))
    assert found.text == "one\n\ntwo"


def test_a_picture_within_the_html_is_found_by_its_id() -> None:
    html = part("text/html", '<p>look</p><img src="cid:logo@x">')
    found = parse(multipart("related", html, part("image/png", PICTURE, "Content-ID: <logo@x>")))
    assert found.html == '<p>look</p><img src="cid:logo@x">'
    assert [(a.content_id, a.inline) for a in found.attachments] == [("logo@x", True)]


def test_a_picture_between_texts_stands_between_them_in_the_html() -> None:
    shown = part("image/png", PICTURE, "Content-Disposition: inline; filename=p.png")
    found = parse(multipart("mixed", part("text/html", "<p>one</p>"), shown, part("text/html", "<p>two</p>")))
    [attached] = found.attachments
    assert attached.inline
    html = found.html or ""
    assert html.index("one") < html.index(f'src="cid:{attached.content_id}"') < html.index("two")


def test_a_forwarded_mail_is_a_file_and_its_words_are_read() -> None:
    inner = "From: Ivan <ivan@example.org>\nSubject: Chair\n\nThe chair is broken."
    found = parse(multipart("mixed", part("text/plain", "See below."), part("message/rfc822", inner)))
    assert [a.type for a in found.attachments] == ["message/rfc822"]
    assert found.attachments[0].content.strip() == inner.encode()
    assert "From: Ivan <ivan@example.org>" in found.trimmed
    assert found.trimmed.endswith("The chair is broken.")


def test_a_digest_is_of_mails_without_saying_so() -> None:
    found = parse(multipart("digest", b"\nSubject: one\n\nfirst", b"\nSubject: two\n\nsecond"))
    assert [a.type for a in found.attachments] == ["message/rfc822"] * 2
    assert "second" in found.text


def test_signed_and_encrypted_mails_keep_what_signs_them_as_a_file() -> None:
    found = parse(multipart("signed", part("text/plain", "hi"), part("application/pgp-signature; name=s.asc", "-----")))
    assert found.text == "hi"
    assert [a.name for a in found.attachments] == ["s.asc"]


def test_an_apple_file_of_two_forks_is_two_files() -> None:
    inner = (
        b'Content-Type: multipart/appledouble; boundary="two"\n\n--two\n'
        + part("application/applefile; name=p.png", b"fork")
        + b"\n--two\n"
        + part("image/png; name=p.png", PICTURE, "Content-Disposition: attachment; filename=p.png")
        + b"\n--two--\n"
    )
    found = parse(multipart("mixed", part("text/plain", "hi"), inner))
    assert [a.type for a in found.attachments] == ["application/applefile", "image/png"]


def test_a_part_of_a_longer_mail_is_kept_whole() -> None:
    found = parse(mail('Content-Type: message/partial; number=1; total=3; id="x"', body="From: a@x.org\n\nstart"))
    assert found.attachments[0].type == "message/partial"
    assert b"start" in found.attachments[0].content


def test_a_mail_that_breaks_off_has_what_came() -> None:
    raw = multipart("mixed", part("text/plain", "hi"), part("image/png; name=p.png", PICTURE)).partition(
        b"\n--=edge=--"
    )[0]
    found = parse(raw)
    assert found.attachments[0].content == PICTURE
    assert "boundary_end_missing" in found.defects


def test_a_boundary_that_is_not_said_is_seen() -> None:
    raw = multipart("mixed", part("text/plain", "one"), part("text/plain", "two")).replace(b'; boundary="=edge="', b"")
    found = parse(raw)
    assert found.text == "one\n\ntwo"
    assert "boundary_missing" in found.defects


def test_base64_with_rubbish_in_it_gives_what_it_says() -> None:
    encoded = binascii.b2a_base64(b"hello, world").strip()
    broken = b"!" + encoded[:6] + b"\r\n*" + encoded[6:] + b"\n-- \nadvert!"
    found = parse(mail("Content-Type: text/plain", "Content-Transfer-Encoding: base64", body=broken))
    assert found.text.startswith("hello, world")
    assert "base64_broken" in found.defects


def test_quoted_printable_with_stray_signs_keeps_them() -> None:
    found = parse(
        mail("Content-Transfer-Encoding: quoted-printable", "Content-Type: text/plain", body="1 = 1, =D0=9F=\n!")
    )
    assert found.text == "1 = 1, П!"


def test_uuencoded_files_within_a_text_are_files() -> None:
    lines = b"".join(binascii.b2a_uu(PICTURE[n : n + 45]) for n in range(0, len(PICTURE), 45))
    found = parse(mail(body=b"see\n\nbegin 644 p.png\n" + lines + b"`\nend\n\nbye\n"))
    assert [(a.name, a.content) for a in found.attachments] == [("p.png", PICTURE)]
    assert found.text.split() == ["see", "bye"]


def test_a_sentence_that_begins_with_begin_is_no_file() -> None:
    text = "begin 644 times\nand you will see"
    assert parse(mail(body=text)).text == text


def test_flowed_lines_flow_and_signatures_stay() -> None:
    body = "one \ntwo\n> a \n> b\n-- \nOlena\n"
    assert (
        parse(mail("Content-Type: text/plain; format=flowed", body=body)).text.rstrip() == "one two\n> a b\n-- \nOlena"
    )
    japanese = parse(mail("Content-Type: text/plain; format=flowed; delsp=yes", body="注文 \nした\n"))
    assert japanese.text == "注文した"


def test_a_mail_of_carriage_returns_alone_is_read() -> None:
    found = parse(b"From: a@x.org\rSubject: old\r\rhello\rthere")
    assert (found.subject, found.text) == ("old", "hello\nthere")


def test_a_mail_without_headers_or_without_anything_is_a_mail() -> None:
    assert parse(b"just words").text == "just words"
    assert parse(b"").text == ""
    assert "headers_missing" in parse(b"").defects


def test_a_header_line_that_lost_its_indent_goes_on() -> None:
    found = parse(b"From: a@x.org\nX-Long: one\ntwo\nSubject: hi\n\nbody")
    assert (found.subject, found.text) == ("hi", "body")
    assert "header_broken" in found.defects


def test_references_are_told_once_each_in_their_order() -> None:
    found = parse(mail("References: <a@x> <b@x>\n\t<a@x>,<c@x>", "In-Reply-To: Your message of Monday <c@x>"))
    assert found.references == ["a@x", "b@x", "c@x"]
    assert found.in_reply_to == ["c@x"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Tue, 1 Jul 2003 10:52:37 +0200", datetime(2003, 7, 1, 8, 52, 37, tzinfo=UTC)),
        ("21 Nov 97 09:55:06 GMT", datetime(1997, 11, 21, 9, 55, 6, tzinfo=UTC)),
        ("Tue, 1 Jul 2003 (a\n comment) 10:52:37 EST", datetime(2003, 7, 1, 15, 52, 37, tzinfo=UTC)),
        ("Mon, 99 Feb 2021 25:61:00 +9999", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_date_is_a_moment_or_none(said: str, expected: datetime | None) -> None:
    moment = None if expected is None else int(expected.timestamp() * 1000)
    assert parse(mail(f"Date: {said}")).date == moment
