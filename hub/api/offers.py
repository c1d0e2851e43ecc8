"""Offers: work shown to me, taken or declined."""

from __future__ import annotations

from crm_core.work.actions import pending_offers
from hub.api.call import Call
from hub.api.models.calls import Taking
from hub.api.models.conversations import Declining, Offer
from hub.api.models.shapes import ListOf
from hub.desk import assignments
from hub.desk.calls import promised, taking


async def mine(call: Call) -> ListOf[Offer]:
    """Offers made to me that still run."""
    found = await call.read(pending_offers, call.actor.agent_id)
    return ListOf[Offer](items=[Offer.model_validate(value) for value in found])


async def accept(call: Call, offer_id: int, body: Taking) -> Offer:
    """Take the offered work. Of two who try, one gets it. Whom it calls back counts as called."""
    await promised.count(call.house.db, call.house.lines, call.actor, offer_id)
    lines = call.house.lines.by_id
    return await call.write(Offer.model_validate, taking.accept, call.actor, offer_id, body.device, lines)


async def decline(call: Call, offer_id: int, body: Declining) -> Offer:
    """Leave the offered work to somebody else."""
    return await call.write(Offer.model_validate, assignments.decline, call.actor, offer_id, body.reason)
