"""A real database that can be away for a while, as it is when its server is restarted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crm_core.store.database import Database
from crm_core.words.errors import StoreUnavailable


class AbsentDatabase(Database):
    """Open it like any other. While `is_away`, every write and read raises StoreUnavailable and does nothing."""

    is_away = False

    async def write(self, action: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        self._must_be_there()
        return await super().write(action, *args, **kwargs)

    async def read(self, question: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        self._must_be_there()
        return await super().read(question, *args, **kwargs)

    def _must_be_there(self) -> None:
        if self.is_away:
            raise StoreUnavailable
