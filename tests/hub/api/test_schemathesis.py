"""Schemathesis: many requests made from the document, right and wrong ones, and no surprising answer."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Mapping
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.config import SchemathesisConfig

from crm_core.staff import sessions
from hub.api.door import PREFIX
from hub.keys import House
from tests.hub.api.conftest import Client, Staff, Things

RIGHTS = ["2xx", "302", "401", "403", "404", "409", "410", "413", "422", "429"]
"""What a request of the right shape may be answered: the rules of the house come after the shape."""


def _with_real_ids(document: dict[str, Any], ids: Mapping[str, int]) -> dict[str, Any]:
    """The document, but with ids that exist among those that are tried."""
    known = copy.deepcopy(document)
    for methods in known["paths"].values():
        for operation in methods.values():
            for parameter in operation["parameters"]:
                if parameter["in"] == "path" and parameter["name"] in ids:
                    parameter["schema"] = {"type": "integer", "enum": [ids[parameter["name"]], 1, 2**53 - 1]}
    return known


def _try(operation: Any, url: str, token: str, examples: int) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def right(case: Case) -> None:
        case.call_and_validate(base_url=url + PREFIX, headers={"Authorization": f"Bearer {token}"})

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def wrong(case: Case) -> None:
        case.call_and_validate(base_url=url + PREFIX, headers={"Authorization": f"Bearer {token}"})

    right()
    # In a form everything is bytes: a number instead of a text cannot be told there, so a wrong one is no wrong one.
    is_form = operation.label == "POST /files"
    if not is_form and (operation.body or operation.query or operation.path_parameters):
        wrong()


async def _try_all(house: House, stranger: Client, staff: Staff, things: Things, examples: int) -> None:
    document = (await stranger("GET", "/api/openapi.json")).body
    config = SchemathesisConfig.from_dict({"checks": {"positive_data_acceptance": {"expected-statuses": RIGHTS}}})
    schema = schemathesis.openapi.from_dict(_with_real_ids(document, things.ids), config=config)
    failures: list[str] = []
    for found in schema.get_all_operations():
        operation = found.ok()
        _, token = await house.db.write(sessions.open_session, staff.administrator.id, "token")
        try:
            await asyncio.to_thread(_try, operation, stranger.url, token, examples)
        except BaseException as failure:
            failures.append(f"{operation.label}: {failure!r:.2000}")
    assert not failures, "\n\n".join(failures)


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_no_answer_surprises(house: House, stranger: Client, staff: Staff, things: Things) -> None:
    await _try_all(house, stranger, staff, things, examples=8)


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_no_answer_surprises_for_long(house: House, stranger: Client, staff: Staff, things: Things) -> None:
    await _try_all(house, stranger, staff, things, examples=60)
