"""A usual morning in the sample shop."""

from __future__ import annotations

from typing import Final

from crm_core.accounts import actions as accounts
from crm_core.accounts.sealing import Sealer
from crm_core.contacts.actions import ContactChange, NewAddress
from crm_core.conversations.queries import get
from crm_core.staff.actions import NewAgent, add_agent, set_activity
from crm_core.staff.queries import agents
from crm_core.store.transaction import Tx
from crm_core.words.addresses import email, phone
from crm_core.words.clock import HOUR, MINUTE, SECOND
from crm_core.words.values import Activity, Role
from crm_core.work import actions as work
from crm_core.work.queues import QueueChange, change_queue, queues
from hub.config import Settings, derived_key, house_key
from hub.desk import contacts
from tests.screenshots.seeding import Dealing, Seeder, actor_named

ANNA: Final = "Anna Kowalska"
BEN: Final = "Ben Okafor"
SOFIA: Final = "Sofia Melnyk"
ADA: Final = "Ada Lindqvist"
NILS: Final = "Nils Berg"
MILA: Final = "Mila Horvat"
AGENTS: Final = (ANNA, BEN, SOFIA, ADA, NILS, MILA)
NIGHT_KEY: Final = "night-shop"
"""A web chat that nobody serves."""

HOURS_OFFERED: Final = 3600
"""Seconds an offer stays, so that it stays for every picture."""

BEFORE: Final = (
    Dealing(
        name="Piotr Zieliński",
        lines=("> The lamp flickers.", "< Have you tried another socket?", "> Yes. Now it works."),
        agent=ANNA,
        ends="Solved",
    ),
    Dealing(name="Hannah Schmidt", lines=("> I want to send it back.",), agent=ANNA, ends="snoozed", tags=("return",)),
    Dealing(
        name="李娜",
        lines=("> 你们寄到上海吗?", "< 是的, 五天。", "# @Anna Kowalska 请看一下运费。"),
        agent=BEN,
        mentions=(ANNA,),
        tags=("运费",),
    ),
)

NOW: Final = (
    Dealing(name="Tomás Herrera", lines=("> ¿Tenéis macetas de barro de 40 cm?",), tags=("pots",), agent=ANNA),
    Dealing(
        name="Ірина Коваль",
        lines=(
            "> Доброго дня! Листя жовтіє, що робити?",
            "< Доброго дня! Як часто ви поливаєте?",
            "> Двічі на тиждень.",
        ),
        agent=ANNA,
    ),
    Dealing(
        name="Jonas Weber",
        lines=(
            "> The new pot arrived, but it is the wrong size.",
            "> I ordered 30 cm and got 20 cm. The order number is 1048213, from last Friday.",
            "< I am sorry about that, Jonas. I will look it up.",
            "< You are right: the label says 30 cm, the pot is 20 cm.",
            "# Second wrong pot this month. Warehouse shelf 14 is mixed up, @Ben Okafor please look.",
            "> Can you send the right one? The page says it is in stock: https://fern-and-clay.example/pots/30",
            "< Of course. It leaves today.",
            "> Great, thank you! Should I send the small one back?",
        ),
        agent=ANNA,
        mentions=(BEN,),
        tags=("wrong size", "pots", "warehouse"),
        fails="The recipient’s mailbox is full.",
        page="https://fern-and-clay.example/pots/terracotta-30",
    ),
)

STRANGERS: Final = (
    Dealing(
        name="Greta Lindholm",
        lines=("> Do you sell to shops? We would take about forty terracotta pots in spring.",),
        email="greta@lindholm.example",
    ),
    Dealing(
        name="Paulo Reis", lines=("> Good morning, can I hire plants for a fair?",), agent=ANNA, email="p@reis.example"
    ),
)

WAITING: Final = ("Emma Larsen", "Luca Bianchi", "Aisha Rahman", "Sven Nyström")
WAITING_WORDS: Final = (
    "Hi! Is the snake plant safe for cats?",
    "My parcel says delivered, but there is nothing here.",
    "Do you have a shop in Gdańsk?",
    "How much light does a pilea need in winter?",
)


async def write_ordinary(seeder: Seeder, settings: Settings) -> None:
    """Yesterday's dealings, what is open now, two leads, four who wait, six people at work."""
    await seeder.furnish(settings)
    await seeder.db.write(staff_the_shop)
    await seeder.db.write(open_the_night_shop, Sealer(derived_key(house_key(settings), "accounts")))
    await seeder.queue_up(["Olga Petrova", "Max Brandt"], ["Hello?"])
    await seeder.db.write(miss_two_offers)
    for dealing in BEFORE:
        await seeder.play(dealing)
    seeder.clock.advance(17 * HOUR)
    await seeder.queue_up(WAITING, WAITING_WORDS)
    for dealing in (*NOW, *STRANGERS):
        await seeder.play(dealing)
    await seeder.db.write(know_jonas, seeder.seeded.conversations["Jonas Weber"])
    await seeder.db.write(go_to_work)
    await seeder.invite(AGENTS)


def staff_the_shop(tx: Tx) -> None:
    """Two more agents, one of whom serves no queue; offers that stay."""
    everyone = [queue.id for queue in queues(tx)]
    add_agent(tx, None, NewAgent(name=NILS, email="nils@demo.example", role=Role.AGENT))
    add_agent(tx, None, NewAgent(name=MILA, email="mila@demo.example", role=Role.AGENT, queues=everyone))
    for queue_id in everyone:
        change_queue(tx, None, queue_id, QueueChange(chat_offer_seconds=HOURS_OFFERED))


def open_the_night_shop(tx: Tx, sealer: Sealer) -> None:
    """A web chat without a queue: nobody is there to answer."""
    settings = {"title": "Fern & Clay at night", "colour": "#2f6f4f", "offline_form": True}
    new = accounts.NewAccount(kind="webchat", name="Night shop", public_key=NIGHT_KEY, settings=settings)
    accounts.add(tx, None, sealer, new)


def miss_two_offers(tx: Tx) -> None:
    """Mila was away from her desk."""
    mila = actor_named(tx, MILA).agent_id
    set_activity(tx, None, mila, Activity.AVAILABLE)
    for waiting in work.all_open(tx)[:2]:
        offered = work.offer(tx, waiting.id, mila, offer_ms=30 * SECOND, trace={})
        assert offered is not None
        work.time_out(tx, offered.id)


def know_jonas(tx: Tx, conversation_id: int) -> None:
    """Jonas is in the book, with several addresses and facts."""
    anna = actor_named(tx, ANNA)
    known = get(tx, anna, conversation_id).contact_id
    contact = contacts.make_contact(tx, anna, conversation_id) if known is None else None
    contact_id = known if contact is None else contact.id
    assert contact_id is not None
    contacts.add_identity(tx, anna, contact_id, NewAddress(email("jonas.weber@example.com"), "private"))
    added = contacts.add_identity(tx, anna, contact_id, NewAddress(phone("+49 30 901820"), "work"))
    change = ContactChange(
        version=added.version,
        company="Weber & Söhne Gartenbau",
        title="Head of purchasing",
        language="de",
        owner_id=anna.agent_id,
        note="Orders in bulk every spring. Prefers to be called in the morning.",
        tags=["wholesale", "spring"],
        fields={"Customer number": "K-20417", "VAT": "DE811569869"},
    )
    contacts.change(tx, anna, contact_id, change)


def go_to_work(tx: Tx) -> None:
    """Everybody does something; nobody but Ben can take work, and he takes one offer at a time."""
    states = {
        ANNA: Activity.BUSY,
        BEN: Activity.AVAILABLE,
        SOFIA: Activity.BREAK,
        NILS: Activity.TRAINING,
    }
    known = {agent.name: agent.id for agent in agents(tx)}
    for name, activity in states.items():
        set_activity(tx, None, known[name], activity, "lunch" if activity is Activity.BREAK else "")


BEGAN_BEFORE: Final = 19 * HOUR + 40 * MINUTE
"""How long before the pictures this world begins."""
