"""`hub serve`."""

from __future__ import annotations

import uvloop

from hub.commands.settings import configured
from hub.serving import announce, serve


def serve_command() -> None:
    """Run the hub, with the settings of the HUB_ variables. Stops cleanly on SIGTERM."""
    settings = configured()
    uvloop.run(serve(settings, announce))
