from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from channels.contract import MessageArrived, Reads
from channels.email.channel import open_email
from channels.email.incoming import NOBODY
from channels.email.threading_ import content_digest, incoming_id
from crm_core.words.addresses import MAILTO, NOWHERE, TEL, Address
from crm_core.words.clock import DAY, MINUTE
from crm_core.words.content import Recipient
from crm_core.words.text import MAX_MESSAGE
from tests.channels.email.household import TOKEN, Household, mail
from tests.channels.email.readers import ADA, OURS, HereReader, LostReader, arrived, events


async def test_a_mail_is_a_message_of_its_writer(house: Household) -> None:
    raw = mail("Замовлення", "Добрий день\r\n", Message_ID="<m1@customer.example>", Cc="Ben <BEN@customer.example>")
    event = await arrived(house, raw)
    assert (event.sender, event.sender_name) == (ADA, "Ada")
    assert event.content.text.strip() == "Добрий день"
    assert event.content.subject == "Замовлення"
    assert event.content.to == ()
    assert event.content.cc == (Recipient("ben@customer.example", "Ben"),)
    assert event.external_id == f"m1@customer.example|{content_digest(raw)}"
    assert event.thread == "mail:m1@customer.example"
    assert event.sent_at == house.clock()
    assert event.raw is not None
    assert house.files.contents[event.raw.id] == raw
    assert (event.automatic, event.unverified, event.conversation_id) == (False, False, None)


async def test_a_mail_that_came_twice_by_different_ways_is_one_message(house: Household) -> None:
    raw = mail(Message_ID="<m1@customer.example>")
    again = b"Received: from a by b;\r\n\tlater\r\nDelivered-To: x@y.example\r\nX-Spam: no\r\n" + raw
    first, second = await arrived(house, raw), await arrived(house, again)
    assert first.external_id == second.external_id
    unix = await arrived(house, raw.replace(b"\r\n", b"\n"))
    assert unix.external_id == first.external_id


async def test_a_known_message_id_on_another_mail_is_another_message(house: Household) -> None:
    first = await arrived(house, mail(Message_ID="<m1@customer.example>"))
    other = await arrived(house, mail(Message_ID="<m1@customer.example>", From="Eve <eve@evil.example>"))
    assert first.external_id.partition("|")[0] == other.external_id.partition("|")[0] == "m1@customer.example"
    assert first.external_id != other.external_id


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"Message-ID: \r\n",
        b"Message-ID: <>\r\n",
        b"Message-ID: <a@b.example>\r\nMessage-ID: <c@d.example>\r\n",
        b"Message-ID: <" + b"x" * 10_000 + b"@b.example>\r\n",
        b"Message-ID: <a|b@c.example>\r\n",
        b"Message-ID: <a@b.example>\r\n\t<injected@c.example>\r\n",
        b"Message-ID: \xff\xfe\x00\r\n",
    ],
)
async def test_whatever_message_id_a_mail_has_it_gets_a_name_of_its_own(house: Household, header: bytes) -> None:
    raw = header + mail()
    event, again = await arrived(house, raw), await arrived(house, raw)
    assert event.external_id == again.external_id
    assert 33 <= len(event.external_id) < 300
    assert event.external_id.count("|") == 1
    assert event.external_id.isprintable()
    assert (await arrived(house, header + mail("Another"))).external_id != event.external_id


async def test_a_reply_leads_back_by_the_token_in_the_address_it_was_sent_to(house: Household) -> None:
    plus = f"support+{TOKEN}@hub.example"
    event = await arrived(house, mail(To=f"Support <{plus}>, ben@customer.example"))
    assert event.conversation_id == 41
    assert event.content.to == (Recipient("ben@customer.example"),)
    assert (await arrived(house, mail(), {"recipients": plus})).conversation_id == 41
    assert (await arrived(house, mail(Delivered_To=plus.upper()))).conversation_id == 41


async def test_a_reply_leads_back_by_what_it_answers(house: Household) -> None:
    raw = mail(
        Message_ID="<m9@customer.example>",
        In_Reply_To=f"<{OURS}>",
        References=f"<m1@customer.example> <m2@customer.example> <{OURS}>",
    )
    event = await arrived(house, raw)
    assert event.conversation_id == 41
    assert event.in_reply_to == OURS
    assert event.references == (OURS, "m2@customer.example", "m1@customer.example")
    assert event.thread == "mail:m1@customer.example"


@pytest.mark.parametrize(
    "claim",
    [
        {"To": f"support+{TOKEN[:-1]}x@hub.example"},
        {"To": f"support+{TOKEN}@elsewhere.example"},
        {"To": f"stranger+{TOKEN}@hub.example"},
        {"In_Reply_To": f"<{TOKEN}.77@elsewhere.example>"},
        {"In_Reply_To": f"<{TOKEN[:-2]}.77@hub.example>"},
        {"In_Reply_To": "<notify-41-7@hub.example>"},
        {"In_Reply_To": "<conversation/41@hub.example>", "subject": "Re: [#41] Your order"},
        {"References": f"<x{TOKEN}.77@hub.example>"},
    ],
)
async def test_what_is_no_genuine_token_leads_nowhere(house: Household, claim: dict[str, str]) -> None:
    event = await arrived(house, mail(**claim))
    assert event.conversation_id is None


async def test_our_own_address_in_from_is_a_stranger(house: Household) -> None:
    for claimed in ("support@hub.example", "Help <help@hub.example>"):
        event = await arrived(house, mail(From=claimed), aliases=["help@hub.example"])
        assert event.unverified


async def test_a_form_that_writes_in_our_own_name_is_a_mail_of_whoever_filled_it_in(house: Household) -> None:
    raw = mail(
        From="Shop <support@hub.example>", Reply_To="Ada <Ada@customer.example>", Return_Path="<www@hoster.example>"
    )
    event = await arrived(house, raw)
    assert (event.sender, event.sender_name, event.unverified) == (ADA, "Ada", True)
    assert "reply_to" not in event.sender_facts
    lost = await arrived(house, raw, reader=LostReader("timeout"))
    assert (lost.sender, lost.unverified) == (ADA, True)


@pytest.mark.parametrize("answer_to", ["", "support@hub.example", f"support+{TOKEN}@hub.example", "nobody"])
async def test_mails_that_name_nobody_are_of_a_stranger_each(house: Household, answer_to: str) -> None:
    for sender, shown in (("support@hub.example", "support@hub.example"), ("undisclosed", NOBODY)):
        raw = mail(From=sender, Reply_To=answer_to)
        first, again = await arrived(house, raw), await arrived(house, raw)
        other = await arrived(house, mail("Another", From=sender, Reply_To=answer_to))
        assert first.sender == again.sender
        assert (first.sender.scheme, first.sender.value, first.unverified) == (NOWHERE, shown, True)
        assert (other.sender.scheme, other.sender.value) == (NOWHERE, shown)
        assert first.sender.scope != other.sender.scope


async def test_our_own_mail_coming_back_is_no_message(house: Household) -> None:
    assert await events(house, mail(From="support@hub.example", X_Switchboard_Loop="pub-key")) == []
    assert await events(house, mail(From="support@hub.example", Message_ID=f"<{OURS}>")) == []
    assert len(await events(house, mail(X_Switchboard_Loop="another-key"))) == 1
    assert len(await events(house, mail(Message_ID=f"<{TOKEN[:-1]}x.77@hub.example>"))) == 1


@pytest.mark.parametrize(
    ("results", "unverified"),
    [
        (["mx.hub.example; dmarc=pass header.from=customer.example"], False),
        (["mx.hub.example; dmarc=fail (p=none) header.from=customer.example; spf=pass"], True),
        (["mx.hub.example; spf=fail smtp.mailfrom=ada@customer.example; dkim=fail header.d=customer.example"], True),
        (["mx.hub.example; dkim=pass header.d=mail.customer.example; spf=none"], False),
        (["mx.hub.example; dkim=pass header.d=evil.example; spf=pass smtp.mailfrom=eve@evil.example"], True),
        (["mx.evil.example; dmarc=pass", "mx.hub.example; dmarc=fail"], True),
        (["mx.hub.example; dmarc=fail", "mx.hub.example; dmarc=pass"], True),
        (["mx.evil.example; dmarc=pass"], True),
        (["mx.hub.example.evil.example; dmarc=pass"], True),
        (["mx.hub.example; (dmarc=pass); dmarc=fail"], True),
        (["mx.hub.example 1; none"], True),
        ([], True),
    ],
)
async def test_only_our_own_server_vouches_for_a_sender(
    house: Household, results: Sequence[str], unverified: bool
) -> None:
    header = "".join(f"Authentication-Results: {result}\r\n" for result in results).encode()
    event = await arrived(house, header + mail(), authserv_id="mx.hub.example")
    assert event.unverified is unverified
    assert not (await arrived(house, header + mail())).unverified


@pytest.mark.parametrize(
    "header",
    [{"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"Return_Path": "<>"}, {"List_Id": "<news.example>"}],
)
async def test_what_a_machine_wrote_is_marked_so(house: Household, header: dict[str, str]) -> None:
    assert (await arrived(house, mail(**header))).automatic


async def test_mail_whose_envelope_names_nobody_is_a_machines(house: Household) -> None:
    assert (await arrived(house, mail(), {"return_path": ""})).automatic
    assert not (await arrived(house, mail(), {"return_path": "ada@customer.example"})).automatic


MIXED = "\r\n".join(
    [
        "--b",
        'Content-Type: multipart/related; boundary="r"\r\n',
        "--r",
        "Content-Type: text/html; charset=utf-8\r\n",
        '<p>See <img src="cid:logo@x"> and <img src="cid:of-another-mail"> not cid:logo@x</p>',
        "--r",
        'Content-Type: image/png; name="logo.png"',
        "Content-ID: <logo@x>",
        "Content-Transfer-Encoding: base64\r\n",
        "iVBORw0KGgo=",
        "--r--",
        "--b",
        "Content-Type: application/pdf",
        "Content-Disposition: attachment; filename*=utf-8''%D0%A7%D0%B5%D0%BA.pdf",
        "Content-Transfer-Encoding: base64\r\n",
        "JVBERg==",
        "--b--",
        "",
    ]
)


async def test_files_are_kept_and_pictures_shown_by_our_own_names(house: Household) -> None:
    event = await arrived(house, mail(body=MIXED, MIME_Version="1.0", Content_Type='multipart/mixed; boundary="b"'))
    kept = {house.files.names[file.id]: house.files.contents[file.id] for file in event.content.files}
    assert kept == {"logo.png": b"\x89PNG\r\n\x1a\n", "Чек.pdf": b"%PDF"}
    logo = next(file for file in event.content.files if house.files.names[file.id] == "logo.png")
    html = event.content.html or ""
    assert f'src="hub-file:{logo.id}"' in html
    assert "of-another-mail" not in html
    assert "not cid:logo@x" in html


@pytest.mark.parametrize("code", ["timeout", "memory", "crash"])
async def test_a_mail_that_cannot_be_read_is_a_message_that_says_so(house: Household, code: str) -> None:
    raw = mail("=?utf-8?b?0J/RgNC40LLRltGC?=", Message_ID="<m1@customer.example>", In_Reply_To=f"<{OURS}>")
    event = await arrived(house, raw, reader=LostReader(code))
    assert event.content.problem == code
    assert event.content.subject == "Привіт"
    assert event.sender == ADA
    assert event.conversation_id == 41
    assert event.raw is not None
    for rubbish in (b"", b"\r\n", b"\xff" * 100, b"From: " + b"(" * 50_000, b"A: b\r\n" * 100_000):
        event = await arrived(house, rubbish, reader=LostReader(code))
        assert event.content.problem == code
        assert event.unverified


async def test_a_mail_that_was_not_fetched_whole_says_so(house: Household) -> None:
    event = await arrived(house, mail("Huge", ""), {"problem": "too_large"})
    assert event.content.problem == "too_large"
    assert event.content.subject == "Huge"


async def test_a_long_mail_is_cut_and_says_so(house: Household) -> None:
    event = await arrived(house, mail(body="слово " * 50_000))
    assert len(event.content.text) <= MAX_MESSAGE
    assert event.content.problem == "cut"


async def test_a_mail_to_hundreds_keeps_them_within_bounds(house: Household) -> None:
    crowd = ",\r\n ".join(f"p{n}@customer.example" for n in range(700))
    event = await arrived(house, mail(Cc=crowd, body="https://x.example/ " * 5_001))
    assert len(event.content.cc) == 500


async def test_addresses_of_a_signature_and_a_reply_to_are_hints(house: Household) -> None:
    body = "Please call me.\r\n\r\n-- \r\nAda Lovelace\r\nTel. +380 44 123-45-67\r\n"
    event = await arrived(house, mail(body=body, Reply_To="Ada <ada@home.example>"))
    assert set(event.mentions) == {Address(MAILTO, "ada@home.example"), Address(TEL, "+380441234567")}
    assert event.proves == ()
    assert event.sender_facts["reply_to"] == "ada@home.example"


async def test_a_local_number_of_a_signature_is_one_of_the_houses_country(house: Household) -> None:
    raw = mail(body="Please call me.\r\n\r\n-- \r\nAda Lovelace\r\nTel. 22 123 45 67\r\n")
    account = replace(house.account(address="support@hub.example", incoming="none"), region="PL")
    async with open_email(account, house.tools, reader=HereReader()) as channel:
        assert isinstance(channel, Reads)
        (event,) = await channel.read(house.original(raw))
    assert isinstance(event, MessageArrived)
    assert event.mentions == (Address(TEL, "+48221234567"),)


async def test_a_number_that_is_quoted_is_nobodys(house: Household) -> None:
    body = (
        "Thanks!\r\n\r\nOn Mon, 5 Jan 2026 at 09:00, Support <support@hub.example> wrote:\r\n"
        "> Call us: +380 44 765-43-21\r\n> -- \r\n> Support +1 212 555 0100\r\n"
    )
    event = await arrived(house, mail(body=body))
    assert event.mentions == ()
    assert "765-43-21" in event.content.folded
    assert event.content.text.strip() == "Thanks!"


@pytest.mark.parametrize(
    ("date", "offset"),
    [
        ("Mon, 05 Jan 2026 08:55:00 +0000", -5 * MINUTE),
        ("Mon, 05 Jan 2026 11:00:00 +0200", 0),
        ("Fri, 01 Jan 2100 00:00:00 +0000", 0),
        ("Thu, 01 Jan 1970 00:00:00 +0000", 0),
        ("yesterday", 0),
    ],
)
async def test_the_time_of_a_mail_is_believed_within_reason(house: Household, date: str, offset: int) -> None:
    event = await arrived(house, mail(Date=date))
    assert event.sent_at == house.clock() + offset
    assert event.sent_at > house.clock() - DAY


@pytest.mark.parametrize("sender", ["", "undisclosed", "ada(<eve@evil.example>", "a@b, c@d"])
async def test_a_mail_from_nobody_in_particular_is_stored_all_the_same(house: Household, sender: str) -> None:
    raw = mail(From=sender)
    event = await arrived(house, raw)
    assert event.external_id == incoming_id("", raw)
    assert event.unverified
    envelope = await arrived(house, raw, {"return_path": "ada@customer.example"})
    assert envelope.sender == ADA


async def test_the_killable_reader_reads_the_same(house: Household) -> None:
    raw = mail("Привіт", "Текст\r\n\r\n-- \r\nАда\r\n", Message_ID="<m1@customer.example>")
    account = house.account(address="support@hub.example", incoming="none")
    async with open_email(account, house.tools) as channel:
        assert isinstance(channel, Reads)
        told = await channel.read(house.original(raw))
    here = await arrived(house, raw)
    assert isinstance(told[0], MessageArrived)
    assert (told[0].external_id, told[0].content, told[0].sender) == (here.external_id, here.content, here.sender)
