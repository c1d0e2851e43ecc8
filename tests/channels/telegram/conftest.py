"""A whole hub, where a test asks for one."""

from __future__ import annotations

from tests.hub.chat.conftest import Hub, hub

__all__ = ["Hub", "hub"]
