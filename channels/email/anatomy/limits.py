"""How much of one mail is read. What lies beyond is left out and noted; the raw mail is kept by the hub."""

from __future__ import annotations

from typing import Final

MOST_BYTES: Final = 25 * 1024 * 1024
"""Of a whole mail; of a larger one only the headers are read."""
MOST_HEADER_BYTES: Final = 256 * 1024
MOST_HEADERS: Final = 5_000
MOST_DEPTH: Final = 50
MOST_PARTS: Final = 500
MOST_ADDRESSES: Final = 1_000
"""Of one header."""
MOST_ADDRESS_BYTES: Final = 64 * 1024
MOST_PARAMETERS: Final = 200
MOST_PARAMETER_BYTES: Final = 16 * 1024
MOST_REFERENCES: Final = 200
MOST_ID: Final = 998
"""Characters of a message id: a line of RFC 5322."""
MOST_SUBJECT: Final = 2_000
MOST_TEXT: Final = 2_000_000
"""Characters of text."""
MOST_HTML: Final = 2_000_000
"""Characters of HTML that are cleaned; a longer one is shown as text."""
MOST_NAME: Final = 180
"""Characters of a file name."""
MOST_FORWARDED: Final = 3
"""Levels of a forwarded mail within a forwarded mail whose words are shown; deeper ones are attachments."""


class Defects:
    """Codes of what was broken, each once, in the order of meeting; at most 50."""

    def __init__(self) -> None:
        self._codes: dict[str, None] = {}

    def note(self, code: str) -> None:
        """Remember one."""
        if len(self._codes) < 50:
            self._codes.setdefault(code)

    def codes(self) -> list[str]:
        """All of them."""
        return list(self._codes)
