"""Passwords are kept as argon2id and checked without telling who exists."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from crm_core.words.errors import Invalid, TooMany
from hub.auth.passwords import MOST, Cost, Passwords, acceptable

CHEAP = Cost(passes=1, kibibytes=64)


@pytest.fixture
async def passwords() -> AsyncIterator[Passwords]:
    made = Passwords(CHEAP)
    yield made
    made.close()


async def test_a_password_opens_its_own_hash_and_no_other(passwords: Passwords) -> None:
    known = await passwords.hash("correct horse battery")

    assert await passwords.matches(known, "correct horse battery")
    assert not await passwords.matches(known, "correct horse batterY")
    assert not await passwords.matches(known, "")


async def test_the_hash_is_argon2id_and_salted(passwords: Passwords) -> None:
    one, two = await passwords.hash("correct horse battery"), await passwords.hash("correct horse battery")

    assert one.startswith("$argon2id$")
    assert one != two


async def test_nobody_has_no_password_that_works(passwords: Passwords) -> None:
    assert not await passwords.matches(None, "anything at all")


async def test_a_damaged_hash_opens_to_nobody(passwords: Passwords) -> None:
    assert not await passwords.matches("$argon2id$nonsense", "anything at all")


async def test_two_spellings_of_one_letter_are_one_password(passwords: Passwords) -> None:
    known = await passwords.hash("cafe\u0301 au lait s'il")

    assert await passwords.matches(known, "caf\u00e9 au lait s'il")


async def test_what_stands_after_the_limit_is_not_cut_off_and_accepted(passwords: Passwords) -> None:
    longest = "ab3d" * (MOST // 4)
    known = await passwords.hash(longest)

    assert await passwords.matches(known, longest)
    assert not await passwords.matches(known, longest + "x")


@pytest.mark.parametrize("poor", ["", "short", "aaaaaaaaaaaaaaaa", "abababababababab", "Ada Lovelace!", "x1y2" * 100])
def test_a_poor_password_is_refused_in_words(poor: str) -> None:
    with pytest.raises(Invalid) as refused:
        acceptable(poor, not_like=("ada lovelace!",))

    assert "password" in str(refused.value)


async def test_a_hash_of_yesterdays_cost_is_known_as_outdated(passwords: Passwords) -> None:
    dearer = Passwords(Cost(passes=2, kibibytes=64))
    known = await passwords.hash("correct horse battery")

    assert dearer.is_outdated(known)
    assert not passwords.is_outdated(known)
    dearer.close()


async def test_a_flood_of_checks_is_refused_instead_of_queued_for_ever(passwords: Passwords) -> None:
    answers = await asyncio.gather(*(passwords.matches(None, "x") for _ in range(80)), return_exceptions=True)

    refused = [answer for answer in answers if isinstance(answer, TooMany)]
    assert len(refused) == 16
    assert not any(answer is True for answer in answers)
