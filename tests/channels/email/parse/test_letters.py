"""Charsets of all ages in headers and bodies; names that are wrong, unknown or missing."""

from __future__ import annotations

import base64

import pytest

from channels.email.parse import parse
from tests.channels.email.parse.writing import mail, multipart, part

UKRAINIAN = "Доброго дня! Чи є в наявності електрочайник? Їжак, ґава, єнот."
RUSSIAN = "Здравствуйте! Подскажите, пожалуйста, когда привезут мой заказ?"
CHINESE = "您好，请问我的订单什么时候发货？谢谢您的帮助。"
JAPANESE = "こんにちは。注文した商品はいつ届きますか。よろしくお願いします。"


@pytest.mark.parametrize(
    ("charset", "codec", "text"),
    [
        ("utf-8", "utf-8", UKRAINIAN),
        ("koi8-u", "koi8-u", UKRAINIAN),
        ("windows-1251", "cp1251", UKRAINIAN),
        ("x-mac-cyrillic", "mac-cyrillic", RUSSIAN),
        ("cp866", "cp866", RUSSIAN),
        ("gb2312", "gbk", CHINESE),
        ("gb18030", "gb18030", CHINESE),
        ("big5", "big5", "您好，請問我的訂單什麼時候發貨？"),
        ("iso-2022-jp", "iso2022_jp", JAPANESE),
        ("shift_jis", "cp932", JAPANESE),
        ("euc-kr", "euc_kr", "안녕하세요. 주문은 언제 도착합니까?"),
        ("ks_c_5601-1987", "cp949", "안녕하세요."),
        ("iso-8859-2", "iso8859-2", "Zażółć gęślą jaźń"),
        ("windows-1250", "cp1250", "Příliš žluťoučký kůň"),
        ("iso-8859-1", "cp1252", "Für „Anführungszeichen“ 5 €"),
        ("iso-8859-8-i", "iso8859-8", "שלום"),
        ("utf-7", "utf-7", UKRAINIAN),
        ("utf-16", "utf-16", UKRAINIAN),
        ("'UTF_8'", "utf-8", UKRAINIAN),
        ("csISO2022JP", "iso2022_jp", JAPANESE),
    ],
)
def test_a_body_is_read_in_the_charset_it_says(charset: str, codec: str, text: str) -> None:
    encoded = base64.encodebytes(text.encode(codec))
    found = parse(
        mail(f"Content-Type: text/plain; charset={charset}", "Content-Transfer-Encoding: base64", body=encoded)
    )
    assert found.text == text


@pytest.mark.parametrize("name", ["x-unknown", "no-such-charset", "", "unknown-8bit", "us-ascii"])
@pytest.mark.parametrize(("codec", "text"), [("utf-8", UKRAINIAN), ("cp1251", RUSSIAN * 4)])
def test_letters_of_no_or_an_unknown_charset_are_guessed(name: str, codec: str, text: str) -> None:
    found = parse(mail(f'Content-Type: text/plain; charset="{name}"', body=text.encode(codec)))
    assert found.text == text


def test_a_charset_that_is_wrong_gives_way_to_utf_8() -> None:
    found = parse(mail("Content-Type: text/plain; charset=big5", body=UKRAINIAN))
    assert found.text == UKRAINIAN
    assert "charset_wrong" in found.defects


def test_what_cannot_be_read_is_replaced_and_noted() -> None:
    found = parse(mail("Content-Type: text/plain; charset=utf-8", body=b"caf\xe9 ok"))
    assert found.text == "caf\ufffd ok"
    assert "charset_broken" in found.defects


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (b"=?utf-8?B?0J/RgNC40LLRltGC?=", "Привіт"),
        (b"=?utf-8?B?0J/RgNC4?= =?utf-8?B?0LLRltGC?=", "Привіт"),
        (b"=?utf-8?B?0J/RgNC40LLR?=\n =?utf-8?B?ltGC?=", "Привіт"),
        (b"=?koi8-u?Q?=F0=D2=C9=D7=A6=D4?=", "Привіт"),
        (b"=?UTF-8*uk?Q?=D0=9F?=", "П"),
        (b"Re: =?iso-8859-1?q?this is some text?=", "Re: this is some text"),
        (b"[spam]=?utf-8?Q?a?=b", "[spam]ab"),
        (b"=?utf-8?B?0J/RgNC40LLRltGC", "=?utf-8?B?0J/RgNC40LLRltGC"),
        (b"=?x-none?Q?abc?=", "abc"),
        ("Привіт".encode(), "Привіт"),
        (b"one\n two\n\tthree", "one two three"),
        (b"a\x00b", "a\u2400b"),
        (b"=?utf-8?Q?a=0D=0ABcc:_x?=", "a Bcc: x"),
    ],
)
def test_a_subject_is_read_whole_or_broken(subject: bytes, expected: str) -> None:
    assert parse(b"From: a@x.org\nSubject: " + subject + b"\n\nhi").subject == expected


def test_bare_letters_of_a_header_are_read_as_the_text_is() -> None:
    raw = b"Subject: \xf0\xd2\xc9\xd7\xa6\xd4\nContent-Type: text/plain; charset=koi8-u\n\nhi"
    found = parse(raw)
    assert found.subject == "Привіт"
    assert "header_8bit" in found.defects


@pytest.mark.parametrize(
    ("parameter", "name"),
    [
        ('filename="звіт.pdf"', "звіт.pdf"),
        ("filename*=utf-8''%D0%B7%D0%B2%D1%96%D1%82.pdf", "звіт.pdf"),
        ("filename*0*=koi8-u''%DA%D7%A6; filename*1*=%D4; filename*2=.pdf", "звіт.pdf"),
        ('filename="=?utf-8?B?0LfQstGW0YIucGRm?="', "звіт.pdf"),
        ("filename==?utf-8?B?0LfQstGW0YI=?=.pdf", "звіт.pdf"),
        ('filename*0="a"; filename*1="b.pdf"', "ab.pdf"),
        ("filename=a b.pdf", "a b.pdf"),
        ("filename='a.pdf'; size=3", "'a.pdf'"),
    ],
)
def test_a_file_is_called_what_the_mail_calls_it(parameter: str, name: str) -> None:
    file = part("application/pdf", b"%PDF", f"Content-Disposition: attachment; {parameter}")
    found = parse(multipart("mixed", part("text/plain", "hi"), file))
    assert [a.name for a in found.attachments] == [name]
