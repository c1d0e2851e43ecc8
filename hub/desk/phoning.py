"""Who is on the phone: agents who speak, and those who only advise in a call or listen to one, who hold no work."""

from __future__ import annotations

from collections import Counter

from crm_core.calls.rules.call import on_the_phone
from crm_core.words.values import CallValue


class Phoning:
    """A copy, kept by what is seen of calls; `agent_id in phoning` asks it."""

    def __init__(self) -> None:
        self._of_call: dict[int, frozenset[int]] = {}
        self._calls: Counter[int] = Counter()
        """In how many calls each agent is."""

    def __contains__(self, agent_id: int) -> bool:
        return self._calls[agent_id] > 0

    def see(self, call: CallValue) -> frozenset[int]:
        """Take a call as it is now; the agents who came into it or left it by that."""
        before, now = self._of_call.get(call.id, frozenset()), on_the_phone(call)
        self._calls.update(now - before)
        self._calls.subtract(before - now)
        if now:
            self._of_call[call.id] = now
        else:
            self._of_call.pop(call.id, None)
        return now ^ before
