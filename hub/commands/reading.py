"""`hub parse`."""

from __future__ import annotations

import sys
from pathlib import Path

from crm_core.words.errors import HubError
from hub.parsing import explained


def parse(kind: str, *files: Path) -> None:
    """Print what stored messages say, one JSON document a line: for asking why a message was read so.

    Parameters
    ----------
    kind
        The channel, such as email.
    files
        A stored message each, as it came.
    """
    try:
        for line in explained(kind, files):
            print(line)
    except HubError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
