"""Whose request it is, and from which page: pure rules over what a request says of itself."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import TypeAlias
from urllib.parse import urlsplit

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def peer_of(remote: str, forwarded_for: Sequence[str], trusted: Sequence[Network]) -> str:
    """The address a request came from.

    `X-Forwarded-For` counts only when the peer is a trusted proxy, and only up to the first address (from
    the right) that is none: everything further left was written by that stranger.
    """
    peer = remote
    named = [part.strip() for line in forwarded_for for part in line.split(",")]
    while named and _is_trusted(peer, trusted):
        candidate = named.pop()
        if _address(candidate) is None:
            break
        peer = candidate
    return peer


def origin_of(url: str) -> str:
    """`scheme://host[:port]` of a URL, as browsers write it: lower case, no default port."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if ":" in host:
        host = f"[{host}]"
    standard = {"http": 80, "https": 443}.get(parts.scheme.lower())
    port = f":{parts.port}" if parts.port and parts.port != standard else ""
    return f"{parts.scheme.lower()}://{host}{port}"


def own_origins(public_url: str, host: str, *, further: Iterable[str] = ()) -> frozenset[str]:
    """The origins whose pages are ours.

    A hub that is not behind TLS is also its own origin under whatever name it was reached, so that
    `localhost` and `127.0.0.1` both work; the Host header of a browser cannot be forged by another page.
    """
    own = {origin_of(public_url), *(origin_of(url) for url in further)}
    if not public_url.startswith("https:") and host:
        own.add(origin_of(f"http://{host}"))
    return frozenset(own)


def is_same_origin(origin: str | None, fetch_site: str | None, own: frozenset[str]) -> bool:
    """Whether a browser says that one of our own pages made the request. At least one of both headers must say so."""
    if origin is None and fetch_site is None:
        return False
    if origin is not None and origin not in own:
        return False
    return fetch_site is None or fetch_site == "same-origin"


def is_foreign(origin: str | None, fetch_site: str | None, own: frozenset[str]) -> bool:
    """Whether a browser says that a foreign page made the request; programs say nothing and are not foreign."""
    return (origin is not None or fetch_site is not None) and not is_same_origin(origin, fetch_site, own)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None


def _is_trusted(text: str, trusted: Sequence[Network]) -> bool:
    address = _address(text)
    return address is not None and any(address in network for network in trusted)
