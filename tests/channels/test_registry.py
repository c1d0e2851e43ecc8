from __future__ import annotations

from channels import webchat
from channels.registry import channel_kinds, find_channel, find_channels


def test_a_channel_is_found_by_the_name_of_its_folder() -> None:
    assert find_channels()["webchat"] is webchat.MANIFEST


def test_a_channel_is_found_alone_and_one_that_is_not_there_is_none() -> None:
    assert find_channel("webchat") is webchat.MANIFEST
    assert find_channel("fax") is None


def test_kinds_are_known_without_opening_the_channels() -> None:
    assert channel_kinds() == sorted(find_channels())
