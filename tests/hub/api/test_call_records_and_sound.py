"""The file of call records has every row that was asked for, and whoever plays a recording leaves a trace."""

from __future__ import annotations

import csv
import io

from msgspec.structs import replace

from channels.contract import CallArrived, CallReported
from crm_core.calls import actions
from crm_core.store.transaction import Tx
from crm_core.words.addresses import TEL, Address
from crm_core.words.calls import LegEnded, RecordingStored
from crm_core.words.clock import MINUTE
from crm_core.words.content import ExternalId, Medium
from crm_core.words.values import LegMode, LegRole, LegState, LegValue, TransferKind, TransferValue
from hub.desk.calls import arriving, moving
from hub.desk.inbound import Source
from hub.keys import House
from tests.hub.api.conftest import Answer, Staff

MORE_THAN_A_PAGE = 203


def _called(tx: Tx, source: Source, name: str, number: str) -> int:
    event = CallArrived(external_id=ExternalId(name), sender=Address(TEL, number), called="+442079460000", at=tx.now)
    return arriving.take(tx, source, event).id


def _many(tx: Tx, source: Source) -> list[int]:
    numbers = ["+442079460018"] + ["+442079460019"] * (MORE_THAN_A_PAGE - 1)
    return [_called(tx, source, f"CA{i}", number) for i, number in enumerate(numbers)]


def _rows(answer: Answer) -> list[dict[str, str]]:
    assert answer.status == 200
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


async def test_the_file_of_call_records_goes_on_past_a_page_in_the_order_asked_for(house: House, staff: Staff) -> None:
    made = await house.db.write(_many, Source(9, "voice", Medium.CALL, staff.sales))
    rows = _rows(await staff.agent.ask("GET", "/calls/export?sort=oldest"))
    assert [int(row["id"]) for row in rows] == made
    [one] = _rows(await staff.agent.ask("GET", "/calls/export?number=460018&account_id=9&recorded=false"))
    assert (int(one["id"]), one["number"]) == (made[0], "+442079460018")
    assert _rows(await staff.agent.ask("GET", "/calls/export?disposition=Sold")) == []
    assert _rows(await staff.other.ask("GET", "/calls/export")) == []


def _recorded(tx: Tx, source: Source) -> int:
    call_id = _called(tx, source, "CA1", "+442079460018")
    for key, signal in (
        ("end", LegEnded()),
        ("sound", RecordingStored(external_id="RE1", file_id=tx.new_id(), duration=9_000)),
    ):
        moving.report(tx, source.account_id, CallReported(signal=signal, key=key, at=tx.now, call_id=call_id))
    return call_id


async def test_who_plays_a_recording_is_written_down_once_for_each_hearing(house: House, staff: Staff) -> None:
    call_id = await house.db.write(_recorded, Source(9, "voice", Medium.CALL, staff.sales))
    sound = f"/calls/{call_id}/recordings/1"

    async def heard_by() -> list[tuple[int, dict[str, int]]]:
        told = (await staff.supervisor.ask("GET", f"/calls/{call_id}/history")).body["items"]
        return [(one["agent_id"], one["facts"]) for one in told if one["name"] == "played"]

    assert (await staff.other.ask("GET", sound)).status == 404
    assert await heard_by() == []
    for _piece in range(3):
        assert (await staff.agent.ask("GET", sound)).status == 302
    assert await heard_by() == [(staff.agent.id, {"recording": 1})]
    house.clock.advance(11 * MINUTE)  # type: ignore[attr-defined]
    await staff.agent.ask("GET", sound)
    await staff.supervisor.ask("GET", sound)
    assert [agent for agent, _facts in await heard_by()] == [staff.agent.id, staff.agent.id, staff.supervisor.id]


def _handed_on(tx: Tx, source: Source, ann: int, ben: int, queue: int) -> int:
    """A call that Ann handed to Ben, who handed it to a queue; a supervisor listened, and it was recorded."""
    call_id, at = _called(tx, source, "CA1", "+442079460018"), tx.now

    def leg(number: int, agent_id: int, mode: LegMode = LegMode.TALK, role: LegRole = LegRole.AGENT) -> LegValue:
        over = LegState.ENDED
        return LegValue(
            id=number, role=role, state=over, mode=mode, agent_id=agent_id, made_at=at, since=at, connected_at=at
        )

    before = actions.locked(tx, call_id)
    legs = [*before.legs, leg(11, ann), leg(12, 404, LegMode.MONITOR, LegRole.SUPERVISOR), leg(13, ben), leg(14, ann)]
    handed = [
        TransferValue(kind=TransferKind.ATTENDED, by_agent_id=ann, at=at, to_agent_id=ben, result="done"),
        TransferValue(kind=TransferKind.BLIND, by_agent_id=ben, at=at, to_queue_id=queue),
        TransferValue(kind=TransferKind.BLIND, by_agent_id=ben, at=at, to_number="+442079460099", result="failed"),
    ]
    actions.save(tx, before, replace(before, agent_id=ben, legs=legs, transfers=handed, version=before.version + 1))
    return call_id


async def test_the_file_names_queue_and_everybody_who_talked_and_who_handed_the_call_to_whom(
    house: House, staff: Staff
) -> None:
    ann, ben = staff.agent, staff.supervisor
    source = Source(9, "voice", Medium.CALL, staff.sales)
    await house.db.write(_handed_on, source, ann.id, ben.id, staff.sales)
    [row] = _rows(await ann.ask("GET", "/calls/export"))
    names = {one["id"]: one["name"] for one in (await ben.ask("GET", "/agents")).body["items"]}
    queue = next(q["name"] for q in (await ben.ask("GET", "/queues")).body["items"] if q["id"] == staff.sales)
    ann_name, ben_name = names[ann.id], names[ben.id]
    assert (int(row["queue_id"]), row["queue"]) == (staff.sales, queue)
    assert (int(row["agent_id"]), row["agent"]) == (ben.id, ben_name)
    assert (row["agent_ids"], row["agents"]) == (f"{ann.id} {ben.id}", f"{ann_name}; {ben_name}")
    assert (row["transfers"], row["recordings"], row["contact_id"], row["contact"]) == ("3", "0", "", "")
    assert row["transfer_chain"] == (
        f"{ann_name} > {ben_name} (attended, done); {ben_name} > {queue} (blind);"
        f" {ben_name} > +442079460099 (blind, failed)"
    )
