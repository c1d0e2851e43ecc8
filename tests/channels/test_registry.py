from __future__ import annotations

from channels import webchat
from channels.registry import find_channels


def test_a_channel_is_found_by_the_name_of_its_folder() -> None:
    assert find_channels()["webchat"] is webchat.MANIFEST
