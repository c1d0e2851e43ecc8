"""The file of call records has every row that was asked for, and whoever plays a recording leaves a trace."""

from __future__ import annotations

import csv
import io

from channels.contract import CallArrived, CallReported
from crm_core.store.transaction import Tx
from crm_core.words.addresses import TEL, Address
from crm_core.words.calls import LegEnded, RecordingStored
from crm_core.words.clock import MINUTE
from crm_core.words.content import ExternalId, Medium
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
