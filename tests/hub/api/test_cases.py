"""Leads as the console handles them: listed, decided about, refused to those who may not read them."""

from __future__ import annotations

from crm_core.words.clock import DAY, as_text
from hub.keys import House
from tests.hub.api.conftest import Client, Staff, arrive


async def lead(house: House, staff: Staff, visitor: str) -> str:
    """The path of a lead about a visitor who wrote to Sales, owned by nobody."""
    arrival = await arrive(house, staff.sales, visitor=visitor)
    conversation = f"/conversations/{arrival.conversation_id}"
    made = await staff.agent.ask("POST", f"{conversation}/case", {"kind": "lead"})
    assert made.status == 201
    path = f"/cases/{made.body['id']}"
    await staff.agent.ask("POST", f"{path}/assign", {"agent_id": 0})
    return path


async def decide(client: Client, path: str, body: object) -> tuple[int, str]:
    answer = await client("POST", path, body)
    return answer.status, answer.body.get("category", answer.body.get("code"))


async def test_a_lead_is_found_accepted_qualified_and_taken_back(house: House, staff: Staff) -> None:
    path = await lead(house, staff, "v7")
    ask = staff.agent.ask
    assert (await ask("GET", "/cases/counts")).body == {"new": 1, "mine": 0, "unowned": 1}
    [listed] = (await ask("GET", "/cases?kind=lead&open=true&owner_id=0&text=visitor")).body["items"]
    assert (listed["first_words"], listed["source"], listed["number"]) == ("Hello", "manual", 1)
    seen = {"version": listed["version"]}
    assert await decide(ask, f"{path}/accept", seen) == (200, "active")
    late = await staff.supervisor.ask("POST", f"{path}/accept", seen)
    assert (late.status, late.body["detail"]) == (409, "Ada has this case.")
    assert (late.body["why"], late.body["facts"]) == ("case_taken", {"name": "Ada"})
    choice = {"becomes": "deal", "name": "Ann Lee", "company": "Acme", "amount": 120_000}
    deal = (await ask("POST", f"{path}/qualify", choice)).body
    assert (deal["kind"], deal["category"], deal["amount"], deal["can_undo"]) == ("deal", "new", 120_000, True)
    theirs = await ask("GET", f"/contacts/{deal['contact_id']}/cases")
    assert [case["id"] for case in theirs.body["items"]] == [deal["id"]]
    about = await ask("GET", f"/conversations/{deal['conversation_id']}/case")
    assert about.body == deal
    assert (await ask("POST", f"{path}/undo", {"version": deal["version"]})).body["kind"] == "lead"
    assert (await ask("POST", f"{path}/undo", {})).status == 409
    steps = (await ask("GET", f"{path}/steps")).body["items"]
    assert [s["decision"] for s in steps] == ["opened", "assigned", "accepted", "qualified", "undone"]


async def test_every_other_decision_has_its_door(house: House, staff: Staff) -> None:
    ask = staff.agent.ask
    reason = (await ask("GET", "/case-reasons")).body["items"]
    one, two, three, four = [await lead(house, staff, f"v{n}") for n in range(4)]
    reason = (await ask("GET", "/case-reasons")).body["items"][0]
    assert await decide(ask, f"{one}/disqualify", {"reason_id": reason["id"]}) == (200, "lost")
    assert await decide(ask, f"{one}/reopen", {}) == (200, "active")
    assert await decide(ask, f"{one}/disqualify", {}) == (422, "invalid")
    assert await decide(ask, f"{two}/duplicate", {"of_id": int(one.rpartition("/")[2])}) == (200, "lost")
    assert await decide(ask, f"{three}/spam", {}) == (200, "lost")
    until = as_text(house.clock() + DAY)
    assert await decide(ask, f"{four}/nurture", {"until": until}) == (200, "waiting")
    pipelines = (await ask("GET", "/pipelines")).body["items"]
    stages = {s["name"]: s["id"] for p in pipelines if p["kind"] == "lead" for s in p["stages"]}
    assert await decide(ask, f"{four}/move", {"stage_id": stages["Working"]}) == (200, "active")
    case = (await ask("GET", four)).body
    edited = await ask("PATCH", four, {"version": case["version"], "title": "Kettles", "tags": ["hot"]})
    assert (edited.body["title"], edited.body["tags"]) == ("Kettles", ["hot"])
    stale = await ask("PATCH", four, {"version": case["version"], "title": "Late"})
    assert (stale.status, stale.body["version"]) == (409, edited.body["version"])


async def test_a_case_of_other_queues_is_not_there(house: House, staff: Staff) -> None:
    path = await lead(house, staff, "v7")
    other = staff.other.ask
    for method, verb, body in (
        ("GET", "", None),
        ("GET", "/steps", None),
        ("POST", "/accept", {}),
        ("POST", "/undo", {}),
        ("POST", "/spam", {}),
        ("PATCH", "", {"version": 1, "title": "Mine"}),
    ):
        assert (await other(method, path + verb, body)).status == 404, verb
    assert (await other("GET", "/cases")).body["items"] == []
    assert (await other("GET", "/cases/counts")).body == {"new": 0, "mine": 0, "unowned": 0}


async def test_pipelines_and_reasons_are_set_up(staff: Staff) -> None:
    ask = staff.administrator.ask
    stages = [{"name": "New", "category": "new"}, {"name": "Done", "category": "won"}]
    made = await ask("POST", "/pipelines", {"kind": "job", "name": "Works", "currency": "eur", "stages": stages})
    assert (made.status, made.body["currency"], made.body["is_default"]) == (201, "EUR", True)
    path = f"/pipelines/{made.body['id']}"
    kept = [{"id": s["id"], "name": s["name"].upper(), "category": s["category"]} for s in made.body["stages"]]
    changed = await ask("PATCH", path, {"version": 1, "stages": kept})
    assert [s["name"] for s in changed.body["stages"]] == ["NEW", "DONE"]
    assert (await ask("PATCH", path, {"version": 2, "archived": True})).status == 409
    assert (await ask("POST", "/pipelines", {"kind": "lead", "name": "L", "stages": stages})).status == 422
    assert (await ask("GET", path)).body == changed.body
    reason = await ask("POST", "/case-reasons", {"name": "Too far"})
    gone = await ask("PATCH", f"/case-reasons/{reason.body['id']}", {"version": 1, "deleted": True})
    assert gone.body["deleted"]
    names = [r["name"] for r in (await ask("GET", "/case-reasons")).body["items"]]
    assert "Too far" not in names
    assert "No budget" in names
