"""Errors as `application/problem+json` (RFC 9457): one shape for everything that goes wrong."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from aiohttp import web
from pydantic import ConfigDict, Field, ValidationError

from crm_core.words.errors import Conflict, HubError, Invalid, NotOpenNow, NotSignedIn, StoreUnavailable, TooMany
from hub.api.models.shapes import Shown
from hub.desk.fitting import Unfitting, Wrong, wrong

CONTENT_TYPE: Final = "application/problem+json"

_SHOWN_FACTS: Final = ("newest_entry_id", "contact_id", "merge_id", "version")
"""Facts of a conflict that the caller is told; others may hold what they may not see."""


class FieldProblem(Shown):
    """What is wrong with one field."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    pointer: str
    """`#/field/0/part` in the body, `?name` in the query."""
    detail: str
    why: str | None = Field(default=None, description="The detail as a code, for saying it in another language.")
    facts: dict[str, str | int | float] | None = Field(default=None, description="What the detail names.")


class Problem(Shown):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    type: str = "about:blank"
    title: str
    status: int
    code: str = Field(description="Stays the same through all versions and languages: programs decide by it.")
    detail: str
    errors: list[FieldProblem] = []
    newest_entry_id: int | None = Field(None, description="With `moved_on`: the newest entry.")
    contact_id: int | None = Field(
        None, description="With `conflict` over an address: whose it is. Over a merged contact: who stands for it."
    )
    merge_id: int | None = Field(None, description="With `conflict` over a merge: the one to undo first.")
    version: int | None = Field(None, description="With `conflict` over a version: the newest one.")
    why: str | None = Field(default=None, description="The detail as a code, for saying it in another language.")
    facts: dict[str, str | int | float] | None = Field(
        None, description="What the detail names, if it has such a code."
    )
    id: str | None = Field(None, description="Name this when you report a fault; it finds our log line.")


class BadRequest(Invalid):
    """This request cannot be read."""

    code, status = "bad_request", 400


class WrongMethod(Invalid):
    """This address does not take this method."""

    code, status = "wrong_method", 405


class WrongMediaType(Invalid):
    """Send this as application/json."""

    code, status = "wrong_media_type", 415


class BadFields(Invalid):
    """Something in this request is not as it has to be."""

    def __init__(self, sentence: str | None = None, *, errors: list[FieldProblem]) -> None:
        super().__init__(sentence)
        self.errors = errors


class Fault(HubError):
    """Something in the hub went wrong. It was written down under the id."""

    code, status = "fault", 500


def bad_fields(error: ValidationError, *, where: str = "#/") -> BadFields:
    """A validation error in words; what was sent is not repeated in the answer."""
    return BadFields(errors=_told(wrong(error), where))


def answer(error: HubError, *, request_id: str | None = None, status: int | None = None) -> web.Response:
    """The error as an HTTP response; `status` when it is not the one of the error's class."""
    status = status or error.status
    facts = error.facts if isinstance(error, Conflict) else {}
    problem = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        code=error.code,
        detail=str(error),
        errors=_errors(error),
        why=error.why or None,
        facts=error.named or None,
        id=request_id,
        **{name: facts[name] for name in _SHOWN_FACTS if name in facts},
    )
    return web.Response(
        text=problem.model_dump_json(exclude_none=True),
        status=status,
        content_type=CONTENT_TYPE,
        headers=_headers(error),
        charset="utf-8",
    )


def _errors(error: HubError) -> list[FieldProblem]:
    if isinstance(error, Unfitting):
        return _told(error.wrong, "#/")
    return error.errors if isinstance(error, BadFields) else []


def _told(wrong: Iterable[Wrong], where: str) -> list[FieldProblem]:
    return [
        FieldProblem(
            pointer=where + "/".join(_step(part) for part in one.path),
            detail=one.words,
            why=one.why or None,
            facts=dict(one.facts) or None,
        )
        for one in wrong
    ]


def _headers(error: HubError) -> dict[str, str]:
    if isinstance(error, TooMany):
        return {"Retry-After": str(error.facts.get("retry_after", 5))}
    if isinstance(error, StoreUnavailable | NotOpenNow):
        return {"Retry-After": "2"}
    if isinstance(error, NotSignedIn):
        return {"WWW-Authenticate": "Bearer"}
    return {}


def _step(part: int | str) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")[:100]
