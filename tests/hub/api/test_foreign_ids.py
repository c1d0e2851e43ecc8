"""Every id that a request may name in its body: one that is nobody's, or others', leads nowhere and changes nothing."""

from __future__ import annotations

from itertools import pairwise
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from crm_core.store.database import Database
from crm_core.words.ids import LARGEST
from hub.api.route import Route
from hub.api.routes import ROUTES
from hub.keys import House
from tests.hub.api.conftest import Staff, Things, arrive
from tests.hub.api.test_rights import BODIES, _everything, _name

Where = tuple[str, ...]
LISTS = frozenset({"files", "mentions", "queues", "agents"})
WHOLE: dict[str, dict[str, Any]] = {
    "accounts.examine": {"kind": "webchat", "settings": {}},
    "cases.qualify": {"becomes": "contact"},
}
"""Bodies that are whole but for the ids, where the matrix of rights has none."""


def ids_of(annotation: Any, path: Where = ()) -> list[tuple[Where, bool]]:
    """Where ids stand in a body, and whether as a list."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return ids_of(parts[0], path)
    if origin in (Union, UnionType):
        return [one for part in parts for one in ids_of(part, path)]
    if origin is list:
        return [(path, True)] if path[-1] in LISTS and ids_of(parts[0], (*path, "id")) else []
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        hints = get_type_hints(annotation, include_extras=True)
        return [one for name in annotation.model_fields for one in ids_of(hints[name], (*path, name))]
    return [(path, False)] if annotation is int and path and (path[-1] == "id" or path[-1].endswith("_id")) else []


def fields() -> list[tuple[Route, Where, bool]]:
    """Every id in the body of every route."""
    bodies = [(route, get_type_hints(route.handler, include_extras=True).get("body")) for route in ROUTES]
    return [(route, *found) for route, body in bodies if body is not None for found in ids_of(body)]


FIELDS = fields()
NAMED = [f"{_name(route)} {'.'.join(where)}" for route, where, _ in FIELDS]


def with_id(route: Route, where: Where, value: Any) -> dict[str, Any]:
    """The route's body with this id, whole otherwise."""
    name = f"{route.handler.__module__.rpartition('.')[2]}.{route.handler.__name__}"
    known = WHOLE.get(name, BODIES.get(name, BODIES.get(route.handler.__name__, {})))
    body: dict[str, Any] = {**known, where[0]: value}
    for above, below in pairwise(where):
        body[above] = {"identity_id": LARGEST, "account_id": LARGEST, below: value}
    return body


COMPARED = {
    "PUT /conversations/{conversation_id}/read entry_id",
    "POST /conversations/{conversation_id}/replies seen_entry_id",
}
"""Ids that are only compared: how far somebody has read."""
DRAFTED = "PUT /conversations/{conversation_id}/drafts/{kind} extras."
"""Ids in a draft are told to nobody but its author, and asked after when it is sent."""


async def test_an_id_of_nothing_is_refused_in_every_field_and_changes_nothing(
    staff: Staff, things: Things, db: Database
) -> None:
    before = await db.read(_everything)
    wrong: dict[str, str] = {}
    for name, (route, where, is_list) in zip(NAMED, FIELDS, strict=True):
        body = with_id(route, where, [LARGEST] if is_list else LARGEST)
        answer = await staff.administrator.ask(route.method, things.path(route.path), body)
        if name in COMPARED or name.startswith(DRAFTED):
            before = await db.read(_everything)
        elif answer.status not in (404, 409, 422):
            wrong[name] = f"{answer.status} {answer.text}"
    assert wrong == {}
    assert len(FIELDS) > 30
    assert await db.read(_everything) == before


async def test_a_case_or_file_of_others_is_as_absent_as_one_that_never_was(
    house: House, staff: Staff, things: Things, db: Database
) -> None:
    theirs = await arrive(house, staff.support, visitor="v2")
    opened = await staff.other.ask("POST", f"/conversations/{theirs.conversation_id}/case", {})
    assert opened.status == 201, opened.text
    case_id, file_id = opened.body["id"], things.ids["file_id"]
    before = await db.read(_everything)
    asked: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
        ("PUT", "/conversations/{conversation_id}/case", {"case_id": case_id}, {"case_id": LARGEST}),
        ("POST", "/cases/{case_id}/duplicate", {"of_id": case_id}, {"of_id": LARGEST}),
        ("POST", "/conversations/{conversation_id}/notes", {"text": "x", "files": [file_id]}, {"files": [LARGEST]}),
        (
            "PUT",
            "/conversations/{conversation_id}/drafts/note",
            {"text": "x", "files": [file_id]},
            {"files": [LARGEST]},
        ),
    ]
    for method, path, foreign, absent in asked:
        first = await staff.agent.ask(method, things.path(path), foreign)
        second = await staff.agent.ask(method, things.path(path), {**foreign, **absent})
        assert (first.status, first.body["detail"]) == (404, second.body["detail"]), (path, first.text)
        assert second.status == 404, path
    assert await db.read(_everything) == before
