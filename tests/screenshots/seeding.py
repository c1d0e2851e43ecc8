"""What was said before a picture is taken: written by the desk's own use cases, in the past, before the hub starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from channels.contract import MessageArrived
from crm_core.accounts import queries as accounts
from crm_core.accounts.sealing import Sealer
from crm_core.conversations import actions as marks
from crm_core.conversations.phrases import dispositions
from crm_core.staff import queries as staff
from crm_core.staff.sessions import open_session
from crm_core.store import outbox
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.addresses import VISITOR, Address
from crm_core.words.clock import DAY, MINUTE, Moment
from crm_core.words.content import Content, DeliveryStatus, ExternalId, Medium, ThreadKey
from crm_core.words.permissions import Actor
from crm_core.words.values import EntryValue
from hub.config import Settings, derived_key, house_key
from hub.demo.furnish import SHOP_KEY, furnish
from hub.desk import conversations, outbound
from hub.desk.assignments import Target, assign
from hub.desk.inbound import Source, take_many
from hub.desk.outbound import Words
from tests.peers.clock import VirtualClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealing:
    """One conversation. Each line begins with who says it: `>` the contact, `<` the agent, `#` a note of the agent."""

    name: str
    lines: Sequence[str]
    agent: str = ""
    """Who has it; nobody: it waits in line."""
    tags: Sequence[str] = ()
    mentions: Sequence[str] = ()
    """Whom the notes name."""
    ends: str = ""
    """The disposition it was closed with, or `snoozed`."""
    fails: str = ""
    """Why the last answer was not delivered."""
    page: str = ""
    """The page the contact was on."""
    email: str = ""
    """The address they left in the form before the chat: they can be reached again, so a lead opens."""


@dataclass(slots=True)
class Seeded:
    """Where to find what was written: ids of conversations and one-time links, by name."""

    conversations: dict[str, int]
    links: dict[str, str]


class Seeder:
    """Writes into a hub's folder while no hub runs there. Time is `clock`'s, and moves on with every line."""

    def __init__(self, db: Database, clock: VirtualClock) -> None:
        self.db = db
        self.clock = clock
        self.seeded = Seeded({}, {})

    async def furnish(self, settings: Settings) -> None:
        """What the demo starts with."""
        await self.db.write(furnish, Sealer(derived_key(house_key(settings), "accounts")))
        await self.db.write(_deliver)

    async def play(self, dealing: Dealing, *, pause: Moment = MINUTE) -> None:
        """Say every line of a dealing, `pause` milliseconds apart."""
        conversation_id = 0
        for number, line in enumerate(dealing.lines):
            self.clock.advance(pause)
            entry = await self.db.write(_say, dealing, number, line, conversation_id)
            conversation_id = entry.conversation_id
            if number == 0 and dealing.agent:
                await self.db.write(_give, conversation_id, dealing.agent)
        await self.db.write(_finish, dealing, conversation_id)
        self.seeded.conversations[dealing.name] = conversation_id

    async def queue_up(self, names: Sequence[str], words: Sequence[str]) -> None:
        """As many people write as there are names, and wait."""
        for start in range(0, len(names), 100):
            self.clock.advance(MINUTE)
            some = [(name, words[n % len(words)]) for n, name in enumerate(names[start : start + 100], start)]
            await self.db.write(_queue_up, some, start)

    async def invite(self, names: Sequence[str]) -> None:
        """A one-time link for each agent."""
        self.seeded.links.update(await self.db.write(_links, names))


def actor_named(tx: Tx, name: str) -> Actor:
    """The agent with this name."""
    found = next(agent for agent in staff.agents(tx) if agent.name == name)
    actor = staff.actor_of(tx, found.id)
    assert actor is not None
    return actor


def _say(tx: Tx, dealing: Dealing, number: int, line: str, conversation_id: int) -> EntryValue:
    text = line[1:].lstrip(" ")
    if line.startswith(">"):
        (stored,) = take_many(tx, [(_shop(tx), _arrival(tx, dealing, number, text))])
        if isinstance(stored, BaseException):
            raise stored
        assert stored.entry is not None
        return stored.entry
    actor = actor_named(tx, dealing.agent)
    if line.startswith("#"):
        mentions = [actor_named(tx, name).agent_id for name in dealing.mentions]
        return outbound.note(tx, actor, conversation_id, Words(text=text), mentions)
    answer = outbound.reply(tx, actor, conversation_id, Words(text=text))
    _deliver(tx)
    return answer


def _arrival(tx: Tx, dealing: Dealing, number: int, text: str) -> MessageArrived:
    facts: dict[str, str] = {"page": dealing.page, "language": "en"} if dealing.page else {}
    if dealing.email:
        facts["claimed_email"] = dealing.email
    thread = f"picture-{dealing.name}"
    return MessageArrived(
        external_id=ExternalId(f"{thread}-{number}"),
        thread=ThreadKey(thread),
        sender=Address(VISITOR, thread, SHOP_KEY),
        sender_name=dealing.name,
        sender_facts=facts,
        content=Content(text=text),
        sent_at=tx.now,
    )


def _shop(tx: Tx) -> Source:
    account = next(found for found in accounts.accounts(tx) if found.public_key == SHOP_KEY)
    return Source(account.id, "webchat", Medium.CHAT, account.queue_id)


def _give(tx: Tx, conversation_id: int, agent: str) -> None:
    actor = actor_named(tx, agent)
    assign(tx, actor, conversation_id, Target(agent_id=actor.agent_id))


def _finish(tx: Tx, dealing: Dealing, conversation_id: int) -> None:
    if dealing.tags:
        conversations.set_tags(tx, actor_named(tx, dealing.agent), conversation_id, list(dealing.tags))
    if dealing.fails:
        _fail_last(tx, conversation_id, dealing)
    if dealing.ends == "snoozed":
        conversations.snooze(tx, actor_named(tx, dealing.agent), conversation_id, tx.now + 2 * DAY)
    elif dealing.ends:
        disposition = next(one.id for one in dispositions(tx) if one.name == dealing.ends)
        conversations.close(tx, actor_named(tx, dealing.agent), conversation_id, disposition)


def _fail_last(tx: Tx, conversation_id: int, dealing: Dealing) -> None:
    label = Words(text="I have sent you the label by e-mail.")
    outbound.reply(tx, actor_named(tx, dealing.agent), conversation_id, label)
    _deliver(tx, failing=dealing.fails)


def _deliver(tx: Tx, *, failing: str = "") -> None:
    """Settle all that is owed, so that the hub has nothing to send when it starts."""
    for owed in [owed for lane in outbox.lanes(tx) for owed in outbox.claim(tx, lane, "seeding", MINUTE, 100)]:
        if failing:
            outbox.settle_failed(tx, owed.id, "seeding", failing)
            marks.set_delivery(tx, owed.entry_id, DeliveryStatus.FAILED, reason=failing)
        else:
            outbox.settle_sent(tx, owed.id, "seeding", external_ids=())
            marks.set_delivery(tx, owed.entry_id, DeliveryStatus.SENT)


def _queue_up(tx: Tx, some: Sequence[tuple[str, str]], start: int) -> None:
    shop = _shop(tx)
    calls: list[tuple[Source, MessageArrived]] = []
    for number, (name, words) in enumerate(some, start):
        calls.append((shop, _arrival(tx, Dealing(name=f"{name}", lines=()), number, words)))
    answers: list[Any] = take_many(tx, calls)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer


def _links(tx: Tx, names: Sequence[str]) -> dict[str, str]:
    return {
        name: open_session(tx, actor_named(tx, name).agent_id, "link", expires_at=tx.now + 2 * DAY)[1] for name in names
    }
