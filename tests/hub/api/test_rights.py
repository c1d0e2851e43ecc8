"""Every route, as everybody: who may not is refused and nothing changes; who may not even know finds nothing."""

from __future__ import annotations

from inspect import signature
from typing import Any

from sqlalchemy import func, select

from crm_core.store.base import Base
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.permissions import Permission
from hub.api.route import Route
from hub.api.routes import ROUTES
from tests.hub.api.conftest import Client, Staff, Things

BODIES: dict[str, Any] = {
    "change_me": {"language": "uk"},
    "change_password": {"old_password": "wrong", "new_password": "quite another sentence"},
    "make_token": {"label": "x"},
    "agents.add": {"name": "N", "email": "n@example.com"},
    "agents.change": {"version": 1, "name": "Renamed"},
    "set_queues": {"queues": []},
    "set_activity": {"activity": "break"},
    "queues.add": {"name": "Third"},
    "queues.change": {"version": 1, "name": "Renamed"},
    "set_members": {"agents": []},
    "close": {},
    "snooze": {"until": "2026-01-06T09:00:00Z"},
    "assign": {"agent_id": 1},
    "mark_read": {"entry_id": 1},
    "set_tags": {"tags": ["x"]},
    "reply": {"text": "Hello"},
    "note": {"text": "Hello"},
    "make": {},
    "decline": {},
    "contacts.add": {"name": "N"},
    "contacts.change": {"version": 1, "name": "Renamed"},
    "add_identity": {"scheme": "mailto", "value": "n@example.com"},
    "link": {"company_id": 1},
    "merge": {"absorbed_id": 1},
    "dismiss": {"contact_id": 1},
    "dismiss_duplicate": {"contact_id": 1},
    "share": {"shared": True},
    "open_one": {},
    "cases.link": {"case_id": 1},
    "cases.change": {"version": 1, "title": "Renamed"},
    "cases.assign": {"agent_id": 1},
    "disqualify": {"words": "No"},
    "duplicate": {"of_id": 1},
    "nurture": {"until": "2026-02-06T09:00:00Z"},
    "move": {"stage_id": 1},
    "pipelines.add": {"kind": "job", "name": "N", "stages": [{"name": "A", "category": "new"}] * 2},
    "pipelines.change": {"version": 1, "name": "Renamed"},
    "add_reason": {"name": "N"},
    "change_reason": {"version": 1, "name": "Renamed"},
    "save": {"text": "draft"},
    "add_canned": {"shortcut": "x", "text": "y"},
    "change_canned": {"version": 1, "title": "Renamed"},
    "add_disposition": {"name": "N"},
    "change_disposition": {"version": 1, "name": "Renamed"},
    "calls.place": {"number": "+442079460018", "device": "tab"},
    "hold": {"on": True},
    "mute": {"on": True},
    "record": {"on": True},
    "measured": {"quality": "good"},
    "device_failed": {"device": "tab"},
    "say": {"to_leg": 1, "body": {}},
    "set_phone": {"call_device": "browser"},
    "lend": {"account_id": 1, "device": "tab"},
    "listen": {"mode": "monitor", "device": "tab"},
    "accounts.add": {"kind": "webchat", "name": "N"},
    "accounts.change": {"version": 1, "name": "Renamed"},
}

OF_THE_CONVERSATION = [route for route in ROUTES if "{conversation_id}" in route.path or "{entry_id}" in route.path]
GUARDED = [route for route in ROUTES if not route.is_public]


def _name(route: Route) -> str:
    return f"{route.method} {route.path}"


def _body(route: Route) -> Any:
    module = route.handler.__module__.rpartition(".")[2]
    known = BODIES.get(f"{module}.{route.handler.__name__}", BODIES.get(route.handler.__name__))
    return {} if known is None and "body" in signature(route.handler).parameters else known


async def _ask(client: Client, route: Route, things: Things, **other: int) -> Any:
    return await client(route.method, things.path(route.path, **other), _body(route))


def _everything(tx: Tx) -> dict[str, Any]:
    """All that a write can leave behind, but for when a session was last seen."""
    counted = {name: tx.scalar(select(func.count()).select_from(table)) for name, table in Base.metadata.tables.items()}
    versions = {
        name: sorted(tuple(row) for row in tx.all(select(table.c.id, table.c.version)))
        for name, table in Base.metadata.tables.items()
        if "version" in table.c and "id" in table.c
    }
    return {"counted": counted, "versions": versions}


async def test_a_stranger_is_refused_everywhere(stranger: Client, things: Things, db: Database) -> None:
    before = await db.read(_everything)
    for route in GUARDED:
        answer = await _ask(stranger, route, things)
        assert answer.status == 401, _name(route)
    assert await db.read(_everything) == before


async def test_nobody_does_what_their_role_does_not_allow(staff: Staff, things: Things, db: Database) -> None:
    before = await db.read(_everything)
    refused = 0
    for route in GUARDED:
        for person in (staff.agent, staff.supervisor):
            if person.agent.role not in _allowed(route):
                answer = await _ask(person.ask, route, things)
                assert answer.status == 403, (_name(route), person.agent.role, answer.text)
                refused += 1
    assert refused > 40
    assert await db.read(_everything) == before


def _allowed(route: Route) -> set[str]:
    match route.needs:
        case Permission.WORK:
            return {"agent", "supervisor", "administrator"}
        case Permission.CONFIGURE:
            return {"administrator"}
        case _:
            return {"supervisor", "administrator"}


async def test_a_conversation_of_other_queues_is_not_there_for_an_agent(
    staff: Staff, things: Things, db: Database
) -> None:
    before = await db.read(_everything)
    for route in OF_THE_CONVERSATION:
        answer = await _ask(staff.other.ask, route, things)
        expected = 403 if route.needs is Permission.WATCH_AGENTS else 404
        assert answer.status == expected, (_name(route), answer.text)
    assert await db.read(_everything) == before


async def test_what_does_not_exist_is_answered_as_what_one_may_not_see(staff: Staff, things: Things) -> None:
    nothing = dict.fromkeys(things.ids, 2**53 - 1)
    for route in OF_THE_CONVERSATION:
        unseen, absent = (
            await _ask(staff.other.ask, route, things),
            await _ask(staff.other.ask, route, things, **nothing),
        )
        assert (unseen.status, unseen.body["detail"]) == (absent.status, absent.body["detail"]), _name(route)


async def test_an_offer_is_only_for_whom_it_was_made(staff: Staff, things: Things, db: Database) -> None:
    before = await db.read(_everything)
    for person in (staff.other, staff.supervisor, staff.administrator):
        for verb, body in (("accept", None), ("decline", {})):
            path = things.path("/offers/{offer_id}/") + verb
            assert (await person.ask("POST", path, body)).status == 404
        assert (await person.ask("GET", "/offers")).body["items"] == []
    assert await db.read(_everything) == before

    mine = (await staff.agent.ask("GET", "/offers")).body["items"]
    assert [offer["id"] for offer in mine] == [things.ids["offer_id"]]


async def test_a_file_not_sent_yet_is_its_uploaders_alone(staff: Staff, things: Things) -> None:
    path = things.path("/files/{file_id}")

    assert (await staff.administrator.ask("GET", path)).status == 302
    for person in (staff.agent, staff.other, staff.supervisor):
        assert (await person.ask("GET", path)).status == 404
        stolen = {"text": "see", "files": [things.ids["file_id"]]}
        if person is not staff.other:
            reply = things.path("/conversations/{conversation_id}/replies")
            assert (await person.ask("POST", reply, stolen)).status == 404


async def test_only_who_watches_sets_and_reads_what_others_do(staff: Staff, things: Things) -> None:
    path, ledger = f"/agents/{staff.other.id}/activity", f"/agents/{staff.other.id}/ledger"
    change = {"activity": "break", "reason": "lunch"}

    assert (await staff.agent.ask("PUT", path, change)).status == 403
    assert (await staff.agent.ask("GET", ledger)).status == 403
    assert (await staff.supervisor.ask("GET", f"/agents/{2**53 - 1}/ledger")).status == 404
    assert (await staff.supervisor.ask("PUT", path, change)).status == 200
    spans = (await staff.other.ask("GET", ledger)).body["items"]
    assert [(span["activity"], span["caused_by"]) for span in spans] == [("break", "supervisor"), ("offline", "agent")]


async def test_lists_and_counts_hold_only_what_one_may_read(staff: Staff, things: Things) -> None:
    seen = {}
    for name in ("agent", "other", "supervisor"):
        person = getattr(staff, name)
        listed = await person.ask("GET", "/conversations?view=all")
        counted = await person.ask("GET", "/conversations/counts")
        seen[name] = (len(listed.body["items"]), counted.body["all"])

    assert seen == {"agent": (1, 1), "other": (0, 0), "supervisor": (1, 1)}


async def test_fields_that_only_the_server_sets_are_refused(staff: Staff, things: Things) -> None:
    sent = {
        "/conversations/{conversation_id}/replies": {"text": "x", "author": {"kind": "contact"}},
        "/conversations/{conversation_id}/notes": {"text": "x", "at": "2020-01-01T00:00:00Z"},
        "/contacts": {"name": "x", "id": 1},
        "/tokens": {"label": "x", "agent_id": staff.administrator.id},
    }
    for template, body in sent.items():
        answer = await staff.agent.ask("POST", things.path(template), body)
        assert answer.status == 422
    assert (await staff.agent.ask("PATCH", "/me", {"role": "administrator"})).status == 422
