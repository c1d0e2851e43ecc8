"""Canned replies and dispositions. What is deleted can come back."""

from __future__ import annotations

from crm_core.conversations import phrases
from hub.api.call import Call
from hub.api.models import configuration as models
from hub.api.models.configuration import Canned, Disposition, Phrases
from hub.api.models.shapes import ListOf


async def canned(call: Call, query: Phrases) -> ListOf[Canned]:
    """All canned replies by shortcut."""
    found = await call.read(phrases.canned, with_deleted=query.deleted)
    return ListOf[Canned](items=[Canned.model_validate(value) for value in found])


async def add_canned(call: Call, body: models.NewCanned) -> Canned:
    """Add a canned reply."""
    new = phrases.NewCanned(**body.model_dump())
    return await call.write(Canned.model_validate, phrases.add_canned, call.actor, new)


async def change_canned(call: Call, canned_id: int, body: models.CannedChange) -> Canned:
    """Change a canned reply; `deleted` false brings a deleted one back."""
    wanted = phrases.CannedChange(**body.model_dump())
    return await call.write(Canned.model_validate, phrases.change_canned, call.actor, canned_id, wanted)


async def delete_canned(call: Call, canned_id: int) -> Canned:
    """Delete a canned reply. It can come back."""
    return await call.write(Canned.model_validate, phrases.delete_canned, call.actor, canned_id)


async def restore_canned(call: Call, canned_id: int) -> Canned:
    """Bring a deleted canned reply back."""
    return await call.write(Canned.model_validate, phrases.restore_canned, call.actor, canned_id)


async def dispositions(call: Call, query: Phrases) -> ListOf[Disposition]:
    """All ways a conversation ends, in the order they are offered."""
    found = await call.read(phrases.dispositions, with_deleted=query.deleted)
    return ListOf[Disposition](items=[Disposition.model_validate(value) for value in found])


async def add_disposition(call: Call, body: models.NewDisposition) -> Disposition:
    """Add a way a conversation ends."""
    return await call.write(Disposition.model_validate, phrases.add_disposition, call.actor, body.name, body.position)


async def change_disposition(call: Call, disposition_id: int, body: models.DispositionChange) -> Disposition:
    """Change a disposition; conversations keep the name they were closed with."""
    wanted = phrases.DispositionChange(**body.model_dump())
    return await call.write(Disposition.model_validate, phrases.change_disposition, call.actor, disposition_id, wanted)


async def delete_disposition(call: Call, disposition_id: int) -> Disposition:
    """Delete a disposition. It can come back."""
    return await call.write(Disposition.model_validate, phrases.delete_disposition, call.actor, disposition_id)


async def restore_disposition(call: Call, disposition_id: int) -> Disposition:
    """Bring a deleted disposition back."""
    return await call.write(Disposition.model_validate, phrases.restore_disposition, call.actor, disposition_id)
