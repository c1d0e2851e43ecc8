"""Memory of a process that runs for weeks: what it holds from the start is not searched for rubbish again and again."""

from __future__ import annotations

import gc
from typing import Final

LOOKS: Final = (10_000, 10, 10)
"""After so many new objects Python looks for rubbish among them, and after so many such looks among older ones.

Values of the house hold no circles, and most are gone before anybody looks. With Python's own 700 a full look at
ten thousand conversations in line comes in the middle of a busy minute and holds everything up for 0.3 seconds.
"""


def settle_in() -> None:
    """Take everything that is there for lasting, and look at what comes less often. Call it once all is loaded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*LOOKS)
