from __future__ import annotations

import pytest

from channels.contract import DeliveryReported, ReachChanged
from crm_core.words.addresses import MAILTO, Address
from crm_core.words.content import DeliveryStatus, ReachState
from tests.channels.email.household import TOKEN, Household, mail
from tests.channels.email.readers import OURS, arrived, events


def bounce(original_id: str, *, action: str = "failed", status: str = "5.1.1") -> bytes:
    """A report of RFC 3464."""
    return mail(
        "Undelivered Mail Returned to Sender",
        "\r\n".join(
            [
                "--b",
                "Content-Type: text/plain\r\n",
                "It could not be delivered.",
                "--b",
                "Content-Type: message/delivery-status\r\n",
                "Reporting-MTA: dns; mx.customer.example\r\n",
                "Final-Recipient: rfc822; gone@customer.example",
                f"Action: {action}",
                f"Status: {status}",
                f"Diagnostic-Code: smtp; 550 {status} no such user here",
                "",
                "--b",
                "Content-Type: text/rfc822-headers\r\n",
                f"Message-ID: <{original_id}>",
                "From: support@hub.example",
                "To: gone@customer.example",
                "Subject: Your order",
                "",
                "--b--",
                "",
            ]
        ),
        From="MAILER-DAEMON@mx.customer.example",
        Return_Path="<>",
        Content_Type='multipart/report; report-type=delivery-status; boundary="b"',
        MIME_Version="1.0",
    )


async def test_a_bounce_of_ours_is_a_report_about_the_mail_that_bounced(house: Household) -> None:
    report, reach = await events(house, bounce(OURS))
    assert isinstance(report, DeliveryReported)
    assert (report.external_id, report.status, report.delivery) == (OURS, DeliveryStatus.FAILED, 77)
    assert "no such mailbox" in (report.reason or "").lower()
    assert report.raw is not None
    assert (report.conversation_id, report.recipient) == (41, Address(MAILTO, "gone@customer.example"))
    assert reach == ReachChanged(
        address=Address(MAILTO, "gone@customer.example"),
        state=ReachState.BOUNCED,
        at=house.clock(),
        reason=report.reason or "",
        delivery=77,
        conversation_id=41,
    )


async def test_a_delay_and_a_full_mailbox_shut_nobody_out(house: Household) -> None:
    (delayed,) = await events(house, bounce(OURS, action="delayed", status="4.4.1"))
    assert isinstance(delayed, DeliveryReported)
    assert delayed.status is DeliveryStatus.SENT
    assert "keeps trying" in (delayed.reason or "")
    (full,) = await events(house, bounce(OURS, status="5.2.2"))
    assert isinstance(full, DeliveryReported)
    assert full.status is DeliveryStatus.FAILED


@pytest.mark.parametrize(
    "original_id", ["other@customer.example", f"{TOKEN[:-1]}x.77@hub.example", f"{TOKEN}.77@evil.example", ""]
)
async def test_a_bounce_of_somebody_elses_mail_is_an_ordinary_automatic_message(
    house: Household, original_id: str
) -> None:
    event = await arrived(house, bounce(original_id))
    assert event.automatic
    assert event.sender == Address(MAILTO, "mailer-daemon@mx.customer.example")


async def test_a_report_keeps_no_files(house: Household) -> None:
    before = len(house.files.contents)
    await events(house, bounce(OURS))
    assert len(house.files.contents) == before + 1
