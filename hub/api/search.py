"""The search box over people, numbers and words, within what one may read."""

from __future__ import annotations

from crm_core.search import queries
from crm_core.search.queries import Hit, Results
from hub.api.call import Call
from hub.api.models.contacts import Contact, Identity
from hub.api.models.conversations import Conversation, Entry
from hub.api.models.search import EntryHit, Found, PersonHit, Search


async def find(call: Call, query: Search) -> Found:
    """Find people, phone numbers in any spelling, and words of messages and notes, as far as I may read them."""
    found = await call.read(queries.find, call.actor, query.text, most=query.limit, before=query.before)
    return Found(
        people=_people(found),
        conversations=[Conversation.model_validate(value) for value in found.conversations],
        entries=[_hit(hit) for hit in found.entries],
        next_before=found.before,
    )


def _hit(hit: Hit) -> EntryHit:
    return EntryHit(
        entry=Entry.model_validate(hit.entry),
        conversation=Conversation.model_validate(hit.conversation),
        snippet=hit.snippet,
        marks=list(hit.highlights),
    )


def _people(found: Results) -> list[PersonHit]:
    contacts = [
        PersonHit(
            contact=Contact.model_validate(value),
            identity=None,
            conversation_id=next((c.id for c in found.conversations if c.contact_id == value.id), None),
        )
        for value in found.people
    ]
    strangers = [
        PersonHit(
            contact=None,
            identity=Identity.model_validate(value),
            conversation_id=next((c.id for c in found.conversations if c.identity_id == value.id), None),
        )
        for value in found.strangers
    ]
    return contacts + strangers
