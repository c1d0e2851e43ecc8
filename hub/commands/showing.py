"""`hub demo`."""

from __future__ import annotations

import os

import uvloop

from hub.config import load_settings
from hub.demo.show import demo
from hub.logs import configure


def demo_command() -> None:
    """Run the hub with demo people, a sample shop and one-time sign-in links."""
    settings = load_settings({"HUB_LOG_FORMAT": "console", "HUB_LOG_LEVEL": "warning", **os.environ})
    configure(settings)
    uvloop.run(demo(settings))
