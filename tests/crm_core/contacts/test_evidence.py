from __future__ import annotations

import pytest
from sqlalchemy import select

from crm_core.contacts import actions, queries
from crm_core.contacts.actions import NewAddress
from crm_core.contacts.evidence import MOST_AT_ONCE, MOST_KEPT
from crm_core.contacts.model import Evidence
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.addresses import Address, email, phone
from crm_core.words.errors import Conflict, Invalid
from tests.crm_core.contacts.meeting import a_contact, an_account, held_by, identity_of, telegram, whose, writes

NUMBER = phone("+380441234567")
MAIL = email("taras@firm.ua")
TARAS, OLHA = telegram(1), telegram(2)


def kept(tx: Tx) -> list[tuple[str, bool]]:
    rows = tx.all(select(Evidence.value, Evidence.is_strong).order_by(Evidence.value))
    return [(r.value, bool(r.is_strong)) for r in rows]


async def test_a_stranger_who_proves_an_address_is_the_contact_that_has_it(db: Database) -> None:
    contact = await db.write(a_contact, "Taras", NUMBER)
    assert await db.write(writes, TARAS, proves=[NUMBER]) == contact
    assert await db.write(whose, TARAS) == contact
    shown = {i.scheme: i.verified for i in (await db.read(queries.get, contact)).identities}
    assert shown == {"tel": False, "telegram": True}


async def test_what_is_only_mentioned_joins_nobody(db: Database) -> None:
    contact = await db.write(a_contact, "Taras", NUMBER)
    assert await db.write(writes, TARAS, mentions=[NUMBER, MAIL]) is None
    assert await db.write(whose, TARAS) is None
    assert await db.write(held_by, contact) == {"tel:+380441234567"}
    assert await db.read(kept) == [("+380441234567", False), ("taras@firm.ua", False)]


async def test_a_proof_stays_a_proof_when_it_is_only_mentioned_later(db: Database) -> None:
    await db.write(writes, TARAS, mentions=[NUMBER])
    await db.write(writes, TARAS, proves=[NUMBER])
    await db.write(writes, TARAS, mentions=[NUMBER])
    assert await db.read(kept) == [("+380441234567", True)]


async def test_who_proves_addresses_of_two_contacts_is_neither_by_himself(db: Database) -> None:
    await db.write(a_contact, "Taras", NUMBER)
    await db.write(a_contact, "Petro", MAIL)
    assert await db.write(writes, TARAS, proves=[NUMBER, MAIL]) is None
    assert await db.write(whose, TARAS) is None


async def test_a_shared_number_tells_nobody_apart(db: Database) -> None:
    contact = await db.write(a_contact, "Reception", NUMBER)
    await db.write(actions.share, contact, await db.write(identity_of, NUMBER), is_shared=True)
    assert await db.write(writes, TARAS, proves=[NUMBER]) is None
    assert await db.write(whose, TARAS) is None


async def test_a_role_box_tells_nobody_apart(db: Database) -> None:
    box = email("info@firm.ua")
    await db.write(a_contact, "Firm", box)
    assert await db.write(writes, TARAS, proves=[box]) is None


async def test_a_known_contact_gets_what_they_prove(db: Database) -> None:
    contact = await db.write(a_contact, "Taras", TARAS)
    stranger = await db.write(identity_of, NUMBER)
    assert await db.write(writes, TARAS, proves=[NUMBER]) == contact
    assert await db.write(whose, NUMBER) == contact
    assert (await db.read(queries.identity, stranger)).verified
    assert await db.write(writes, TARAS, proves=[NUMBER]) is None


async def test_nothing_is_taken_from_another_contact(db: Database) -> None:
    taras = await db.write(a_contact, "Taras", NUMBER)
    olha = await db.write(a_contact, "Olha", OLHA)
    assert await db.write(writes, OLHA, proves=[NUMBER]) is None
    assert await db.write(whose, NUMBER) == taras
    assert await db.write(held_by, olha) == {"telegram:2"}


async def test_a_number_that_two_contacts_proved_is_given_to_neither(db: Database) -> None:
    taras = await db.write(a_contact, "Taras", TARAS)
    await db.write(writes, TARAS, proves=[NUMBER])
    await db.write(a_contact, "Olha", OLHA)
    await db.write(actions.detach, taras, await db.write(identity_of, NUMBER))
    await db.write(writes, OLHA, proves=[NUMBER])
    assert await db.write(whose, NUMBER) is None


async def test_what_a_stranger_proved_comes_along_when_they_become_a_contact(db: Database) -> None:
    await db.write(writes, TARAS, proves=[NUMBER, MAIL])
    contact = await db.write(a_contact, "Taras", TARAS)
    assert await db.write(held_by, contact) == {"telegram:1", "tel:+380441234567", "mailto:taras@firm.ua"}


async def test_strangers_who_proved_an_address_come_along_with_it(db: Database) -> None:
    await db.write(writes, TARAS, proves=[NUMBER])
    contact = await db.write(a_contact, "Taras", NUMBER)
    assert await db.write(whose, TARAS) == contact


async def test_an_address_an_agent_took_away_does_not_come_back_by_itself(db: Database) -> None:
    contact = await db.write(a_contact, "Taras", NUMBER)
    await db.write(writes, TARAS, proves=[NUMBER])
    identity = await db.write(identity_of, TARAS)
    await db.write(actions.detach, contact, identity)
    assert await db.write(writes, TARAS, proves=[NUMBER]) is None
    assert await db.write(whose, TARAS) is None
    await db.write(actions.attach, contact, identity)
    assert await db.write(whose, TARAS) == contact


async def test_our_own_addresses_and_senders_names_are_nobodys(db: Database) -> None:
    await db.write(an_account, address="Hello@Shop.example", sender="+48 22 123 45 67", others=["+38 044 123 45 67"])
    contact = await db.write(a_contact, "Taras", TARAS)
    ours = [email("hello@shop.example"), phone("+48221234567"), NUMBER, Address("whatsapp", "+48221234567")]
    name = Address("sms-sender", "InfoSMS")
    assert await db.write(writes, TARAS, proves=[*ours, name]) is None
    assert await db.write(held_by, contact) == {"telegram:1"}
    for address in (*ours, name):
        with pytest.raises(Invalid):
            await db.write(actions.attach_address, contact, NewAddress(address))


async def test_a_list_of_numbers_is_not_kept_without_end(db: Database) -> None:
    for start in range(0, 300, 30):
        many = [phone(f"+38044123{n:04}") for n in range(start, start + 30)]
        await db.write(writes, TARAS, mentions=many)
    assert len(await db.read(kept)) == min(MOST_KEPT, 10 * MOST_AT_ONCE)


async def test_an_identity_of_another_contact_is_refused_with_the_contacts_name(db: Database) -> None:
    taras, olha = await db.write(a_contact, "Taras", NUMBER), await db.write(a_contact, "Olha")
    with pytest.raises(Conflict) as refused:
        await db.write(actions.attach_address, olha, NewAddress(NUMBER))
    assert (refused.value.why, refused.value.facts["contact_id"]) == ("address_taken", taras)
