"""The identity fixture of the plan: one number, however it is written, meets one contact on every channel."""

from __future__ import annotations

import pytest

from crm_core.contacts import suggesting
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.addresses import WHATSAPP, Address, email, normalised, phone
from crm_core.words.errors import Invalid
from crm_core.words.values import ContactKind
from tests.crm_core.contacts.meeting import a_contact, an_account, identity_of, telegram, whose, writes

SPELLINGS = [
    ("044 123-45-67", "UA", "+380441234567"),
    ("+380441234567", "UA", "+380441234567"),
    ("+380441234567", "PL", "+380441234567"),
    ("00380441234567", "UA", "+380441234567"),
    ("380441234567", "UA", "+380441234567"),
    ("380441234567", "PL", "+380441234567"),
    ("380441234567", None, "+380441234567"),
    ("8 (495) 123-45-67", "RU", "+74951234567"),
    ("+74951234567", "RU", "+74951234567"),
    ("22 123 45 67", "PL", "+48221234567"),
    ("+48221234567", "PL", "+48221234567"),
    ("8 701 123 45 67", "KZ", "+77011234567"),
    ("+77011234567", "KZ", "+77011234567"),
]


@pytest.mark.parametrize(("written", "country", "value"), SPELLINGS)
async def test_each_spelling_meets_one_contact_on_every_channel(
    db: Database, written: str, country: str | None, value: str
) -> None:
    contact = await db.write(a_contact, "Taras", phone(value))
    number = phone(written, region=country)
    assert await db.write(whose, number) == contact, "by SMS and by phone"

    on_whatsapp = normalised(WHATSAPP, written, region=country)
    assert await db.write(writes, on_whatsapp, proves=[phone(written, region=country)]) == contact
    assert await db.write(whose, on_whatsapp) == contact

    assert await db.write(writes, telegram(7), proves=[number]) == contact
    assert await db.write(whose, telegram(7)) == contact

    by_mail = email("somebody@example.com")
    assert await db.write(writes, by_mail, mentions=[number]) is None
    (suggestion,) = await db.read(suggesting.for_identity, await db.write(identity_of, by_mail))
    assert (suggestion.contact.id, suggestion.why) == (contact, "mentioned")
    assert await db.write(whose, by_mail) is None


@pytest.mark.parametrize("caller", ["", "anonymous", "Restricted", "InfoSMS", "unknown"])
def test_a_hidden_caller_and_a_senders_name_are_no_number(caller: str) -> None:
    with pytest.raises(Invalid):
        phone(caller, region="UA")


async def test_our_own_number_leads_to_nobody(db: Database) -> None:
    await db.write(an_account, number="+380 44 123 45 67")
    await db.write(a_contact, "Taras", telegram(1))
    assert await db.write(writes, telegram(2), proves=[phone("+380441234567")]) is None
    assert await db.read(suggesting.for_identity, await db.write(identity_of, telegram(2))) == []


async def test_the_same_digits_in_two_countries_stay_apart(db: Database) -> None:
    polish = await db.write(a_contact, "Ewa", phone("22 123 45 67", region="PL"))
    kyiv = await db.write(a_contact, "Taras", phone("044 123 45 67", region="UA"))
    german = phone("22 123 45 67", region="DE")
    assert await db.write(whose, german) is None
    assert len({polish, kyiv}) == 2


async def test_a_mailbox_is_one_in_any_spelling_and_its_tags_are_others(db: Database) -> None:
    contact = await db.write(a_contact, "Ivan", email("ivan.petrenko@firm.ua"))
    assert await db.write(whose, email("Ivan.Petrenko@Firm.UA ")) == contact
    assert await db.write(whose, email("ivan+shop@firm.ua")) is None
    assert await db.write(whose, email("ivanpetrenko@firm.ua")) is None


async def test_a_role_box_of_two_persons_is_suggested_to_the_company(db: Database) -> None:
    box = email("info@firm.ua")
    await db.write(a_contact, "Ivan", email("ivan@firm.ua"))
    await db.write(a_contact, "Petro", email("petro@firm.ua"))
    firm = await db.write(a_company, "Firm", email("office@firm.ua"))
    await db.write(writes, box, name="Ivan")
    suggestions = await db.read(suggesting.for_identity, await db.write(identity_of, box))
    assert [(s.contact.id, s.why, s.address) for s in suggestions] == [(firm, "same_firm", "firm.ua")]


def a_company(tx: Tx, name: str, address: Address) -> int:
    return a_contact(tx, name, address, kind=ContactKind.COMPANY)
