"""Which pages may open the console's socket: RELIABILITY.md, vulnerability 9 (cross-site WebSocket hijacking)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def origin_of(url: str) -> str:
    """The origin of a URL as browsers write it: scheme, host and a port that is not the scheme's own."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    name = f"[{host}]" if ":" in host else host
    is_default = parts.port is None or parts.port == _DEFAULT_PORTS.get(parts.scheme)
    return f"{parts.scheme}://{name}" + ("" if is_default else f":{parts.port}")


def allowed_origins(public_url: str, others: Iterable[str]) -> frozenset[str]:
    """The house's own origin and those it was told of."""
    return frozenset(origin_of(url) for url in (public_url, *others))


def is_allowed(sent: Sequence[str], allowed: frozenset[str]) -> bool:
    """Whether the Origin headers of a request are one, and one of ours to the letter. None at all is refused too:
    a program that is no browser names the hub's own origin, so no rule has to guess who sends none.
    """
    return len(sent) == 1 and sent[0] in allowed
