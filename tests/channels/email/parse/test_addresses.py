"""Whom a header names, and when nothing may be concluded from it."""

from __future__ import annotations

import pytest

from channels.email.anatomy.addresses import mailboxes
from channels.email.anatomy.limits import Defects


def read(text: str) -> list[tuple[str, str]]:
    return [(n.name, n.address) for n in mailboxes(text, Defects())]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("olena@example.org", [("", "olena@example.org")]),
        ("Olena Koval <olena@example.org>", [("Olena Koval", "olena@example.org")]),
        ('"Koval, Olena" <o@x.org>, b@x.org', [("Koval, Olena", "o@x.org"), ("", "b@x.org")]),
        ("=?utf-8?q?Koval,_Olena?= <o@x.org>", [("Koval, Olena", "o@x.org")]),
        ("=?koi8-u?B?78zFzsE=?= <o@x.org>", [("Олена", "o@x.org")]),
        ('"=?utf-8?b?0J7Qu9C10L3QsA==?=" <o@x.org>', [("Олена", "o@x.org")]),
        ("o@x.org (Olena)", [("Olena", "o@x.org")]),
        ("Olena <o@x.org> (sales)", [("Olena (sales)", "o@x.org")]),
        ("Team: a@x.org, B <b@x.org>;", [("", "a@x.org"), ("B", "b@x.org")]),
        ("undisclosed-recipients:;", []),
        ("<@relay.org,@b.org:o@x.org>", [("", "o@x.org")]),
        ("Olena <o(comment)@x.org>", [("Olena (comment)", "o@x.org")]),
        ('"o k"@x.org', [("", '"o k"@x.org')]),
        ("<mailto:o@x.org?subject=x>", [("", "o@x.org")]),
        ("a@x.org; b@x.org", [("", "a@x.org"), ("", "b@x.org")]),
        (",,, ,", []),
        ("o@x.org,", [("", "o@x.org")]),
        ("олена@приклад.укр", [("", "олена@приклад.укр")]),
        ("Olena <o@x.org", [("Olena", "o@x.org")]),
    ],
)
def test_mailboxes_are_read_as_they_are_written(text: str, expected: list[tuple[str, str]]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "alice@x.org(<bob@evil.org>)",
        "alice@x.org)bob@evil.org",
        "alice@x.org@evil.org",
        "<alice@x.org><bob@evil.org>",
        "<alice@x.org<bob@evil.org>",
        "<alice@x.org bob@evil.org>",
        "<alice@x.org\x00@evil.org>",
        "<alice>",
        "<@>",
        "<>",
    ],
)
def test_an_address_that_two_readers_could_read_differently_is_none(text: str) -> None:
    assert [address for _, address in read(text)] in ([""], [])


@pytest.mark.parametrize("name", ["x\r\nBcc: a@b.org", '"a" <evil@x.org>, b'])
def test_a_quoted_name_adds_no_recipient_and_no_line(name: str) -> None:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    found = read(f'"{escaped}" <o@x.org>')
    assert [address for _, address in found] == ["o@x.org"]
    assert "\n" not in found[0][0]


def test_the_name_of_somebody_may_look_like_an_address() -> None:
    assert read('"admin@bank.example" <evil@x.org>') == [("admin@bank.example", "evil@x.org")]
