"""A link that a contact was given ties one account of theirs to them, and nobody's after that."""

from __future__ import annotations

from dataclasses import replace

from channels.contract import MessageArrived
from crm_core.contacts import actions as contacts
from crm_core.contacts import queries
from crm_core.contacts.actions import NewContact
from crm_core.store.database import Database
from crm_core.words.addresses import Address
from crm_core.words.clock import DAY
from crm_core.words.content import Content, ExternalId, ThreadKey
from hub.desk import inbound
from hub.desk.invitations import Invitations
from tests.hub.desk.scene import Scene
from tests.peers.clock import VirtualClock


async def comes_in(scene: Scene, invitations: Invitations, who: str, token: str) -> int | None:
    """Somebody follows a link to a bot; whose contact they are taken for."""
    event = MessageArrived(
        external_id=ExternalId(f"start of {who} by {token}"),
        thread=ThreadKey(who),
        sender=Address("telegram", who),
        content=Content(text="/start"),
        sent_at=scene.clock(),
        invitation=token,
    )
    source = replace(scene.source, invited=invitations.redeem)
    entry = (await scene.db.write(inbound.take, source, event)).entry
    assert entry is not None
    assert entry.identity_id is not None
    contact_id: int | None = (await scene.db.read(queries.identity_row, entry.identity_id)).contact_id
    return contact_id


async def test_an_invitation_counts_once_for_whoever_comes_first(
    scene: Scene, db: Database, clock: VirtualClock
) -> None:
    invitations = Invitations(b"k" * 32, clock)
    olena = await db.write(contacts.add, NewContact(name="Olena"))
    token = invitations.make(olena)
    assert await comes_in(scene, invitations, "olena", token) == olena
    assert await comes_in(scene, invitations, "eve", token) is None
    # The last letter carries bits that say nothing: written otherwise it is the same token.
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = token[:-1] + letters[letters.index(token[-1]) ^ 1]
    assert invitations.read(other) == olena
    assert await comes_in(scene, invitations, "mallory", other) is None


async def test_whoever_is_known_already_leaves_the_invitation_to_whom_it_is_for(
    scene: Scene, db: Database, clock: VirtualClock
) -> None:
    invitations = Invitations(b"k" * 32, clock)
    olena = await db.write(contacts.add, NewContact(name="Olena"))
    first = invitations.make(olena)
    assert await comes_in(scene, invitations, "olena", first) == olena
    clock.advance(1)
    second = invitations.make(olena)
    assert await comes_in(scene, invitations, "olena", second) == olena
    assert await comes_in(scene, invitations, "olena-2", second) == olena


async def test_an_invitation_that_is_over_is_none(scene: Scene, db: Database, clock: VirtualClock) -> None:
    invitations = Invitations(b"k" * 32, clock)
    token = invitations.make(await db.write(contacts.add, NewContact(name="Olena")))
    clock.advance(31 * DAY)
    assert await comes_in(scene, invitations, "olena", token) is None
