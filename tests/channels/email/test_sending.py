from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from channels.contract import AccountBroken, Refused, Sends, Sent, TryLater, Unclear
from channels.email.channel import open_email
from channels.email.patience import Patience
from crm_core.words.addresses import MAILTO, Address
from crm_core.words.content import Content, FileRef, Recipient
from tests.channels.email.household import HASTY, TOKEN, Household, outgoing
from tests.peers.certificates import make_authority
from tests.peers.mail_server import Failing, MailServer


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    """The mail server that takes our mail."""
    server = MailServer()
    yield server
    await server.close()


@asynccontextmanager
async def mailbox(house: Household, port: int, patience: Patience = HASTY, **more: Any) -> AsyncIterator[Sends]:
    """A mailbox that sends by the server."""
    known = {
        "address": "support@hub.example",
        "name": "Support, Shop",
        "incoming": "none",
        "password": "secret",
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_security": "none",
    }
    account = house.account(**{**known, **more})
    async with open_email(account, house.tools, patience=patience) as channel:
        assert isinstance(channel, Sends)
        yield channel


def taken(server: MailServer, number: int = -1) -> EmailMessage:
    """A mail as the server got it."""
    content = server.mails[number].content
    assert isinstance(content, bytes)
    found = message_from_bytes(content, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def words(mail: EmailMessage, kind: str) -> str:
    """The text of a mail, `plain` or `html`."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


async def test_a_mail_arrives_as_text_and_html_with_a_name_that_was_known_before(
    house: Household, server: MailServer
) -> None:
    async with mailbox(house, await server.open(), signature="<p>Your <b>shop</b></p>") as channel:
        sent = await channel.send(outgoing("Good morning\n\nIt is <here> & ready.", subject="Замовлення №5 🧾" * 5))
    mail = taken(server)
    assert sent == Sent((f"{TOKEN}.5@hub.example",))
    assert mail["Message-ID"] == f"<{TOKEN}.5@hub.example>"
    assert mail["Subject"] == "Замовлення №5 🧾" * 5
    assert mail["From"].addresses[0].display_name == "Support, Shop"
    assert mail["To"].addresses[0].addr_spec == "ada@customer.example"
    assert mail["X-Switchboard-Loop"] == "pub-key"
    assert mail["Auto-Submitted"] is None
    assert mail["Date"].datetime.timestamp() * 1000 == pytest.approx(1_767_603_600_009, abs=1_000)
    assert words(mail, "plain") == "Good morning\n\nIt is <here> & ready.\n\n-- \nYour shop"
    assert "<p>Good morning</p><p>It is &lt;here&gt; &amp; ready.</p>" in words(mail, "html")
    assert "<b>shop</b>" in words(mail, "html")
    assert server.signed_in == ["support@hub.example"]


async def test_everybody_is_in_the_envelope_and_blind_copies_in_no_header(house: Household, server: MailServer) -> None:
    content = Content(
        text="To all",
        subject="All",
        to=(Recipient("ben@customer.example"), Recipient("ada@customer.example")),
        cc=(Recipient("cleo@customer.example", "Cleo"), Recipient("ben@customer.example")),
        bcc=(Recipient("dan@customer.example"),),
    )
    async with mailbox(house, await server.open()) as channel:
        await channel.send(outgoing(content=content))
    assert server.mails[0].rcpt_tos == [f"{name}@customer.example" for name in ("ada", "ben", "cleo", "dan")]
    assert [a.addr_spec for a in taken(server)["Cc"].addresses] == ["cleo@customer.example"]
    assert b"dan@" not in (server.mails[0].original_content or b"")


@pytest.mark.parametrize(
    "name",
    ["x\r\nBcc: thief@evil.example", '"a" <evil@evil.example>, b', "a,b <c@evil.example>", "=?utf-8?q?x?=, y\0"],
)
async def test_a_name_stays_a_name_whatever_is_in_it(house: Household, server: MailServer, name: str) -> None:
    async with mailbox(house, await server.open(), name="Shop") as channel:
        await channel.send(outgoing(to_name=name, subject=name))
    mail = taken(server)
    assert server.mails[0].rcpt_tos == ["ada@customer.example"]
    assert [a.addr_spec for a in mail["To"].addresses] == ["ada@customer.example"]
    assert mail["Bcc"] is None


@pytest.mark.parametrize(
    "address", ["a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "a@b@c.example", ""]
)
async def test_what_is_not_one_address_is_refused(house: Household, server: MailServer, address: str) -> None:
    async with mailbox(house, await server.open()) as channel:
        with pytest.raises(Refused):
            await channel.send(outgoing(to=Address(MAILTO, address)))
    assert not server.mails


async def test_files_and_pictures_travel_with_their_names(house: Household, server: MailServer) -> None:
    letter = await house.files.keep("Рахунок за серпень, дуже довга назва файла для листа.pdf", b"%PDF" * 100)
    picture = await house.files.keep("logo.png", b"\x89PNG")
    content = Content(
        text="See", html=f'<p>See <img src="hub-file:{picture.id}"></p>', files=(letter, picture), subject="Files"
    )
    async with mailbox(house, await server.open()) as channel:
        await channel.send(outgoing(content=content))
    mail = taken(server)
    files = list(mail.iter_attachments())
    assert [part.get_filename() for part in files] == ["Рахунок за серпень, дуже довга назва файла для листа.pdf"]
    assert files[0].get_content() == b"%PDF" * 100
    shown = [part for part in mail.walk() if part["Content-ID"]]
    assert len(shown) == 1
    assert f'src="cid:{shown[0]["Content-ID"].strip("<>")}"' in words(mail, "html")


async def test_a_file_that_is_gone_or_too_large_is_refused_in_words(house: Household, server: MailServer) -> None:
    large = await house.files.keep("large.bin", b"x" * 2_000)
    async with mailbox(house, await server.open(), max_file_bytes=1_000) as channel:
        with pytest.raises(Refused, match="larger"):
            await channel.send(outgoing(content=Content(text="x", files=(large,))))
        with pytest.raises(Refused, match="gone"):
            await channel.send(outgoing(content=Content(text="x", files=(FileRef(99),))))


async def test_an_answer_says_what_it_answers_and_where_answers_go(house: Household, server: MailServer) -> None:
    before = outgoing(
        in_reply_to="third@customer.example|0123",
        references=(
            "first@customer.example|aa",
            "spaced id@x|bb",
            "sha256:abc|cc",
            f"{TOKEN}.4@hub.example",
            "third@customer.example|0123",
        ),
    )
    async with mailbox(house, await server.open(), plus_addressing=True) as channel:
        await channel.send(before)
    mail = taken(server)
    assert mail["In-Reply-To"] == "<third@customer.example>"
    assert mail["References"].split() == [
        "<first@customer.example>",
        f"<{TOKEN}.4@hub.example>",
        "<third@customer.example>",
    ]
    assert mail["Reply-To"].addresses[0].addr_spec == f"support+{TOKEN}@hub.example"
    assert server.mails[0].mail_from == "support@hub.example"


async def test_what_a_machine_of_ours_writes_says_so(house: Household, server: MailServer) -> None:
    async with mailbox(house, await server.open(), signature="<p>Olena</p>") as channel:
        await channel.send(outgoing("We are closed", automatic=True))
    mail = taken(server)
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["Precedence"] == "bulk"
    assert b"Olena" not in (server.mails[0].original_content or b"")


async def test_the_same_message_is_the_same_bytes(house: Household, server: MailServer) -> None:
    picture = await house.files.keep("logo.png", b"\x89PNG")
    content = Content(text="ї" * 2_000, html=f'<img src="hub-file:{picture.id}">', files=(picture,), subject="Same")
    async with mailbox(house, await server.open()) as channel:
        for _ in range(2):
            await channel.send(outgoing(content=content))
    assert server.mails[0].content == server.mails[1].content
    raw = server.mails[0].original_content or b""
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78


@pytest.mark.parametrize(
    "text",
    [
        "line\n.\n..\nFrom me\n",
        "trailing  \n\ttabs\t\n",
        "a" * 3_000,
        "=?utf-8?q?=3D?= 100%",
        "мішаний mixed\r\nтекст",
        "",
    ],
)
async def test_no_word_changes_on_the_way(house: Household, server: MailServer, text: str) -> None:
    async with mailbox(house, await server.open()) as channel:
        await channel.send(outgoing(content=Content(text=text or " ", html="<p>x</p>", subject="s")))
    assert words(taken(server), "plain") == (text or "x").replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("failing", "consequence"),
    [
        (Failing.PASSWORD, AccountBroken),
        (Failing.SIGN_IN_LATER, TryLater),
        (Failing.BUSY, TryLater),
        (Failing.NOT_NOW, TryLater),
        (Failing.CUT_BEFORE, TryLater),
        (Failing.NO_SUCH_USER, Refused),
        (Failing.TOO_LARGE, Refused),
        (Failing.SPAM, Refused),
        (Failing.CUT, Unclear),
        (Failing.SILENT, Unclear),
    ],
)
async def test_each_fault_of_a_mail_server_has_its_consequence(
    house: Household, server: MailServer, failing: Failing, consequence: type[Exception]
) -> None:
    port = await server.open()
    calm = Patience(connect=60, send=60, taken=60)
    async with mailbox(house, port, replace(calm, taken=0.3) if failing is Failing.SILENT else calm) as channel:
        server.failing = failing
        with pytest.raises(consequence):
            await channel.send(outgoing())
    server.failing = None
    async with mailbox(house, port, calm) as channel:
        sent = await channel.send(outgoing())
    assert sent.external_ids == (f"{TOKEN}.5@hub.example",)
    assert {str(taken(server, n)["Message-ID"]) for n in range(len(server.mails))} == {f"<{TOKEN}.5@hub.example>"}
    assert len(server.mails) == (2 if consequence is Unclear else 1)


@pytest.mark.parametrize("nobody", ["support@hub.example", "unknown@sender.invalid"])
async def test_nothing_is_sent_to_ourselves_or_to_nobody(house: Household, server: MailServer, nobody: str) -> None:
    async with mailbox(house, await server.open()) as channel:
        with pytest.raises(Refused, match="no address"):
            await channel.send(outgoing(to=Address(MAILTO, nobody)))
    assert not server.mails


@pytest.mark.parametrize("field", ["cc", "bcc"])
async def test_somebody_on_copy_who_is_refused_is_named_and_the_others_have_the_mail(
    house: Household, server: MailServer, field: str
) -> None:
    server.failing = Failing.ONE_OF_TWO
    on_copy = (Recipient("nobody@customer.example"), Recipient("ben@customer.example"))
    copies: dict[str, Any] = {field: on_copy}
    async with mailbox(house, await server.open()) as channel:
        sent = await channel.send(outgoing(content=Content(text="x", subject="x", **copies)))
    assert sent.left_out == {"nobody@customer.example": "There is no such mailbox."}
    assert [mail.rcpt_tos for mail in server.mails] == [["ada@customer.example", "ben@customer.example"]]


async def test_one_whom_it_is_written_to_who_is_refused_stops_the_mail_to_all(
    house: Household, server: MailServer
) -> None:
    server.failing = Failing.ONE_OF_TWO
    content = Content(text="x", subject="x", to=(Recipient("nobody@customer.example"),))
    async with mailbox(house, await server.open()) as channel:
        with pytest.raises(Refused, match=r"nobody@customer\.example: There is no such mailbox"):
            await channel.send(outgoing(content=content))
    assert not server.mails


async def test_nobody_at_the_port_is_tried_again_later(house: Household, server: MailServer) -> None:
    port = await server.open()
    await server.close()
    async with mailbox(house, port) as channel:
        with pytest.raises(TryLater):
            await channel.send(outgoing())


async def test_addresses_in_other_letters_go_only_where_they_are_carried(house: Household, server: MailServer) -> None:
    port = await server.open()
    async with mailbox(house, port) as channel:
        await channel.send(outgoing(to=Address(MAILTO, "жанна@customer.example")))
        assert server.mails[0].rcpt_tos == ["жанна@customer.example"]
        server.offers_utf8 = False
        with pytest.raises(Refused, match="letters"):
            await channel.send(outgoing(to=Address(MAILTO, "жанна@customer.example")))


async def test_a_mailbox_without_a_server_to_send_by_says_so(house: Household) -> None:
    async with mailbox(house, 25, smtp_host="") as channel:
        with pytest.raises(Refused, match="only receives"):
            await channel.send(outgoing())


def tls(folder: Path) -> tuple[ssl.SSLContext, str]:
    """A server's encryption, and the authority that vouches for it."""
    authority = make_authority("localhost")
    (folder / "chain.pem").write_bytes(authority.certificate_pem + authority.key_pem)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "chain.pem")
    return context, authority.authority_pem


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_connection_is_encrypted_and_its_certificate_is_checked(
    house: Household, tmp_path: Path, security: str
) -> None:
    context, authority = tls(tmp_path)
    server = MailServer(context if security == "starttls" else None)
    port = await server.open(tls_at_once=context if security == "tls" else None)
    open_there = partial(mailbox, house, port, smtp_host="localhost", smtp_security=security)
    try:
        async with open_there() as channel:
            with pytest.raises(TryLater, match="certificate"):
                await channel.send(outgoing())
        async with open_there(certificates=authority) as channel:
            await channel.send(outgoing())
    finally:
        await server.close()
    assert len(server.mails) == 1


async def test_a_server_that_does_not_encrypt_gets_no_password(house: Household, server: MailServer) -> None:
    port = await server.open()
    for security in ("starttls", "tls"):
        async with mailbox(house, port, smtp_security=security) as channel:
            with pytest.raises(TryLater, match="encrypt"):
                await channel.send(outgoing())
    assert not server.signed_in
