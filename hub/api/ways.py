"""Ways to a contact, other ways for what failed, and messages as their writers laid them out."""

from __future__ import annotations

from aiohttp import web

from crm_core.accounts import queries as accounts
from crm_core.contacts import queries as contacts
from crm_core.conversations import timeline
from crm_core.conversations.queries import readable_row
from crm_core.store.transaction import Tx
from crm_core.words.errors import NotFound
from crm_core.words.permissions import Actor
from crm_core.words.values import EntryDetails, EntryKind
from hub.api.call import Call
from hub.api.models.conversations import Entry, Person
from hub.api.models.shapes import ListOf
from hub.api.models.ways import Carries, Invitation, InvitationLink, Page, Pictures, Retrying, Template, Way
from hub.desk import copies, outbound, ways
from hub.desk.machine import answering
from hub.desk.ways import Directory


async def listed(call: Call, conversation_id: int) -> ListOf[Way]:
    """By which addresses and accounts the contact can be written to, and what stands against each."""
    found = await call.read(_ways, call.actor, call.house.accounts.directory(), conversation_id)
    return ListOf[Way](items=found)


async def retry(call: Call, entry_id: int, body: Retrying) -> Entry:
    """Try again to deliver a message that failed, or whose fate is not known; by another way as a new message."""
    if body.way is None:
        return await call.write(Entry.model_validate, outbound.retry, call.actor, entry_id)
    way = (body.way.identity_id, body.way.account_id)
    directory = call.house.accounts.directory()
    return await call.write(Entry.model_validate, outbound.retry_by, call.actor, entry_id, way, directory)


async def cancel(call: Call, entry_id: int) -> Entry:
    """Take back a message that has not left yet."""
    return await call.write(Entry.model_validate, outbound.cancel, call.actor, entry_id)


async def invite(call: Call, contact_id: int) -> Invitation:
    """A token for a deep link that ties whoever follows it to this contact, for 30 days, and the links with it."""
    await call.read(contacts.get, contact_id)
    token = call.house.invitations.make(contact_id)
    return Invitation(token=token, links=await call.read(_links, call.house.accounts.directory(), token))


async def show(call: Call, entry_id: int, query: Pictures) -> Page:
    """Where a message is shown as its writer laid it out, for an hour; in a frame where nothing runs."""
    details = await call.read(_details, call.actor, entry_id)
    if details.html_file_id is None or call.house.settings.files_url is None:
        raise NotFound
    return Page(url=call.house.media.page_url(details.html_file_id, pictures=query.pictures))


async def original(call: Call, entry_id: int) -> web.Response:
    """Go to the original of a message, to download."""
    details = await call.read(_details, call.actor, entry_id)
    if details.raw_file_id is None:
        raise NotFound
    return web.Response(status=302, headers={"Location": call.house.media.signed_url(details.raw_file_id)})


def _details(tx: Tx, actor: Actor, entry_id: int) -> EntryDetails:
    entry = timeline.value(tx, entry_id)
    readable_row(tx, actor, entry.conversation_id)
    return entry.details if entry.details is not None and entry.kind is EntryKind.MESSAGE else EntryDetails()


def _links(tx: Tx, directory: Directory, token: str) -> list[InvitationLink]:
    return [
        InvitationLink(
            account_id=account.id,
            channel=account.kind,
            account_name=account.name,
            url=directory[account.id].capabilities.invitation.replace("{token}", token),
        )
        for account in accounts.accounts(tx)
        if account.id in directory and directory[account.id].capabilities.invitation
    ]


def _ways(tx: Tx, actor: Actor, directory: Directory, conversation_id: int) -> list[Way]:
    row = readable_row(tx, actor, conversation_id)
    letters = copies.letters(tx, conversation_id)
    return [_shown(w, letters.subject(row.subject), letters) for w in ways.of_row(tx, directory, row)]


def _shown(way: ways.Way, subject: str, letters: copies.Letters) -> Way:
    carries, identity = way.carries, way.identity
    to = letters.wanted_at(identity.id) if carries.copies else []
    on_copy = letters.on_copy() if carries.copies else []
    theirs = {identity.value, *(p.value for p in to)}
    return Way.model_validate(
        {
            "identity_id": identity.id,
            "account_id": way.account_id,
            "channel": way.channel,
            "account_name": way.account_name,
            "scheme": identity.scheme,
            "display": identity.display,
            "name": identity.name,
            "state": way.state,
            "why": way.why,
            "window_until": way.window_until,
            "is_default": way.is_default,
            "is_guest": way.is_guest,
            "carries": Carries.model_validate(
                {name: getattr(carries, name) for name in Carries.model_fields if name != "templates"}
                | {"templates": [Template.model_validate(t) for t in carries.templates]}
            ),
            "subject": answering(subject) if carries.subject else "",
            "to": [Person(value=p.value, name=p.name) for p in to],
            "cc": [Person(value=p.value, name=p.name) for p in on_copy if p.value not in theirs],
        }
    )
