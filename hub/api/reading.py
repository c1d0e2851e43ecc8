"""Reading a request: bounded bytes, strict JSON, query and path parameters. What cannot be read is refused in words."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage
from multidict import MultiMapping
from pydantic import BaseModel, TypeAdapter, ValidationError

from crm_core.words.errors import NotFound, TooLarge
from crm_core.words.ids import LARGEST
from crm_core.words.text import storable
from hub.api.problems import BadFields, BadRequest, FieldProblem, WrongMediaType, bad_fields

B = TypeVar("B", bound=BaseModel)

DEEPEST: Final = 32
"""Levels of nesting in a body."""
_ID: Final = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)
_INT: Final = re.compile(r"-?(0|[1-9][0-9]{0,18})", re.ASCII)


def path_id(text: str) -> int:
    """An id in a path. Raises NotFound for what cannot be one: there is no such thing."""
    if not _ID.fullmatch(text) or int(text) > LARGEST:
        raise NotFound
    return int(text)


async def read_bytes(request: web.Request, *, most: int) -> bytes:
    """The body, inflated if it came compressed. Raises TooLarge above `most` bytes, before the rest is read."""
    if request.content_length is not None and request.content_length > most:
        raise TooLarge(f"The body may have at most {most} bytes.")
    chunks, size = [], 0
    try:
        async for chunk in request.content.iter_any():
            size += len(chunk)
            if size > most:
                raise TooLarge(f"The body may have at most {most} bytes.")
            chunks.append(chunk)
    except (web.RequestPayloadError, BadHttpMessage) as error:
        raise BadRequest("The body did not arrive as its headers say.") from error
    return b"".join(chunks)


def body_of(request: web.Request, raw: bytes, adapter: TypeAdapter[B]) -> B:
    """The JSON body as its model. Raises WrongMediaType, BadRequest, BadFields."""
    if request.content_type != "application/json" or (request.charset or "utf-8").lower() not in ("utf-8", "utf8"):
        raise WrongMediaType
    try:
        return adapter.validate_json(json.dumps(_parsed(raw)), strict=True)
    except ValidationError as error:
        raise bad_fields(error) from error


def query_of(query: MultiMapping[str], model: type[B], adapter: TypeAdapter[B]) -> B:
    """The query as its model. Unknown names and names given twice are refused. Raises BadFields."""
    wrong: list[FieldProblem] = []
    asked: dict[str, Any] = {}
    for name in dict.fromkeys(query):
        field = model.model_fields.get(name)
        values = [storable(value) for value in query.getall(name)]
        shown = f"?{storable(name)[:100]}"
        if field is None:
            wrong.append(FieldProblem(pointer=shown, detail="There is no such parameter."))
        elif _kind(field.annotation) is list:
            asked[name] = values
        elif len(values) > 1:
            wrong.append(FieldProblem(pointer=shown, detail="Say this once."))
        else:
            asked[name] = _typed(values[0], _kind(field.annotation))
    if wrong:
        raise BadFields(errors=wrong)
    try:
        return adapter.validate_json(json.dumps(asked), strict=True)
    except ValidationError as error:
        raise bad_fields(error, where="?") from error


def no_query(query: Mapping[str, str]) -> None:
    """Refuse every parameter where none is taken. Raises BadFields."""
    if query:
        raise BadFields(
            errors=[
                FieldProblem(pointer=f"?{storable(name)[:100]}", detail="There is no such parameter.") for name in query
            ]
        )


def _parsed(raw: bytes) -> Any:
    try:
        parsed = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_object)
    except BadRequest:
        raise
    except UnicodeDecodeError as error:
        raise BadRequest("The body is not UTF-8.") from error
    except RecursionError as error:
        raise BadRequest("The body is nested too deep.") from error
    except ValueError as error:
        raise BadRequest("The body is not JSON.") from error
    return _clean(parsed, 0)


def _refuse_constant(_name: str) -> Any:
    raise BadRequest("JSON has no NaN and no Infinity.")


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise BadRequest("A name stands twice in one object.")
    return made


def _clean(value: Any, depth: int) -> Any:
    """Every text made storable: NUL and lone surrogates stand for themselves no longer."""
    if depth > DEEPEST:
        raise BadRequest("The body is nested too deep.")
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise BadRequest("A number is too large.")
    if isinstance(value, list):
        return [_clean(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {storable(name): _clean(item, depth + 1) for name, item in value.items()}
    return value


def _kind(annotation: Any) -> type:
    """str, int, bool or list: how a parameter is written in a query."""
    if annotation in (int, bool):
        return annotation  # type: ignore[no-any-return]
    origin = get_origin(annotation)
    if origin is list:
        return list
    if origin is Annotated:
        return _kind(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return next((_kind(part) for part in get_args(annotation) if part is not NoneType), str)
    return str


def _typed(text: str, kind: type) -> Any:
    if kind is int and _INT.fullmatch(text):
        return int(text)
    if kind is bool and text in ("true", "false"):
        return text == "true"
    return text
