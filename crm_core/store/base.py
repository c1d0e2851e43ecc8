"""What every table shares."""

from __future__ import annotations

from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, Integer, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, mapped_column

from crm_core.words.clock import Moment

WORKSPACE = 1
"""The workspace made at set-up. `ws` is on every row from the first migration, so that more can follow."""

_Big = BigInteger().with_variant(Integer(), "sqlite")

Id = Annotated[int, mapped_column(_Big, primary_key=True, autoincrement=False)]
Ref = Annotated[int, mapped_column(_Big)]
"""Another row's id. Foreign keys are declared where a row must never outlive the other."""
OptionalRef = Annotated[int | None, mapped_column(_Big)]
At = Annotated[Moment, mapped_column(_Big)]
OptionalAt = Annotated[Moment | None, mapped_column(_Big)]
Words = Annotated[str, mapped_column(Text)]
OptionalWords = Annotated[str | None, mapped_column(Text)]
Count = Annotated[int, mapped_column(_Big, default=0, server_default="0")]
Json = Annotated[Any, mapped_column(JSON)]
OptionalJson = Annotated[Any, mapped_column(JSON(none_as_null=True), nullable=True)]
"""None is stored as NULL, which a column added to a filled table needs."""


class Base(DeclarativeBase):
    """The tables of the house. Names of constraints are fixed, so that migrations can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
