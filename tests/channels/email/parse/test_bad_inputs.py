"""Mails made to break a reader, one test each (RELIABILITY.md, bad inputs): what happens instead."""

from __future__ import annotations

import pytest

from channels.email.anatomy.html import MOST_OPEN, cleaned
from channels.email.anatomy.limits import MOST_BYTES, MOST_HEADER_BYTES, MOST_PARTS
from channels.email.anatomy.names import safe_name
from channels.email.anatomy.quoting import fold
from channels.email.parse import parse
from tests.channels.email.parse.writing import mail, multipart, part


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("X-Nothing: here", ""),
        ("Message-ID:", ""),
        ("Message-ID: <>", ""),
        ("Message-ID: <a@x>\nMessage-ID: <b@x>", "a@x"),
        ("Message-ID: <a\n @x>", "a@x"),
        ("Message-ID: a@x", "a@x"),
    ],
)
def test_a_message_id_that_is_absent_empty_doubled_or_folded_breaks_nothing(header: str, expected: str) -> None:
    assert parse(mail(header, body="hi")).message_id == expected


def test_a_message_id_of_ten_kilobytes_is_cut_to_a_line() -> None:
    assert len(parse(mail(f"Message-ID: <{'a' * 10_000}@x>")).message_id) == 998


def test_a_message_id_holds_no_line_end() -> None:
    found = parse(b"From: a@x.org\nMessage-ID: <a@x>\rBcc: evil@x.org\n\nhi")
    assert found.message_id == "a@x"
    assert found.bcc == []


def test_authentication_results_of_strangers_are_told_apart_by_their_order_only() -> None:
    found = parse(mail("Authentication-Results: mx.ours; dmarc=fail", "Authentication-Results: forged; dmarc=pass"))
    assert found.authentication_results == ["mx.ours; dmarc=fail", "forged; dmarc=pass"]


def test_fifty_kilobytes_of_parentheses_are_an_address_header_without_addresses() -> None:
    found = parse(mail(f"Cc: {'(' * 50_000}", body="hello"))
    assert found.cc == [] or all(n.address == "" for n in found.cc)
    assert found.text == "hello"
    assert "address_comment_open" in found.defects


@pytest.mark.parametrize("parameter", ['a="b"', "a*0*=utf-8''b", "a*99999=b", "=", '"', "a=(b"])
def test_of_two_hundred_kilobytes_of_parameters_the_first_are_read(parameter: str) -> None:
    count = 200_000 // (len(parameter) + 2)
    found = parse(mail("Content-Type: text/plain; charset=utf-8" + f"; {parameter}" * count, body="привіт"))
    assert found.text == "привіт"
    assert "parameters_cut" in found.defects


def test_a_thousand_multiparts_in_each_other_end_at_the_fiftieth() -> None:
    nested = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(1_000))
    found = parse(b"From: a@x.org\n" + nested + b"\nhello")
    assert "too_deep" in found.defects
    assert b"hello" in found.attachments[0].content


def test_a_thousand_mails_in_each_other_are_one_attachment() -> None:
    found = parse(b"From: a@x.org\n" + b"Content-Type: message/rfc822\n\n" * 1_000 + b"Subject: deep\n\nhello")
    assert [a.type for a in found.attachments] == ["message/rfc822"]
    assert found.text.count("Forwarded message") <= 4


def test_of_a_hundred_thousand_parts_the_first_are_read() -> None:
    found = parse(b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n\n" * 100_000 + b"--b--")
    assert "too_many_parts" in found.defects
    assert len(found.attachments) <= MOST_PARTS


def test_a_hundred_thousand_headers_are_cut_and_the_body_is_found() -> None:
    found = parse(b"From: a@x.org\n" + b"A: b\n" * 100_000 + b"\nhello")
    assert "headers_cut" in found.defects
    assert found.text == "hello"
    assert found.from_[0].address == "a@x.org"


def test_a_header_of_five_megabytes_is_cut_and_the_body_is_found() -> None:
    found = parse(b"From: a@x.org\nSubject: " + b"x" * 5_000_000 + b"\n\nhello")
    assert "headers_cut" in found.defects
    assert found.text == "hello"


def test_of_a_mail_beyond_the_limit_the_headers_are_read() -> None:
    found = parse(mail("Subject: big", body=b"x" * (MOST_BYTES + 1)))
    assert found.subject == "big"
    assert found.defects == ["too_large"]
    assert len(found.text) <= MOST_HEADER_BYTES


def test_html_nested_half_a_megabyte_deep_keeps_its_words_and_is_made_shallow() -> None:
    found = parse(mail("Content-Type: text/html", body="<div>" * 100_000 + "hello"))
    assert found.text == "hello"
    assert (found.html or "").count("<div>") == MOST_OPEN


@pytest.mark.parametrize(
    "html",
    ["<!--" * 100_000, "<a " * 100_000, "</" * 200_000, '<a href="' * 50_000, "<![CDATA[" * 50_000, "<title>" * 50_000],
)
def test_markup_that_nobody_closes_is_read_once(html: str) -> None:
    assert cleaned(html) is not None


@pytest.mark.parametrize("line", ["On " + "a " * 20_000 + "wrote:", "On " + "a" * 16_000 + " wrote:", "> " * 20_000])
def test_a_line_made_to_look_like_an_attribution_for_ever_is_text(line: str) -> None:
    assert fold(f"hello\n\n{line}\n\nbye").trimmed.startswith("hello")


def test_five_thousand_links_stay_links_and_five_hundred_recipients_are_told() -> None:
    links = "".join(f'<a href="https://x.org/{n}">{n}</a> ' for n in range(5_001))
    people = ", ".join(f"u{n}@x.org" for n in range(500))
    found = parse(mail(f"Cc: {people}", "Content-Type: text/html", body=links))
    assert len(found.cc) == 500
    assert (found.html or "").count('rel="noopener noreferrer nofollow"') == 5_001


@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        ("../../x", "x"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("a\r\nSet-Cookie: b", "aSet-Cookie_ b"),
        ("gpj.\u202eexe", "gpj.exe"),
        ("ht\u200baccess", "htaccess"),
        (".htaccess", "_htaccess"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("", ""),
        ("...", ""),
        ("\0", ""),
        ('"><img src=x>.png', "___img src=x_.png"),
        ("рахунок № 5.pdf", "рахунок № 5.pdf"),
    ],
)
def test_a_file_name_is_made_safe(raw: str, safe: str) -> None:
    assert safe_name(raw) == safe


def test_a_file_name_of_four_kilobytes_keeps_its_ending() -> None:
    name = safe_name("a" * 4_096 + ".pdf")
    assert len(name) == 180
    assert name.endswith("a.pdf")


def test_a_file_without_a_name_gets_one_and_says_so() -> None:
    found = parse(multipart("mixed", part("text/plain", "hi"), part("image/png", b"\x89PNG")))
    assert [(a.name, a.is_named) for a in found.attachments] == [("attachment-1.png", False)]


def test_a_type_is_only_what_the_mail_claims_and_loses_its_tail() -> None:
    found = parse(multipart("mixed", part("text/plain", "hi"), part("image/svg+xml; x; name=a.svg", b"<svg/>")))
    assert found.attachments[0].type == "image/svg+xml"


@pytest.mark.parametrize(
    "html",
    [
        '<base href="https://evil.example/">',
        '<form action="https://evil.example/"><input name="p"><button>ok</button></form>',
        '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
        '<div style="position:fixed;top:0">x</div>',
        "<style>@import 'https://evil.example/x.css'</style>",
        '<math><mtext><img src=x onerror="alert(1)"></mtext></math>',
        '<svg onload="alert(1)"><a xlink:href="javascript:alert(1)">x</a></svg>',
        '<iframe src="https://evil.example/"></iframe><object data="x"></object><embed src="x">',
        '<link rel="dns-prefetch" href="//evil.example">',
        '<p style="background:url(https://evil.example/p.gif)">x</p>',
        '<table background="https://evil.example/p.gif"><tr><td>x</td></tr></table>',
        '<img src="https://evil.example/p.gif" srcset="https://evil.example/q.gif 2x" onerror="alert(1)">',
        '<video src="https://evil.example/v" poster="https://evil.example/p"></video>',
        "<script>alert(1)</script><noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href=" java\tscript:alert(1)">x</a>',
        '<a href="data:text/html,<script>alert(1)</script>">x</a>',
        '<a href="vbscript:x">x</a><a href="&#106;avascript:alert(1)">x</a>',
    ],
)
def test_html_that_would_do_something_does_nothing(html: str) -> None:
    clean = cleaned(html) or ""
    lowered = clean.lower()
    for word in (
        "<script",
        "<style",
        "<form",
        "<input",
        "<base",
        "<meta",
        "<link",
        "<iframe",
        "<svg",
        "<math",
        "<object",
    ):
        assert word not in lowered
    for word in (
        " onerror",
        " onload",
        "javascript:",
        "vbscript:",
        'href="data:',
        "position",
        "url(",
        "srcset",
        "action=",
    ):
        assert word not in lowered
    assert ' src="http' not in lowered
    assert cleaned(clean) == clean


def test_a_picture_of_the_web_waits_and_is_not_fetched() -> None:
    assert (
        cleaned('<img src="https://t.example/p.gif" alt="p">')
        == '<img data-remote-src="https://t.example/p.gif" alt="p">'
    )


def test_a_mail_in_utf_7_is_no_way_around_the_cleaning() -> None:
    found = parse(mail("Content-Type: text/html; charset=utf-7", body="+ADw-script+AD4-alert(1)+ADw-/script+AD4-hi"))
    assert found.html == "hi"


@pytest.mark.parametrize(
    "charset", ["idna", "punycode", "unicode_escape", "zlib", "../../etc/passwd", "x\0y", "undefined"]
)
def test_a_codec_that_is_no_charset_is_not_used(charset: str) -> None:
    found = parse(mail(f'Content-Type: text/plain; charset="{charset}"', body=b"\\x41 hello"))
    assert found.text == "\\x41 hello"
