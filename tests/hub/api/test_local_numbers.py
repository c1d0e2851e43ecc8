"""Numbers as people write them at home, typed by an agent: one identity for every spelling."""

from __future__ import annotations

import pytest

from hub.keys import House
from tests.hub.api.conftest import Staff

KYIV = "+380441234567"
SPELLINGS = [
    ("UA", "044 123-45-67", KYIV),
    ("UA", "+380441234567", KYIV),
    ("UA", "00380441234567", KYIV),
    ("UA", "380441234567", KYIV),
    ("PL", "380441234567", KYIV),
    ("RU", "8 (495) 123-45-67", "+74951234567"),
    ("PL", "22 123 45 67", "+48221234567"),
    ("KZ", "8 701 123 45 67", "+77011234567"),
    ("", "+48 22 123 45 67", "+48221234567"),
]


@pytest.mark.parametrize(("region", "typed", "number"), SPELLINGS)
async def test_a_number_is_read_as_it_is_written_in_the_country_of_the_house(
    house: House, staff: Staff, region: str, typed: str, number: str
) -> None:
    house.settings = house.settings.model_copy(update={"region": region})
    card = await staff.agent.ask("POST", "/contacts", {"name": "Olena"})
    path = f"/contacts/{card.body['id']}/identities"
    answer = await staff.agent.ask("POST", path, {"scheme": "tel", "value": typed})
    assert [i["value"] for i in answer.body["identities"]] == [number], answer.text


async def test_two_spellings_of_one_number_are_one_identity(house: House, staff: Staff) -> None:
    house.settings = house.settings.model_copy(update={"region": "UA"})
    numbers = [{"scheme": "tel", "value": typed} for region, typed, _ in SPELLINGS if region == "UA"]
    card = await staff.agent.ask("POST", "/contacts", {"name": "Olena", "identities": numbers})
    assert [i["value"] for i in card.body["identities"]] == [KYIV], card.text


async def test_a_local_number_of_no_country_is_refused_in_words(staff: Staff) -> None:
    number = {"scheme": "tel", "value": "044 123-45-67"}
    answer = await staff.agent.ask("POST", "/contacts", {"name": "Olena", "identities": [number]})
    assert (answer.status, answer.body["detail"]) == (422, "This is not a phone number.")
