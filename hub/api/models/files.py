"""Files."""

from __future__ import annotations

from hub.api.models.shapes import Shown


class File(Shown):
    """A stored file. Its type was found from its bytes, never from what the sender claimed."""

    id: int
    name: str
    type: str
    size: int
    width: int | None
    height: int | None
