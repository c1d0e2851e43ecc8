"""Who may join a conversation by mail: whoever we wrote to, or whom its contact provably brought; nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from channels.contract import Capabilities, MessageArrived, Stored
from crm_core.conversations.queries import row as conversation_row
from crm_core.store.database import Database
from crm_core.words.addresses import email
from crm_core.words.content import Content, ExternalId, Recipient, ThreadKey
from crm_core.words.values import EntryValue
from hub.desk import inbound, outbound
from hub.desk.inbound import Source
from hub.desk.outbound import Words
from tests.hub.desk.lanes import Lanes, Provider, open_lanes
from tests.hub.desk.scene import Scene
from tests.peers.clock import VirtualClock

Call = tuple[Source, MessageArrived]
OLENA, TARAS, EVE = "olena@shop.example", "taras@shop.example", "eve@evil.example"


@pytest.fixture
async def mail() -> Provider:
    return Provider(capabilities=Capabilities(subject=True, copies=True, can_start=True))


@pytest.fixture
async def lanes(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path, mail: Provider
) -> AsyncIterator[Lanes]:
    async with open_lanes(db, clock, tmp_path, {"mail": mail}, queue_id=scene.queue_id) as opened:
        yield opened


async def comes(lanes: Lanes, who: str, text: str, *, cc: str = "", **more: Any) -> EntryValue:
    """A mail from somebody, as From says."""
    copies = (Recipient(cc),) if cc else ()
    event = MessageArrived(
        external_id=ExternalId(f"{who}|{text}"),
        thread=ThreadKey("mail"),
        sender=email(who),
        content=Content(text=text, subject="Order", cc=copies),
        sent_at=1,
        known_as=ExternalId(f"<{text}@x>"),
        **more,
    )
    entry = (await lanes.deliver("mail")(event)).entry
    assert entry is not None
    return entry


async def answered(lanes: Lanes, scene: Scene, entry: EntryValue, **more: Any) -> EntryValue:
    """Sofia answers, and the answer leaves."""
    directory = lanes.accounts.directory()
    words = Words(text="Yes.", **more)
    said = await lanes.db.write(outbound.reply, scene.sofia, entry.conversation_id, words, directory)
    await lanes.deliverer.step()
    return said


def naming(text: str) -> dict[str, Any]:
    """An answer to a mail, by its Message-ID."""
    return {"references": (ExternalId(text),)}


async def test_a_first_mail_under_anybodys_name_lets_nobody_in(lanes: Lanes) -> None:
    forged = await comes(lanes, OLENA, "one", cc=EVE)
    hers = await comes(lanes, EVE, "two", **naming("<one@x>"))
    assert hers.conversation_id != forged.conversation_id


async def test_a_forged_mail_into_a_running_conversation_lets_nobody_in(
    lanes: Lanes, scene: Scene, mail: Provider
) -> None:
    hers = await comes(lanes, OLENA, "one")
    await answered(lanes, scene, hers)
    sent = f"sent-{mail.got[-1].delivery}"
    await comes(lanes, OLENA, "forged", cc=EVE, **naming("<one@x>"))
    for number, name in enumerate(("<one@x>", "<forged@x>", sent)):
        theirs = await comes(lanes, EVE, f"let me in {number}", **naming(name))
        assert theirs.conversation_id != hers.conversation_id


async def test_a_mail_that_nobody_vouches_for_lets_nobody_in_whatever_token_it_bears(
    lanes: Lanes, scene: Scene
) -> None:
    hers = await comes(lanes, OLENA, "one")
    await answered(lanes, scene, hers)
    token: dict[str, Any] = {"conversation_id": hers.conversation_id}
    await comes(lanes, OLENA, "forged", cc=EVE, unverified=True, **token)
    theirs = await comes(lanes, EVE, "let me in", **token)
    assert theirs.conversation_id != hers.conversation_id


async def test_a_guest_brings_no_further_guests(lanes: Lanes, scene: Scene) -> None:
    hers = await comes(lanes, OLENA, "one")
    await answered(lanes, scene, hers, cc=(TARAS,))
    token: dict[str, Any] = {"conversation_id": hers.conversation_id}
    his = await comes(lanes, TARAS, "two", cc=EVE, **token)
    assert his.conversation_id == hers.conversation_id
    theirs = await comes(lanes, EVE, "let me in", **token)
    assert theirs.conversation_id != hers.conversation_id


async def test_whom_the_contact_brings_in_an_answer_with_our_token_joins_by_it_and_takes_nothing_over(
    lanes: Lanes, scene: Scene
) -> None:
    hers = await comes(lanes, OLENA, "one")
    await answered(lanes, scene, hers)
    token: dict[str, Any] = {"conversation_id": hers.conversation_id}
    await comes(lanes, OLENA, "two", cc=TARAS, **token)
    his = await comes(lanes, TARAS, "three", **token)
    assert his.conversation_id == hers.conversation_id
    row = await lanes.db.read(conversation_row, hers.conversation_id)
    assert (row.who, row.identity_id) == (OLENA, hers.identity_id)
    assert (await comes(lanes, OLENA, "four")).conversation_id == hers.conversation_id


async def test_whom_we_wrote_to_joins_by_what_we_wrote_wherever_it_stands_among_the_references(
    lanes: Lanes, scene: Scene, mail: Provider
) -> None:
    hers = await comes(lanes, OLENA, "one")
    await answered(lanes, scene, hers, cc=(TARAS,))
    ours = ExternalId(f"sent-{mail.got[-1].delivery}")
    his = await comes(lanes, TARAS, "two", references=(ExternalId("<one@x>"), ours))
    assert his.conversation_id == hers.conversation_id


async def test_a_guest_who_names_only_what_others_wrote_gets_a_conversation_of_their_own(
    lanes: Lanes, scene: Scene
) -> None:
    hers = await comes(lanes, OLENA, "one")
    await answered(lanes, scene, hers, cc=(TARAS,))
    his = await comes(lanes, TARAS, "two", **naming("<one@x>"))
    assert his.conversation_id != hers.conversation_id


async def test_mail_that_nobody_vouches_for_stays_out_of_what_its_owner_has_with_us(
    lanes: Lanes, scene: Scene, mail: Provider
) -> None:
    hers = await comes(lanes, OLENA, "one")
    await answered(lanes, scene, hers)
    token: dict[str, Any] = {"conversation_id": hers.conversation_id}
    sent = naming(f"sent-{mail.got[-1].delivery}")
    forged = await comes(lanes, OLENA, "forged", unverified=True, **token, **sent)
    assert forged.conversation_id != hers.conversation_id
    assert forged.identity_id != hers.identity_id
    again = await comes(lanes, OLENA, "forged again", unverified=True)
    assert again.conversation_id == forged.conversation_id
    assert (await comes(lanes, OLENA, "two")).conversation_id == hers.conversation_id
    assert forged.details is not None
    assert forged.details.unverified


async def test_an_answer_to_mail_that_nobody_vouches_for_goes_to_the_address_as_it_stands(
    lanes: Lanes, scene: Scene, mail: Provider
) -> None:
    first = await comes(lanes, OLENA, "one", unverified=True)
    await answered(lanes, scene, first)
    assert [m.to.value for m in mail.got] == [OLENA]
    then = await comes(lanes, OLENA, "two", unverified=True, conversation_id=first.conversation_id)
    assert then.conversation_id == first.conversation_id


@pytest.mark.parametrize("is_same_batch", [False, True])
async def test_an_absence_note_leaves_the_answer_where_it_was_going(
    scene: Scene, db: Database, *, is_same_batch: bool
) -> None:
    """Whether it comes later or in one transaction with the words it follows."""

    def mail_by(account_id: int, thread: str, *, automatic: bool) -> Call:
        event = MessageArrived(
            external_id=ExternalId(thread),
            thread=ThreadKey(thread),
            sender=email(OLENA),
            content=Content(text=thread),
            sent_at=1,
            automatic=automatic,
        )
        return (replace(scene.source, account_id=account_id, kind=f"mail {account_id}"), event)

    words, note = mail_by(7, "words", automatic=False), mail_by(8, "note", automatic=True)
    if not is_same_batch:
        await db.write(inbound.take_many, [words])
    stored = (await db.write(inbound.take_many, [words, note]))[-1]
    assert isinstance(stored, Stored)
    assert stored.entry is not None
    row = await db.read(conversation_row, stored.entry.conversation_id)
    assert (row.account_id, row.channel, row.thread, row.entry_count) == (7, "mail 7", "words", 2)
