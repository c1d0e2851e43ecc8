"""The document and its page say what the API does: no more, no less."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
import pytest

from hub.api.door import PREFIX
from hub.api.routes import ROUTES
from tests.hub.api.conftest import Client, Staff


async def _document(client: Client) -> dict[str, Any]:
    answer = await client("GET", "/api/openapi.json")
    assert answer.status == 200
    document: dict[str, Any] = answer.body
    return document


async def test_every_route_is_documented_with_words_and_every_error(stranger: Client) -> None:
    document = await _document(stranger)

    assert document["openapi"] == "3.1.0"
    for route in ROUTES:
        operation = document["paths"][route.path][route.method.lower()]
        assert operation["summary"].endswith(".")
        assert str(route.status) in operation["responses"]
        assert {"400", "422", "500", "503"} <= set(operation["responses"])
        assert bool(operation["security"]) is not route.is_public
        if not route.is_public:
            assert {"401", "403"} <= set(operation["responses"])
    assert len({o["operationId"] for p in document["paths"].values() for o in p.values()}) == len(ROUTES)


async def test_every_reference_leads_somewhere_and_every_schema_is_one(stranger: Client) -> None:
    answer = await stranger("GET", "/api/openapi.json")
    schemas = answer.body["components"]["schemas"]

    named = set(re.findall(r'"#/components/schemas/([^"]+)"', answer.text))
    assert named == set(schemas)
    for schema in schemas.values():
        assert jsonschema_rs.meta.is_valid(schema)


async def test_the_page_shows_every_route_and_runs_nothing(stranger: Client) -> None:
    answer = await stranger("GET", "/api/docs")

    assert answer.headers["Content-Type"].startswith("text/html")
    for route in ROUTES:
        assert PREFIX + route.path in answer.text
    assert "<script" not in answer.text
    assert "http://" not in answer.text
    assert "https://" not in answer.text
    assert "script-src" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/me", "/agents", "/queues", "/conversations", "/conversations/counts", "/sessions"])
async def test_answers_are_as_documented(stranger: Client, staff: Staff, path: str) -> None:
    document = await _document(stranger)
    schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    answer = await staff.agent.ask("GET", path)

    validator = jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})
    assert not list(validator.iter_errors(answer.body))
