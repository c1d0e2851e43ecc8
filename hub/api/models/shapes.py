"""The shapes that every model of the API is made of: strict on the way in, whole values on the way out."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Final, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from crm_core.words.clock import Moment, as_text
from crm_core.words.ids import LARGEST
from crm_core.words.text import MAX_MESSAGE

M = TypeVar("M")


class Asked(BaseModel):
    """What a request says. Unknown fields and wrong types are refused, never guessed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


class Shown(BaseModel):
    """What an answer says; made from a value of the house with `model_validate`."""

    model_config = ConfigDict(
        from_attributes=True,
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_serialization_defaults_required=True,
    )


_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def _moment(value: Any) -> Any:
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise ValueError("a time in RFC 3339, such as 2026-01-05T09:00:00Z")
    try:
        return int(datetime.fromisoformat(value.upper()).timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise ValueError("a time that exists") from error


_time_schema: Final = WithJsonSchema({"type": "string", "format": "date-time"})

When = Annotated[Moment, BeforeValidator(_moment), Field(ge=0, le=LARGEST), _time_schema]
"""A time in a request: RFC 3339 text, a Moment inside the house."""

Time = Annotated[str, BeforeValidator(lambda value: as_text(value) if isinstance(value, int) else value), _time_schema]
"""A time in an answer: RFC 3339 text with milliseconds, UTC."""

Id = Annotated[int, Field(ge=1, le=LARGEST)]
Whole = Annotated[int, Field(ge=0, le=LARGEST)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200)]
OptionalLine = Annotated[str, StringConstraints(max_length=200)]
Text = Annotated[str, StringConstraints(max_length=MAX_MESSAGE)]
Email = Annotated[str, StringConstraints(min_length=3, max_length=254)]
Secret = Annotated[str, StringConstraints(max_length=1024), Field(json_schema_extra={"format": "password"})]
Language = Annotated[str, StringConstraints(max_length=35, pattern=r"^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)?$")]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=60)]
Tags = Annotated[list[Tag], Field(max_length=50)]
Skills = Annotated[dict[Tag, Annotated[int, Field(ge=1, le=10)]], Field(max_length=50)]
Ids = Annotated[list[Id], Field(max_length=500)]
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=512, pattern="^[A-Za-z0-9_-]+$")]
Limit = Annotated[int, Field(ge=1, le=100)]
Version = Annotated[int, Field(ge=1, le=LARGEST, description="The version you saw; another one in the house is 409.")]


class Listing(Asked):
    """What every list takes."""

    cursor: Cursor | None = Field(None, description="`next_cursor` of the page before.")
    limit: Limit = Field(50, description="Items on a page, at most.")


class PageOf(Shown, Generic[M]):
    """One page of a list. `next_cursor` is null on the last one."""

    items: list[M]
    next_cursor: str | None = None

    @classmethod
    def model_parametrized_name(cls, params: tuple[type[Any], ...]) -> str:
        """`ConversationPage` in the OpenAPI document."""
        return f"{params[0].__name__}Page"


class ListOf(Shown, Generic[M]):
    """A whole list: one that is short by nature."""

    items: list[M]

    @classmethod
    def model_parametrized_name(cls, params: tuple[type[Any], ...]) -> str:
        """`AgentList` in the OpenAPI document."""
        return f"{params[0].__name__}List"
