"""Rows of cases as whole values."""

from __future__ import annotations

import msgspec

from crm_core.store.transaction import Fields
from crm_core.words.values import CaseValue


def case_value(row: Fields) -> CaseValue:
    """A case's row (or the mapping it will become) as its value."""
    # The names of a subquery's columns are a kind of str of their own, which msgspec does not take for one.
    plain = {str(name): value for name, value in row.items()}
    return msgspec.convert({**plain, "can_undo": plain["undo"] is not None}, CaseValue)
