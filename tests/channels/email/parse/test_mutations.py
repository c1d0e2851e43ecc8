"""Mails that are broken at random: read all the same, and everything read of them can be stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.email.mail import ParsedMail
from channels.email.parse import parse
from tests.channels.email.parse.writing import mail, multipart, part

MAILS = [
    mail(
        "Subject: =?utf-8?q?a?=",
        "Content-Type: text/plain; charset=koi8-u; format=flowed",
        body="On 3 Mar, A wrote:\n> b",
    ),
    multipart("alternative", part("text/plain", "hi"), part("text/html; charset=utf-8", "<p>hi <b>you</b>")),
    multipart(
        "mixed", part("image/png; name*0*=utf-8''a; name*1=b", b"PNG"), part("message/rfc822", "From: a@b.c\n\nhi")
    ),
    multipart("mixed", part("text/calendar", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101\nEND:VEVENT\n")),
    multipart(
        "report; report-type=delivery-status",
        part("message/delivery-status", "A: b\n\nFinal-Recipient: rfc822; a@b.c\nAction: failed\nStatus: 5.1.1\n"),
    ),
    mail(
        "Content-Type: application/ms-tnef",
        body=b"\x78\x9f\x3e\x22\x01\x00\x02\x10\x80\x01\x00\x04\x00\x00\x00abcd\x00\x00",
    ),
]
PIECES = [
    b"\r", b"\n", b"\n\n", b'"', b"(", b"<", b">", b"=?", b"?=", b"=?utf-16?b?2AA=?=", b"--", b"--=edge=--\n", b"\0",
    b"\xff", b";", b"=", b"*0*=", b"charset=utf-7 ", b"+2AA-", b"&#xd800;", b"&#0;", b"begin 644 a\n", b"\x1b$B",
    b"<blockquote>", b"Content-Type: multipart/mixed\n", b"Content-Transfer-Encoding: base64\n",
    b"Content-Transfer-Encoding: uuencode\n",
]  # fmt: skip


def texts(value: Any) -> Iterator[str]:
    """Every text within a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from (*texts(name), *texts(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    raw=st.sampled_from(MAILS),
    changes=st.lists(st.tuples(st.floats(0, 1), st.sampled_from(PIECES), st.integers(0, 30)), min_size=1, max_size=10),
)
def test_a_mail_broken_anywhere_is_read_and_can_be_stored(raw: bytes, changes: list[tuple[float, bytes, int]]) -> None:
    for place, piece, gone in changes:
        at = int(place * len(raw))
        raw = raw[:at] + piece + raw[at + gone :]
    found = parse(raw)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=ParsedMail) == found
    for text in texts(msgspec.to_builtins(found, builtin_types=(bytes,))):
        assert "\0" not in text
        text.encode("utf-8")
