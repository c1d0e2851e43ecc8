"""Reports and automatic answers: what machines write, and what only looks so."""

from __future__ import annotations

import pytest

from channels.email.mail import BounceKind
from channels.email.parse import parse
from tests.channels.email.parse.writing import mail

REPORT = b"""From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: shop@example.com
Return-Path: <>
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

I could not.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; olena@example.org
Action: %(action)s
Status: %(status)s
Diagnostic-Code: smtp; %(said)s

--b
Content-Type: text/rfc822-headers

From: Shop <shop@example.com>
To: olena@example.org
Subject: Your order
Message-ID: <out-17@shop.example.com>

--b--
"""


@pytest.mark.parametrize(
    ("action", "status", "said", "kind", "is_permanent", "reason"),
    [
        ("failed", "5.1.1", "550 5.1.1 User unknown", BounceKind.FAILED, True, "no_such_user"),
        ("failed", "5.2.2", "552 Quota exceeded", BounceKind.FAILED, True, "mailbox_full"),
        ("failed", "5.0.0", "550 5.7.1 Blocked using spamhaus", BounceKind.FAILED, True, "spam"),
        ("failed", "4.4.1", "connection timed out", BounceKind.FAILED, False, "network"),
        ("delayed", "4.0.0", "450 try again later", BounceKind.DELAYED, False, "rate_limited"),
        ("delivered", "2.0.0", "250 ok", BounceKind.DELIVERED, False, "unknown"),
        ("relayed", "2.0.0", "250 ok", BounceKind.RELAYED, False, "unknown"),
        ("expanded", "2.0.0", "250 ok", BounceKind.EXPANDED, False, "unknown"),
    ],
)
def test_a_delivery_report_says_what_became_of_which_mail(
    *, action: str, status: str, said: str, kind: BounceKind, is_permanent: bool, reason: str
) -> None:
    values = {b"action": action.encode(), b"status": status.encode(), b"said": said.encode()}
    bounce = parse(REPORT % values).bounce
    assert bounce is not None
    assert (bounce.kind, bounce.is_permanent, bounce.reason) == (kind, is_permanent, reason)
    assert bounce.recipient == "olena@example.org"
    assert bounce.original_message_id == "out-17@shop.example.com"
    assert bounce.original_headers["subject"] == "Your order"


def test_of_several_recipients_the_one_that_failed_counts() -> None:
    two = REPORT.replace(
        b"Final-Recipient: rfc822; olena",
        b"Final-Recipient: rfc822; ok@example.org\nAction: delivered\nStatus: 2.0.0\n\nFinal-Recipient: rfc822; olena",
        1,
    )
    bounce = parse(two % {b"action": b"failed", b"status": b"5.1.1", b"said": b"no"}).bounce
    assert bounce is not None
    assert (bounce.kind, bounce.recipient) == (BounceKind.FAILED, "olena@example.org")


def test_a_mail_system_that_writes_sentences_is_understood() -> None:
    body = (
        "Hi. This is the qmail-send program at mx.example.net.\nI'm afraid I wasn't able to deliver your message "
        "to the following addresses.\n\n<olena@example.org>:\n550 5.1.1 no such user\n\n--- Below this line is a "
        "copy of the message.\n\nMessage-ID: <out-17@shop.example.com>\nSubject: Your order\n"
    )
    raw = b"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.net\nTo: shop@example.com\nSubject: failure notice\n\n"
    bounce = parse(raw + body.encode()).bounce
    assert bounce is not None
    assert (bounce.status, bounce.recipient, bounce.reason) == ("5.1.1", "olena@example.org", "no_such_user")
    assert bounce.original_message_id == "out-17@shop.example.com"


def test_a_receipt_and_a_complaint_are_told_apart() -> None:
    receipt = (
        b"From: o@example.org\nContent-Type: multipart/report; boundary=b\n\n--b\nContent-Type: "
        b"message/disposition-notification\n\nFinal-Recipient: rfc822; o@example.org\nOriginal-Message-ID: <out-1@x>\n"
        b"Disposition: manual-action/MDN-sent-manually; displayed\n\n--b--\n"
    )
    complaint = receipt.replace(b"disposition-notification", b"feedback-report").replace(
        b"Disposition:", b"Feedback-Type:"
    )
    read, spam = parse(receipt).bounce, parse(complaint).bounce
    assert read is not None
    assert spam is not None
    assert (read.kind, read.original_message_id) == (BounceKind.READ, "out-1@x")
    assert (spam.kind, spam.reason) == (BounceKind.COMPLAINT, "complaint")


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (["Subject: Mail delivery failed"], "Hello, I got this error when I wrote to you. What is wrong?"),
        (["Subject: Re: failure notice", "In-Reply-To: <a@x>"], "550 5.1.1 user unknown - that was my old address."),
        (["Subject: Fwd: Undelivered Mail Returned to Sender"], "see below"),
        (["Subject: Delayed parcel"], "My parcel is delayed. Could not be delivered to me, they say."),
        (["Subject: Order 550"], "I want 550 chairs, art. 5.1.1."),
    ],
)
def test_a_customer_who_writes_of_failures_is_no_report(headers: list[str], body: str) -> None:
    found = parse(mail(*headers, body=body))
    assert found.bounce is None
    assert not found.automatic


def test_a_forwarded_report_is_the_word_of_who_forwards_it() -> None:
    report = REPORT % {b"action": b"failed", b"status": b"5.1.1", b"said": b"550 no"}
    raw = b"From: olena@example.org\nSubject: Fwd: Undelivered Mail\nContent-Type: multipart/mixed; boundary=z\n"
    found = parse(raw + b"\n--z\n\nhelp\n--z\nContent-Type: message/rfc822\n\n" + report + b"\n--z--\n")
    assert found.bounce is None
    assert not found.automatic


@pytest.mark.parametrize(
    "headers",
    [
        ["Auto-Submitted: auto-replied"],
        ["Auto-Submitted: auto-generated; owner-email=x"],
        ["Precedence: bulk"],
        ["Precedence: AUTO_REPLY"],
        ["X-Autoreply: yes"],
        ["X-Autorespond: 1"],
        ["X-Auto-Response-Suppress: All", "Subject: Automatic reply: Order"],
        ["List-Id: <news.example.org>"],
        ["List-Unsubscribe: <https://x.org>"],
        ["Return-Path: <>"],
        ["X-Switchboard-Loop: abc"],
        ["Subject: Автоматична відповідь: Замовлення", "In-Reply-To: <a@x>"],
        ["Subject: Abwesenheitsnotiz", "References: <a@x>"],
        ["Subject: 自动回复：订单", "In-Reply-To: <a@x>"],
    ],
)
def test_a_mail_that_a_machine_wrote_is_automatic(headers: list[str]) -> None:
    assert parse(mail(*headers, body="I am away.")).automatic


@pytest.mark.parametrize(
    "headers",
    [
        [],
        ["Auto-Submitted: no"],
        ["Subject: Vacation in Odesa"],
        ["Subject: Re: order", "In-Reply-To: <a@x>", "X-Auto-Response-Suppress: DR, OOF, AutoReply"],
        ["Return-Path: <olena@example.org>"],
        ["Precedence: normal"],
    ],
)
def test_a_mail_that_somebody_wrote_is_not(headers: list[str]) -> None:
    assert not parse(mail(*headers, body="Hello")).automatic


def test_our_own_mark_of_a_loop_is_told() -> None:
    assert parse(mail("X-Switchboard-Loop: 17", "X-Switchboard-Loop: 18")).loops == ["17", "18"]
