"""What the demo starts with: people, queues, phrases, the shop's web chat, and some dealings of yesterday."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from channels.contract import MessageArrived
from crm_core.accounts import actions as accounts
from crm_core.accounts.sealing import Sealer
from crm_core.conversations.phrases import NewCanned, add_canned, add_disposition, dispositions
from crm_core.staff import queries as staff
from crm_core.staff.actions import NewAgent, add_agent
from crm_core.store.transaction import Tx
from crm_core.words.addresses import VISITOR, Address
from crm_core.words.clock import MINUTE
from crm_core.words.content import Content, ExternalId, Medium, ThreadKey
from crm_core.words.permissions import Actor
from crm_core.words.values import Role
from crm_core.work.queues import NewQueue, add_queue
from hub.desk import contacts, conversations, inbound, outbound
from hub.desk.assignments import Target, assign
from hub.desk.inbound import Source
from hub.desk.outbound import Words

SHOP_KEY: Final = "demo-shop"
"""The public key of the demo shop's web chat."""


@dataclass(frozen=True, slots=True)
class Person:
    """One of the demo's people."""

    name: str
    email: str
    role: Role


PEOPLE: Final = (
    Person("Anna Kowalska", "anna@demo.example", Role.AGENT),
    Person("Ben Okafor", "ben@demo.example", Role.AGENT),
    Person("Sofia Melnyk", "sofia@demo.example", Role.SUPERVISOR),
    Person("Ada Lindqvist", "ada@demo.example", Role.ADMINISTRATOR),
)

_CANNED: Final = (
    ("hello", "Greeting", "Hello {{contact.name}}, this is {{agent.name}}. How can I help you?"),
    ("track", "Where is my parcel", "I am looking it up for you. Could you give me the order number, please?"),
    ("light", "Light and water", "It likes bright shade and a drink once a week; let the soil dry in between."),
    ("return", "Returns", "You can send it back within 30 days. I have sent you the label."),
    ("bye", "Goodbye", "You are welcome! Write again whenever you like."),
)
_DISPOSITIONS: Final = ("Solved", "Sale", "Return arranged", "Passed on", "No answer", "Spam")

_YESTERDAY: Final = (
    ("Marta Nowak", ("Hi! Do you deliver to Kraków?", "And how long does it take?"), "Yes, in two days.", "Solved"),
    ("Олена Шевченко", ("Доброго дня! Чи є у вас монстера?",), "Так, є, 60 см заввишки.", "Sale"),
    ("Wei Zhang", ("你好，我的订单还没有收到。",), "We have sent it again today.", "Solved"),
    ("Jonas Weber", ("The pot arrived broken :(",), "I am sorry! A new one is on its way.", "Return arranged"),
)


def is_furnished(tx: Tx) -> bool:
    """Whether the demo's people are here already."""
    return staff.secrets_by_email(tx, PEOPLE[0].email) is not None


def furnish(tx: Tx, sealer: Sealer) -> None:
    """Write everything the demo starts with, in one transaction."""
    sales = add_queue(tx, None, NewQueue(name="Shop"))
    returns = add_queue(tx, None, NewQueue(name="Returns"))
    for person in PEOPLE:
        new = NewAgent(name=person.name, email=person.email, role=person.role, queues=[sales.id, returns.id])
        add_agent(tx, None, new)
    for shortcut, title, text in _CANNED:
        add_canned(tx, None, NewCanned(shortcut=shortcut, title=title, text=text))
    for position, name in enumerate(_DISPOSITIONS):
        add_disposition(tx, None, name, position)
    shop = accounts.NewAccount(
        kind="webchat",
        name="Shop",
        queue_id=sales.id,
        public_key=SHOP_KEY,
        settings={
            "title": "Fern & Clay",
            "colour": "#2f6f4f",
            "pre_chat": [{"name": "name", "required": False}],
            "calls": True,
        },
    )
    account = accounts.add(tx, None, sealer, shop)
    source = Source(account.id, "webchat", Medium.CHAT, sales.id)
    for number, dealing in enumerate(_YESTERDAY):
        _deal(tx, source, number, dealing)


def _deal(tx: Tx, source: Source, number: int, dealing: tuple[str, tuple[str, ...], str, str]) -> None:
    name, questions, answer, outcome = dealing
    agent = _actor(tx, PEOPLE[number % 2])
    conversation_id = 0
    for line, question in enumerate(questions):
        event = MessageArrived(
            external_id=ExternalId(f"demo-{number}-{line}"),
            thread=ThreadKey(f"demo-{number}"),
            sender=Address(VISITOR, f"demo-{number}", SHOP_KEY),
            sender_name=name,
            content=Content(text=question),
            sent_at=tx.now - MINUTE,
        )
        entry = inbound.take(tx, source, event).entry
        assert entry is not None
        conversation_id = entry.conversation_id
    assign(tx, agent, conversation_id, Target(agent_id=agent.agent_id))
    if number % 2 == 0:
        contacts.make_contact(tx, agent, conversation_id, name)
    outbound.reply(tx, agent, conversation_id, Words(text=answer))
    disposition = next(d.id for d in dispositions(tx) if d.name == outcome)
    conversations.close(tx, agent, conversation_id, disposition)


def _actor(tx: Tx, person: Person) -> Actor:
    known = staff.secrets_by_email(tx, person.email)
    assert known is not None
    actor = staff.actor_of(tx, known.agent_id)
    assert actor is not None
    return actor
