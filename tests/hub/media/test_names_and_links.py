"""A stranger's file name is a label and nothing more; a link opens one file for a while and cannot be made up."""

from __future__ import annotations

import base64
import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.words.clock import HOUR, MINUTE
from crm_core.words.errors import NotFound
from crm_core.words.ids import LARGEST
from hub.machinery.media.links import STEP, Links
from hub.machinery.media.names import clean_name, disposition
from tests.peers.clock import VirtualClock


@pytest.mark.parametrize(
    ("claimed", "kept"),
    [
        ("photo.jpg", "photo.jpg"),
        ("Фото з відпустки.jpg", "Фото з відпустки.jpg"),
        ("照片 😀.png", "照片 😀.png"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\Users\\a\\x.txt", "x.txt"),
        ("/", "file"),
        ("..", "file"),
        ("", "file"),
        (" \t\r\n ", "file"),
        (".htaccess", "htaccess"),
        ("\u200b.htaccess", "htaccess"),
        ("a\r\nSet-Cookie: x=1.txt", "a Set-Cookie: x=1.txt"),
        ("\u202egnp.exe", "gnp.exe"),
        ("a\0.png", "a␀.png"),
        ("a\ud800.png", "a\ufffd.png"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("console.log", "console.log"),
        ("\u2066\u200f\ufeff", "file"),
    ],
)
def test_a_file_name_is_kept_as_a_label(claimed: str, kept: str) -> None:
    assert clean_name(claimed) == kept


def test_a_long_name_keeps_its_ending() -> None:
    assert clean_name("a" * 4096 + ".pdf") == "a" * 195 + "….pdf"
    assert len(clean_name("a." + "b" * 4096)) == 200


@given(st.text())
def test_any_name_becomes_one_safe_line(claimed: str) -> None:
    name = clean_name(claimed)
    assert 0 < len(name) <= 200
    assert not set(name) & set("/\\\r\n\0\u202e")
    assert clean_name(name) == name


@given(st.text(), st.booleans())
def test_no_name_leaves_its_header_and_every_browser_reads_it_whole(claimed: str, inline: bool) -> None:
    header = disposition(claimed, inline=inline)
    assert header.isascii()
    assert header.isprintable()
    parts = re.fullmatch(r"""(\w+); filename="([^"\\\\]+)"(?:; filename\*=UTF-8''([\w.%~-]+))?""", header)
    assert parts is not None
    assert parts[1] == ("inline" if inline else "attachment")
    assert (unquote(parts[3], errors="strict") if parts[3] else parts[2]) == clean_name(claimed)


def test_a_name_that_is_markup_stays_inside_its_quotes() -> None:
    header = disposition('"><img src=x onerror=alert(1)>.png', inline=True)
    assert header == (
        'inline; filename="___img src=x onerror=alert(1)_.png"; '
        "filename*=UTF-8''%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E.png"
    )


@pytest.fixture
def links(clock: VirtualClock) -> Links:
    return Links(b"k" * 32, clock, "https://files.example")


def signed(links: Links, file_id: int = 7) -> str:
    return links.path(file_id).removeprefix("/files/")


def test_a_link_opens_its_file_until_it_ends(links: Links, clock: VirtualClock) -> None:
    token = signed(links)
    assert links.url(7) == "https://files.example/files/" + token
    assert links.read(token)[0] == 7
    clock.advance(HOUR - 1)
    assert links.read(token)[0] == 7
    clock.advance(STEP)
    with pytest.raises(NotFound):
        links.read(token)


def test_the_same_file_has_the_same_link_for_a_while_so_that_browsers_keep_it(
    clock: VirtualClock, links: Links
) -> None:
    assert len({links.path(7) for _ in range(30) if clock.advance(MINUTE)}) <= 4


def test_the_largest_id_there_may_be_has_a_link(links: Links) -> None:
    assert links.read(signed(links, LARGEST))[0] == LARGEST


def test_one_changed_bit_and_a_link_opens_nothing(links: Links) -> None:
    raw = base64.urlsafe_b64decode(signed(links) + "==")
    for position in range(len(raw) * 8):
        forged = bytearray(raw)
        forged[position // 8] ^= 1 << position % 8
        with pytest.raises(NotFound):
            links.read(base64.urlsafe_b64encode(bytes(forged)).decode().rstrip("="))


def test_a_signature_is_good_for_one_file_only(links: Links) -> None:
    seven, eight = (base64.urlsafe_b64decode(signed(links, n) + "==") for n in (7, 8))
    with pytest.raises(NotFound):
        links.read(base64.urlsafe_b64encode(eight[:16] + seven[16:]).decode().rstrip("="))


def test_another_house_does_not_open_our_links(links: Links, clock: VirtualClock) -> None:
    with pytest.raises(NotFound):
        Links(b"o" * 32, clock, "https://files.example").read(signed(links))


@pytest.mark.parametrize(
    "token",
    ["", "7", "..", "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%00", "a" * 5000, "é", "====", "\ud800", "AAAA\n"],
)
def test_what_is_no_link_opens_nothing(token: str, links: Links) -> None:
    with pytest.raises(NotFound):
        links.read(token)


def test_a_link_is_spelled_in_one_way_only(links: Links) -> None:
    token = signed(links)
    for other in (token + "=", token + "==", token + "A", " " + token, token[:-1]):
        with pytest.raises(NotFound):
            links.read(other)


@given(st.text(max_size=80))
def test_no_text_is_a_link_by_luck(token: str) -> None:
    with pytest.raises(NotFound):
        Links(b"k" * 32, VirtualClock(), "https://files.example").read(token)
