"""`format=flowed` (RFC 3676): lines that end with a space go on in the next."""

from __future__ import annotations


def unflowed(text: str, *, drops_space: bool) -> str:
    """Paragraphs on one line each; quote marks and signature lines stay."""
    said: list[str] = []
    joins = False
    depth = 0
    for line in text.split("\n"):
        quotes = len(line) - len(line.lstrip(">"))
        words = line[quotes:].removeprefix(" ")
        if joins and quotes == depth and line[quotes:] != "-- ":
            said[-1] += words
        else:
            said.append(">" * quotes + (" " if quotes and words else "") + words)
        joins = words.endswith(" ") and words != "-- "
        if joins and drops_space:
            said[-1] = said[-1][:-1]
        depth = quotes
    return "\n".join(said)
