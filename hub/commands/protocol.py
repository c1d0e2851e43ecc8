"""`hub protocol`."""

from __future__ import annotations

import sys

from hub.console import typescript


def protocol(*, write: bool = False) -> None:
    """Check that the TypeScript of the protocol is in step with the Python, or write it anew."""
    sys.exit(typescript.main(["--write" if write else "--check"]))
