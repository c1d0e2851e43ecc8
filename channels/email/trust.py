"""Whether a mail comes from where it says: the verdict of our own mail server (RFC 8601), and of nobody else. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_MOST: Final = 8_000
"""Characters of a header that are looked at."""
_COMMENT: Final = re.compile(r"\([^()]*\)")
_RESULT: Final = re.compile(r"^(dmarc|spf|dkim)\s*=\s*([a-z]+)", re.IGNORECASE)
_PROPERTY: Final = re.compile(r"\b(?:header\.d|header\.i|smtp\.mailfrom)\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)


def is_vouched_for(results: Sequence[str], *, authserv_id: str, sender: str) -> bool:
    """Whether our server says that the sender's domain sent it.

    Only the topmost header counts, and only when it bears our server's name: whatever stands below it, the
    sender may have written.
    """
    name, said = _split(results[0]) if results else ("", [])
    if name != authserv_id.strip().lower():
        return False
    domain = sender.rpartition("@")[2].lower()
    verdicts = [(found[1].lower(), found[2].lower(), result) for result in said if (found := _RESULT.match(result))]
    dmarc = [verdict for method, verdict, _ in verdicts if method == "dmarc"]
    if "pass" in dmarc:
        return True
    if "fail" in dmarc:
        return False
    return any(
        verdict == "pass"
        and any(_is_same_house(found.rpartition("@")[2], domain) for found in _PROPERTY.findall(result))
        for method, verdict, result in verdicts
        if method in ("spf", "dkim")
    )


def _split(header: str) -> tuple[str, list[str]]:
    """Whose verdict it is, and its results; comments taken out, innermost first."""
    text = header[:_MOST]
    for _ in range(5):
        text = _COMMENT.sub(" ", text)
    first, *results = [piece.strip() for piece in text.split(";")]
    return first.partition(" ")[0].lower(), results


def _is_same_house(one: str, other: str) -> bool:
    one, other = one.lower().rstrip("."), other.rstrip(".")
    if "." not in one or "." not in other:
        return False
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")
