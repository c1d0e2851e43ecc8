"""Every rule by its code: the word that an excuse (`# house: code because …`) names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from tests.house import (
    rules_of_code,
    rules_of_files,
    rules_of_imports,
    rules_of_layout,
    rules_of_shape,
    rules_of_transactions,
)
from tests.house.house import Breach, House

RULES: Final[Mapping[str, Callable[[House], Iterator[Breach]]]] = {
    find.__name__: find
    for find in (
        rules_of_code.syntax,
        rules_of_code.clock,
        rules_of_code.task,
        rules_of_code.commit,
        rules_of_code.log,
        rules_of_code.shell,
        rules_of_code.patch,
        rules_of_code.future,
        rules_of_transactions.coroutine,
        rules_of_imports.registry,
        rules_of_imports.words,
        rules_of_imports.home,
        rules_of_shape.file,
        rules_of_shape.function,
        rules_of_shape.parameters,
        rules_of_shape.name,
        rules_of_layout.init,
        rules_of_layout.readme,
        rules_of_layout.channel,
        rules_of_files.place,
        rules_of_files.lock,
        rules_of_files.unfinished,
    )
}
