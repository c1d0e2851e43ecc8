"""Too long and too much: names of 80 characters, messages of 20 000, 500 who wait, no place to break a line."""

from __future__ import annotations

from typing import Final

from crm_core.contacts.actions import ContactChange, NewAddress
from crm_core.conversations.phrases import NewCanned, add_canned, add_disposition
from crm_core.conversations.queries import get
from crm_core.staff.actions import NewAgent, add_agent, set_activity
from crm_core.staff.queries import agents
from crm_core.store.transaction import Tx
from crm_core.words.addresses import email, phone
from crm_core.words.clock import HOUR
from crm_core.words.text import MAX_MESSAGE
from crm_core.words.values import Activity
from crm_core.work.queues import NewQueue, QueueChange, add_queue, change_queue, queues
from hub.config import Settings
from hub.desk import contacts
from tests.screenshots.ordinary import ADA, ANNA, BEN, HOURS_OFFERED, SOFIA
from tests.screenshots.seeding import Dealing, Seeder, actor_named

LONG_NAME: Final = "Wilhelmina Konstantinopolitańska-Przybyszewska von und zu Hohenlohe-Langenburg XII"[:80]
NO_BREAKS: Final = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3
ADDRESS: Final = "https://shop.example/" + "a-very-long-path-that-never-ends/" * 12 + "?ref=" + "x" * 200
ARABIC: Final = "مرحبًا! طلبت نبتة منذ أسبوعين ولم تصل بعد. رقم الطلب 1048213، هل يمكنكم المساعدة من فضلكم؟"
HEBREW: Final = "שלום, העציץ (30 ס״מ) הגיע שבור — order #4711 — מה עושים?"
EMOJI: Final = "👩🏽‍🌾🌱🪴" * 30 + " 🇺🇦🇵🇱 " + "👨‍👩‍👧‍👦" * 10
ZALGO: Final = "Z̷̨̛̗̱̺̳̦͓a̸̡̧̛̰͇̮̗l̶̢̛̛̗̖͎g̷̢̘̞̙̓o̶̧̦͛ comes with the ferns"
NOVEL: Final = ("The fern stood on the sill and drooped, and nobody knew why. " * 400)[:MAX_MESSAGE]
RTL_NAME: Final = "عبد الرحمن بن محمد الأنصاري"
EMOJI_NAME: Final = "🌵🌵🌵 Cactus Fan 🌵🌵🌵"

DEALINGS: Final = (
    Dealing(name=EMOJI_NAME, lines=(f"> {EMOJI}", f"< {EMOJI[:40]}"), agent=ANNA),
    Dealing(name=RTL_NAME, lines=(f"> {ARABIC}", f"< {HEBREW}", f"> {HEBREW}"), agent=ANNA, tags=("שילוח",)),
    Dealing(
        name=LONG_NAME,
        lines=(
            *(f"> {n}" for n in range(120)),
            f"> {NOVEL}",
            f"< {NO_BREAKS}",
            f"> {NO_BREAKS}",
            f"> {ADDRESS}",
            f"# {NO_BREAKS} {ADDRESS}",
            f"> {ZALGO}",
            "> one\n\n\ntwo\n" + "\n".join(f"line {n}" for n in range(30)),
            "> <b>not bold</b> <script>alert(1)</script> &amp; \\n",
            f"< {EMOJI}",
        ),
        agent=ANNA,
        tags=tuple(f"{NO_BREAKS[:36]} {n}" for n in range(12)),
        fails=f"The provider said: {NO_BREAKS}",
        page=ADDRESS,
    ),
)


async def write_overfull(seeder: Seeder, settings: Settings) -> None:
    """The demo's world, and far too much on top."""
    await seeder.furnish(settings)
    await seeder.db.write(_crowd)
    seeder.clock.advance(9 * HOUR)
    names = [f"{LONG_NAME[: 8 + n % 73]} {n}" for n in range(500)]
    await seeder.queue_up(names, [NO_BREAKS, ARABIC, EMOJI, ADDRESS, "Hello?", NOVEL[:2_000]])
    for dealing in DEALINGS:
        await seeder.play(dealing, pause=2_000)
    await seeder.db.write(_know_too_much, seeder.seeded.conversations[LONG_NAME])
    await seeder.invite([ANNA, BEN, SOFIA, ADA])


def _crowd(tx: Tx) -> None:
    """Sixty agents, thirty queues, eighty canned replies, forty dispositions."""
    for queue in queues(tx):
        change_queue(tx, None, queue.id, QueueChange(chat_offer_seconds=HOURS_OFFERED))
    for number in range(28):
        add_queue(tx, None, NewQueue(name=f"{number} {'Queue with a name that is far too long ' * 2}"[:80].strip()))
    everywhere = [queue.id for queue in queues(tx)]
    for number in range(56):
        name = f"{LONG_NAME[: 12 + number]} {number}"[:80]
        add_agent(tx, None, NewAgent(name=name, email=f"agent{number}.{'x' * 40}@demo.example", queues=everywhere))
    for number in range(80):
        add_canned(tx, None, NewCanned(shortcut=f"reply{number}", title=NO_BREAKS[:80], text=NOVEL[:3_000]))
    for number in range(40):
        add_disposition(tx, None, f"{NO_BREAKS[: 10 + number]} {number}", 10 + number)
    known = {agent.name: agent.id for agent in agents(tx)}
    set_activity(tx, None, known[ANNA], Activity.BUSY)
    set_activity(tx, None, known[BEN], Activity.AVAILABLE)


def _know_too_much(tx: Tx, conversation_id: int) -> None:
    anna = actor_named(tx, ANNA)
    assert get(tx, anna, conversation_id).contact_id is None
    contact = contacts.make_contact(tx, anna, conversation_id)
    for number in range(12):
        contact = contacts.add_identity(tx, anna, contact.id, NewAddress(phone(f"+49 30 9018{20 + number}"), "work"))
    long_email = email(f"{'wilhelmina.' * 5}x@{'long-' * 10}domain.example")
    contact = contacts.add_identity(tx, anna, contact.id, NewAddress(long_email, "private"))
    change = ContactChange(
        version=contact.version,
        company=NO_BREAKS[:120],
        title=NO_BREAKS[:80],
        note=NOVEL[:1_500] + NO_BREAKS,
        tags=[f"{NO_BREAKS[:36]} {n}" for n in range(20)],
        fields={f"{NO_BREAKS[:50]} {n}": NO_BREAKS for n in range(6)},
    )
    contacts.change(tx, anna, contact.id, change)


BEGAN_BEFORE: Final = 11 * HOUR
"""How long before the pictures this world begins."""
