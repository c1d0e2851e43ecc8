"""The scene of the desk's tests."""

from __future__ import annotations

import pytest

from crm_core.store.database import Database
from tests.hub.desk.prospects import Prospects, open_prospects
from tests.hub.desk.scene import Scene, open_scene
from tests.peers.clock import VirtualClock


@pytest.fixture
async def scene(db: Database, clock: VirtualClock) -> Scene:
    """A queue, Anna (idle longest) and Ben available, Sofia supervising."""
    return await open_scene(db, clock)


@pytest.fixture
async def prospects(db: Database, clock: VirtualClock) -> Prospects:
    """A sales desk to which strangers write."""
    return await open_prospects(db, clock)
