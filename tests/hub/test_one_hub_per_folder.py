"""Two hubs on one folder would make the same ids and send each other's agents away."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_core.words.errors import HubError
from hub.app import open_house
from hub.config import Settings


async def test_a_second_hub_on_the_same_folder_is_refused_in_words(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    async with open_house(settings):
        with pytest.raises(HubError, match="Another hub is running"):
            async with open_house(settings):
                raise AssertionError("it was let in")
    async with open_house(settings):
        pass
