"""The OpenAPI 3.1 document, made from the routes: what is not in a signature is not in the document."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter

from crm_core.words.errors import (
    Conflict,
    Denied,
    HubError,
    Invalid,
    NotFound,
    NotSignedIn,
    StoreUnavailable,
    TooLarge,
)
from crm_core.words.ids import LARGEST
from hub.api.endpoint import IDEMPOTENCY_KEY, Endpoint
from hub.api.problems import CONTENT_TYPE, BadRequest, Fault, Problem, WrongMediaType

VERSION: Final = "1"
_REF: Final = "#/components/schemas/{model}"

_ABOUT: Final = """\
Everything the console does, it does through this API.

**Signing in.** Programs send `Authorization: Bearer <token>`; tokens are made in the console or with
`POST /api/v1/tokens`. Browsers use the session cookie, and every request that changes something then carries
`X-Hub-Request: 1` and comes from one of our own pages.

**Errors** are `application/problem+json` (RFC 9457); decide by `code`.

**Writing twice.** `POST` takes an `Idempotency-Key`. The same key with the same request is done once and answered
the same for 24 hours; with another request it is refused (422).

**Ids** are whole numbers below 2^53. **Times** are RFC 3339 in UTC. **Lists** give `next_cursor`; send it as `cursor`.
"""


def document(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """The whole document, ready to be written as JSON."""
    schemas, components = _schemas(endpoints)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        operation = _operation(endpoint, schemas)
        paths.setdefault(endpoint.route.path, {})[endpoint.route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Switchboard API",
            "version": VERSION,
            "description": _ABOUT,
            "license": {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
        },
        "servers": [{"url": "/api/v1"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(e.route.tag for e in endpoints)],
        "paths": paths,
        "components": {
            "schemas": _reached(paths, components),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "hub_session"},
            },
        },
    }


def statuses(endpoint: Endpoint) -> dict[int, list[type[HubError]]]:
    """Every error that the endpoint can answer, by status."""
    route = endpoint.route
    possible: list[type[HubError]] = [*route.errors, Fault, StoreUnavailable, Invalid, BadRequest, TooLarge]
    if not route.is_public:
        possible += [NotSignedIn, Denied]
    elif route.method != "GET":
        possible.append(Denied)
    if endpoint.path:
        possible.append(NotFound)
    if endpoint.body is not None or route.form:
        possible.append(WrongMediaType)
    if route.keyed:
        possible.append(Conflict)
    by_status: dict[int, list[type[HubError]]] = {}
    for error in dict.fromkeys(possible):
        by_status.setdefault(error.status, []).append(error)
    return dict(sorted(by_status.items()))


def _schemas(endpoints: Iterable[Endpoint]) -> tuple[dict[Any, Any], dict[str, Any]]:
    wanted: dict[Any, Any] = {_key(Problem, "serialization"): TypeAdapter(Problem)}
    for endpoint in endpoints:
        for model, mode in ((endpoint.query, "validation"), (endpoint.body, "validation")):
            if model is not None:
                wanted[_key(model, mode)] = TypeAdapter(model)
        if endpoint.gives_json:
            wanted[_key(endpoint.answer, "serialization")] = TypeAdapter(endpoint.answer)
    schemas, rest = TypeAdapter.json_schemas(
        [(key, key[1], adapter) for key, adapter in wanted.items()], ref_template=_REF
    )
    return {key: schemas[key, key[1]] for key in wanted}, dict(rest.get("$defs", {}))


def _reached(paths: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    """The models that some operation leads to; those of queries were written out as parameters."""
    found: dict[str, Any] = {}
    to_read = _names_in(paths)
    while to_read:
        name = to_read.pop()
        if name not in found:
            found[name] = components[name]
            to_read |= _names_in(components[name])
    return dict(sorted(found.items()))


def _names_in(part: Any) -> set[str]:
    return set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(part)))


def _key(model: type[BaseModel] | None, mode: str) -> tuple[Any, str]:
    return (model, mode)


def _operation(endpoint: Endpoint, schemas: dict[Any, Any]) -> dict[str, Any]:
    route = endpoint.route
    summary, _, more = (inspect.getdoc(route.handler) or "").partition("\n")
    operation: dict[str, Any] = {
        "operationId": f"{route.handler.__module__.rpartition('.')[2]}_{route.handler.__name__}",
        "summary": summary,
        "tags": [route.tag],
        "parameters": [*_path_parameters(endpoint), *_query_parameters(endpoint), *_headers(endpoint)],
        "responses": _responses(endpoint, schemas),
        "security": [] if route.is_public else [{"token": []}, {"session": []}],
    }
    allowed = "" if route.needs is None else f"Needs the permission `{route.needs}`."
    description = "\n\n".join(part for part in (more.strip(), allowed) if part)
    if description:
        operation["description"] = description
    if endpoint.body is not None:
        schema = schemas[_key(endpoint.body, "validation")]
        operation["requestBody"] = {
            "required": not endpoint.body_is_optional,
            "content": {"application/json": {"schema": schema}},
        }
    elif route.form:
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}
    return operation


_FORM: Final = {
    "type": "object",
    "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
    "required": ["file"],
    "additionalProperties": False,
}


def _path_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    found = []
    for name, kind in endpoint.path.items():
        schema: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": LARGEST}
        if inspect.isclass(kind) and issubclass(kind, str):
            schema = {"type": "string", "enum": [str(word) for word in list(kind)]}  # type: ignore[call-overload]
        found.append({"name": name, "in": "path", "required": True, "schema": schema})
    return found


def _query_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    if endpoint.query is None:
        return []
    schema = endpoint.query.model_json_schema(mode="validation", ref_template=_REF)
    found = []
    for name, shape in schema["properties"].items():
        inlined = _inlined(shape, schema.get("$defs", {}))
        parameter = {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", []),
            "schema": {key: value for key, value in inlined.items() if key not in ("title", "description")},
        }
        if "description" in shape:
            parameter["description"] = shape["description"]
        found.append(parameter)
    return found


def _inlined(shape: Any, definitions: dict[str, Any]) -> Any:
    """The schema with references replaced, and without null: a parameter is absent instead."""
    if isinstance(shape, list):
        return [_inlined(item, definitions) for item in shape]
    if not isinstance(shape, dict):
        return shape
    if "$ref" in shape:
        return _inlined(definitions[_name_of(shape)], definitions)
    if "anyOf" in shape:
        parts = [part for part in shape["anyOf"] if part.get("type") != "null"]
        if len(parts) == 1:
            rest = {key: value for key, value in shape.items() if key not in ("anyOf", "default")}
            return rest | _inlined(parts[0], definitions)
    return {key: _inlined(value, definitions) for key, value in shape.items()}


def _headers(endpoint: Endpoint) -> list[dict[str, Any]]:
    if not endpoint.route.keyed:
        return []
    schema = {"type": "string", "minLength": 1, "maxLength": 128, "pattern": r"^[!-~]+$"}
    return [{"name": IDEMPOTENCY_KEY, "in": "header", "required": False, "schema": schema}]


def _responses(endpoint: Endpoint, schemas: dict[Any, Any]) -> dict[str, Any]:
    status = endpoint.route.status
    right: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if endpoint.gives_json and status != 204:
        schema = schemas[_key(endpoint.answer, "serialization")]
        right["content"] = {"application/json": {"schema": schema}}
    if status == 302:
        right["headers"] = {"Location": {"schema": {"type": "string"}}}
    responses = {str(status): right}
    problem = {CONTENT_TYPE: {"schema": schemas[_key(Problem, "serialization")]}}
    for code, errors in statuses(endpoint).items():
        words = " ".join(f"`{error.code}`: {(error.__doc__ or '').strip().splitlines()[0]}" for error in errors)
        responses[str(code)] = {"description": words, "content": problem}
    return responses


def _name_of(schema: dict[str, Any]) -> str:
    return re.sub(r".*/", "", str(schema.get("$ref", "")))
