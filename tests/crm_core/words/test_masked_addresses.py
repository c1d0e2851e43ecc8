"""Addresses that look like others are none."""

from __future__ import annotations

import pytest

from crm_core.words.addresses import email
from crm_core.words.errors import Invalid


@pytest.mark.parametrize("raw", ["a\x00b@x.example", "a\u202eb@x.example", "a\ud800@x.example", "a\x7f@x.example"])
def test_an_address_of_letters_that_nobody_sees_is_none(raw: str) -> None:
    with pytest.raises(Invalid):
        email(raw)
