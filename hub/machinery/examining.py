"""Trying an account's settings out before they are used, without becoming a scanner of other people's networks."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog

from channels.contract import Account, Finding, Manifest, Problem
from crm_core.words.clock import MINUTE, Clock
from crm_core.words.errors import TooMany
from hub.machinery.accounts import Toolbox

SECONDS: Final = 30.0
A_MINUTE: Final = 12
"""Examinations in a minute, of everybody together."""

log = structlog.get_logger(__name__)


class Examiner:
    """Opens nothing for good: each examination has tools and connections of its own."""

    def __init__(self, toolbox: Toolbox, clock: Clock) -> None:
        self._toolbox = toolbox
        self._clock = clock
        self._begun: deque[int] = deque()
        self._one_at_a_time = asyncio.Lock()

    async def examine(
        self, manifest: Manifest, settings: Mapping[str, Any], public_key: str = "", account_id: int = 0
    ) -> Sequence[Finding]:
        """What works with these settings, which the channel has checked, step by step.

        Raises TooMany for the thirteenth within a minute. A channel that cannot examine itself finds nothing.
        """
        if manifest.examine is None:
            return []
        self._count()
        url = self._toolbox.public_url(public_key) if public_key else ""
        account = Account(account_id, public_key, "", manifest.settings.model_validate(dict(settings)), url)
        async with self._one_at_a_time, self._toolbox.guard.session() as http:
            try:
                async with asyncio.timeout(SECONDS):
                    return await manifest.examine(account, self._toolbox.tools(account_id, http))
            except TimeoutError:
                return [Finding(step="all", problem=Problem.UNREACHABLE)]
            except Exception as error:
                log.error("an examination failed in an unforeseen way", exc_info=error)
                return [Finding(step="all", problem=Problem.PROTOCOL)]

    def _count(self) -> None:
        now = self._clock()
        while self._begun and self._begun[0] <= now - MINUTE:
            self._begun.popleft()
        if len(self._begun) >= A_MINUTE:
            raise TooMany
        self._begun.append(now)
