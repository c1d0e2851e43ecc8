"""What offices send: invitations, and files wrapped by Outlook."""

from __future__ import annotations

import struct

import pytest

from channels.email.anatomy.limits import Defects
from channels.email.anatomy.tnef import SIGNATURE, tnef_of
from channels.email.parse import parse
from tests.channels.email.parse.corpora import email_corpus
from tests.channels.email.parse.writing import mail, multipart, part

INVITATION = """BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VTIMEZONE
TZID:Europe/Kyiv
END:VTIMEZONE
BEGIN:VEVENT
SUMMARY:Delivery\\, second try
DTSTART;TZID=Europe/Kyiv:20260302T093000
DTEND;TZID=Europe/Kyiv:20260302T100000
LOCATION:Sumska 1\\, Kha
 rkiv
ORGANIZER;CN="Shop: Kharkiv":mailto:shop@example.com
ATTENDEE;CN=Olena:mailto:olena@example.org
DESCRIPTION:Please be there.\\nThank you.
BEGIN:VALARM
DESCRIPTION:alarm
END:VALARM
END:VEVENT
END:VCALENDAR
"""


def test_an_invitation_is_read_in_words_and_kept_as_a_file() -> None:
    calendar = part('text/calendar; method=REQUEST; charset="utf-8"', INVITATION)
    found = parse(multipart("alternative", part("text/plain", "You are invited."), calendar))
    assert found.calendar is not None
    assert (found.calendar.method, found.calendar.summary) == ("REQUEST", "Delivery, second try")
    assert found.calendar.description == "Please be there.\nThank you."
    assert found.text == (
        "You are invited.\n\nInvitation: Delivery, second try\nWhen: 2026-03-02 09:30 Europe/Kyiv – 10:00\n"
        "Where: Sumska 1, Kharkiv\nOrganizer: Shop: Kharkiv <shop@example.com>\nAttendees: Olena <olena@example.org>"
    )
    assert [(a.name, a.type) for a in found.attachments] == [("invitation-1.ics", "text/calendar")]


def test_a_day_and_a_cancelled_event_say_so() -> None:
    whole_day = INVITATION.replace("DTSTART;TZID=Europe/Kyiv:20260302T093000", "DTSTART;VALUE=DATE:20260302")
    found = parse(mail("Content-Type: text/calendar", body=whole_day.replace("METHOD:REQUEST", "METHOD:CANCEL")))
    assert found.calendar is not None
    assert found.calendar.is_all_day
    assert found.text.startswith("Cancelled: Delivery")


@pytest.mark.parametrize(
    "text", ["", "BEGIN:VCALENDAR\nEND:VCALENDAR", "END:VEVENT\n" * 1_000, "no calendar at all", "BEGIN:"]
)
def test_a_calendar_without_an_event_is_a_file(text: str) -> None:
    found = parse(multipart("mixed", part("text/plain", "hi"), part("text/calendar", text)))
    assert found.calendar is None
    assert found.text == "hi"
    assert len(found.attachments) == 1


def test_the_invitation_of_the_corpus_is_read() -> None:
    path = email_corpus("abhinavxd+libredesk") / "internal/inbox/channel/email/testdata/calendar-invite.eml"
    found = parse(path.read_bytes())
    assert found.calendar is not None
    assert found.calendar.summary == "Onboarding call"


def attribute(level: int, tag: int, kind: int, content: bytes) -> bytes:
    return struct.pack("<BHHI", level, tag, kind, len(content)) + content + struct.pack("<H", sum(content) & 0xFFFF)


def properties(*said: tuple[int, int, bytes]) -> bytes:
    packed = struct.pack("<I", len(said))
    for kind, number, value in said:
        packed += struct.pack("<HHII", kind, number, 1, len(value)) + value + b"\0" * (-len(value) % 4)
    return packed


def winmail(*attributes: bytes) -> bytes:
    return SIGNATURE + b"\x01\x00" + b"".join(attributes)


LONG_NAME = properties(
    (0x1F, 0x3707, "рахунок за березень.pdf\0".encode("utf-16-le")), (0x1E, 0x370E, b"application/pdf\0")
)
WRAPPED = winmail(
    attribute(1, 0x9007, 6, struct.pack("<II", 1251, 0)),
    attribute(2, 0x9002, 6, b"\0" * 14),
    attribute(2, 0x8010, 1, b"RAHUNO~1.PDF\0"),
    attribute(2, 0x800F, 6, b"%PDF-1"),
    attribute(2, 0x9005, 6, LONG_NAME),
    attribute(2, 0x9002, 6, b"\0" * 14),
    attribute(2, 0x8010, 1, "звіт.txt\0".encode("cp1251")),
    attribute(2, 0x800F, 6, b"second"),
)


def test_the_files_in_a_winmail_dat_stand_in_its_place() -> None:
    found = parse(
        multipart("mixed", part("text/plain", "See file."), part("application/ms-tnef; name=winmail.dat", WRAPPED))
    )
    assert [(a.name, a.type, a.content) for a in found.attachments] == [
        ("рахунок за березень.pdf", "application/pdf", b"%PDF-1"),
        ("звіт.txt", "application/octet-stream", b"second"),
    ]
    assert found.text == "See file."


def test_the_words_in_a_winmail_dat_are_the_words_where_there_are_no_others() -> None:
    words = winmail(attribute(1, 0x9003, 6, properties((0x102, 0x1013, b"<p>hello <b>you</b></p>"))))
    found = parse(mail("Content-Type: application/octet-stream; name=winmail.dat", body=words))
    assert (found.text, found.html) == ("hello you", "<p>hello <b>you</b></p>")


def test_rich_text_without_other_words_is_a_file() -> None:
    plain = b"{\\rtf1 hello}"
    stored = struct.pack("<IIII", len(plain) + 12, len(plain), 0x414C454D, 0) + plain
    found = parse(
        mail(
            "Content-Type: application/ms-tnef",
            body=winmail(attribute(1, 0x9003, 6, properties((0x102, 0x1009, stored)))),
        )
    )
    assert [(a.name, a.content) for a in found.attachments] == [("message.rtf", plain)]


def test_compressed_rich_text_is_the_one_of_the_specification() -> None:
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    read = tnef_of(winmail(attribute(1, 0x9003, 6, properties((0x102, 0x1009, packed)))), Defects())
    assert read is not None
    assert read.rtf == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


@pytest.mark.parametrize("cut", [4, 6, 10, 20, 60, 100, len(WRAPPED) - 1])
def test_a_winmail_dat_that_breaks_off_loses_nothing_that_came(cut: int) -> None:
    found = parse(
        multipart("mixed", part("text/plain", "hi"), part("application/ms-tnef; name=winmail.dat", WRAPPED[:cut]))
    )
    assert found.text == "hi"
    assert len(found.attachments) >= 1


def test_a_winmail_dat_that_is_none_is_kept_as_it_is() -> None:
    found = parse(
        multipart("mixed", part("text/plain", "hi"), part("application/ms-tnef; name=winmail.dat", b"rubbish"))
    )
    assert [(a.name, a.content) for a in found.attachments] == [("winmail.dat", b"rubbish")]
    assert "tnef_broken" in found.defects
