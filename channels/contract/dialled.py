"""What may be called out: kinds of settings that every channel which carries calls to numbers asks for."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator

from crm_core.words.addresses import is_region
from crm_core.words.dialling import read_extensions
from crm_core.words.errors import Invalid, Unfit

_PREFIX: Final = re.compile(r"\+\d{1,14}")


def _countries(raw: list[str]) -> list[str]:
    codes = [code.strip().upper() for code in raw if code.strip()]
    strange = [code for code in codes if not is_region(code)]
    if strange:
        raise Unfit(
            "{country} is no country. Countries have two letters, such as PL.", why="no_country", country=strange[0]
        )
    return codes


def _prefixes(raw: list[str]) -> list[str]:
    found = [re.sub(r"[ ().-]", "", prefix) for prefix in raw if prefix.strip()]
    strange = [prefix for prefix in found if not _PREFIX.fullmatch(prefix)]
    if strange:
        raise Unfit(
            "{prefix} is no prefix. Prefixes begin with + and a country code, such as +4420.",
            why="no_prefix",
            prefix=strange[0],
        )
    return found


def _extensions(raw: list[str]) -> list[str]:
    found = [one.replace(" ", "") for one in raw if one.strip()]
    try:
        read_extensions(found)
    except Invalid as error:
        raise Unfit.by(error) from error
    return found


Countries = Annotated[list[str], AfterValidator(_countries)]
"""Two letters each (ISO 3166)."""
Prefixes = Annotated[list[str], AfterValidator(_prefixes)]
"""Beginnings of numbers in E.164."""
Extensions = Annotated[list[str], AfterValidator(_extensions)]
"""Extensions of the house's own exchange: `101`, or a range of equal length, `200-299`."""
