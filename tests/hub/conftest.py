"""What every test of the hub ends with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest


@pytest.fixture(autouse=True)
async def last_words() -> AsyncIterator[None]:
    """Who hung up last is heard by the other side before the loop is gone, or its socket would be left open."""
    yield
    for _ in range(5):
        await asyncio.sleep(0)
