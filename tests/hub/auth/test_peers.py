"""What a request says of its origin is believed only where it cannot be a lie."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from hub.auth.peers import is_foreign, is_same_origin, origin_of, own_origins, peer_of

PROXIES = (ip_network("10.0.0.0/8"), ip_network("::1/128"))


@pytest.mark.parametrize(
    ("remote", "forwarded", "peer"),
    [
        ("203.0.113.5", [], "203.0.113.5"),
        ("203.0.113.5", ["198.51.100.1"], "203.0.113.5"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1, 10.0.0.9"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("::1", ["2001:db8::7"], "2001:db8::7"),
        ("", ["198.51.100.1"], ""),
    ],
)
def test_only_a_trusted_proxy_says_whom_it_speaks_for(remote: str, forwarded: list[str], peer: str) -> None:
    assert peer_of(remote, forwarded, PROXIES) == peer


def test_without_trusted_proxies_the_header_is_never_read() -> None:
    assert peer_of("10.0.0.1", ["198.51.100.1"], ()) == "10.0.0.1"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Hub.Example.com/", "https://hub.example.com"),
        ("https://hub.example.com:443", "https://hub.example.com"),
        ("http://localhost:8080/x", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(url: str, origin: str) -> None:
    assert origin_of(url) == origin


OWN = own_origins("https://hub.example.com", "hub.example.com")


@pytest.mark.parametrize(
    ("origin", "fetch_site"),
    [
        ("https://evil.example", None),
        ("http://hub.example.com", None),
        ("https://hub.example.com.evil.example", None),
        ("https://hub.example.com:8443", None),
        ("null", None),
        ("", None),
        (None, "cross-site"),
        (None, "same-site"),
        (None, "none"),
        ("https://hub.example.com", "cross-site"),
        ("https://evil.example", "same-origin"),
    ],
)
def test_a_foreign_page_is_seen_as_one(origin: str | None, fetch_site: str | None) -> None:
    assert is_foreign(origin, fetch_site, OWN)
    assert not is_same_origin(origin, fetch_site, OWN)


def test_our_own_page_is_seen_as_ours() -> None:
    assert is_same_origin("https://hub.example.com", None, OWN)
    assert is_same_origin(None, "same-origin", OWN)
    assert is_same_origin("https://hub.example.com", "same-origin", OWN)


def test_a_program_that_says_nothing_is_neither() -> None:
    assert not is_foreign(None, None, OWN)
    assert not is_same_origin(None, None, OWN)


def test_a_hub_behind_tls_believes_no_host_header_and_one_without_is_reached_by_any_name() -> None:
    assert own_origins("https://hub.example.com", "other.example") == {"https://hub.example.com"}
    assert "http://127.0.0.1:8080" in own_origins("http://localhost:8080", "127.0.0.1:8080")
