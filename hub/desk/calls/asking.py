"""Whether anybody is being asked for a caller: read from the offers that run, so that no lost word strands one."""

from __future__ import annotations

from crm_core.calls import actions, queries
from crm_core.calls.rules.signals import OfferedTo, OfferOver
from crm_core.store.transaction import Tx
from crm_core.words.errors import NotFound
from crm_core.words.values import CallState
from crm_core.work import actions as work
from hub.desk.calls.following import TALK
from hub.desk.calls.moving import settle


def match(tx: Tx, call_id: int) -> None:
    """Bring a caller in line to what the offers say: somebody is asked now, or nobody. Other calls stay as they are."""
    try:
        call = actions.locked(tx, call_id)
    except NotFound:
        return
    asked = work.asked_for_calls(tx, TALK).get(call_id)
    if asked is not None and call.state is CallState.QUEUED:
        settle(tx, call, OfferedTo(agent_id=asked))
    elif asked is None and call.state is CallState.OFFERED:
        settle(tx, call, OfferOver())


def mismatched(tx: Tx) -> list[int]:
    """Calls in line that are not as the offers say, by id."""
    asked = work.asked_for_calls(tx, TALK)
    return [call_id for call_id, state in queries.in_line(tx) if (state is CallState.OFFERED) != (call_id in asked)]
