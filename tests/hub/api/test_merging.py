"""One person with several cards, over the API: suggested, merged, taken back."""

from __future__ import annotations

from typing import Any

from channels.contract import MessageArrived
from crm_core.words.addresses import Address, email
from crm_core.words.content import Content, ExternalId, Medium, ThreadKey
from hub.desk.inbound import Source, take
from hub.keys import House
from tests.hub.api.conftest import Client, Staff, Things


async def a_person(ask: Client, name: str, scheme: str, value: str) -> dict[str, Any]:
    """A contact with one address."""
    answer = await ask("POST", "/contacts", {"name": name, "identities": [{"scheme": scheme, "value": value}]})
    assert answer.status == 201, answer.text
    found: dict[str, Any] = answer.body
    return found


async def a_mail(house: House, queue_id: int, sender: str, *, name: str = "", phone: str = "") -> int:
    """Somebody writes a mail; their conversation."""
    number = house.db.ids()
    event = MessageArrived(
        external_id=ExternalId(str(number)),
        thread=ThreadKey(sender),
        sender=email(sender),
        content=Content(text="Hello"),
        sent_at=house.clock(),
        sender_name=name,
        mentions=(Address("tel", phone),) if phone else (),
    )
    stored = await house.db.write(take, Source(1, "email", Medium.MAIL, queue_id), event)
    assert stored.entry is not None
    return stored.entry.conversation_id


async def test_two_cards_become_one_and_two_again(staff: Staff) -> None:
    ask = staff.agent.ask
    jane = await a_person(ask, "Jane", "mailto", "jane@acme.example")
    caller = await a_person(ask, "J. R.", "tel", "+442079460019")

    one = await ask(
        "POST", f"/contacts/{jane['id']}/merge", {"absorbed_id": caller["id"], "choices": {"name": "absorbed"}}
    )

    assert (one.status, one.body["name"], len(one.body["identities"])) == (200, "J. R.", 2)
    assert (await ask("GET", f"/contacts/{caller['id']}")).body["root_id"] == jane["id"]
    assert {i["contact_id"] for i in one.body["identities"]} == {jane["id"]}
    (merge,) = (await ask("GET", f"/contacts/{jane['id']}/merges")).body["items"]
    assert (merge["absorbed_name"], merge["agent_id"], merge["can_undo"]) == ("J. R.", staff.agent.id, True)

    two = await ask("POST", f"/merges/{merge['id']}/undo")

    assert (two.status, two.body["name"], len(two.body["identities"])) == (200, "Jane", 1)
    assert (await ask("GET", f"/contacts/{caller['id']}")).body["root_id"] is None
    again = await ask("POST", f"/merges/{merge['id']}/undo")
    assert (again.status, again.body["code"]) == (409, "conflict")


async def test_what_stands_before_an_undo_is_named(staff: Staff) -> None:
    ask = staff.agent.ask
    people = [await a_person(ask, f"P{n}", "mailto", f"p{n}@acme.example") for n in range(3)]
    for absorbed in people[1:]:
        await ask("POST", f"/contacts/{people[0]['id']}/merge", {"absorbed_id": absorbed["id"]})
    newer, older = (await ask("GET", f"/contacts/{people[1]['id']}/merges")).body["items"]

    refused = await ask("POST", f"/merges/{older['id']}/undo")
    gone = await ask("PATCH", f"/contacts/{people[1]['id']}", {"version": 1, "name": "X"})

    assert (refused.status, refused.body["merge_id"]) == (409, newer["id"])
    assert (gone.status, gone.body["contact_id"]) == (409, people[0]["id"])


async def test_nonsense_is_refused_by_its_field(staff: Staff) -> None:
    ask = staff.agent.ask
    jane = await a_person(ask, "Jane", "mailto", "jane@acme.example")
    path = f"/contacts/{jane['id']}/merge"
    for body in (
        {},
        {"absorbed_id": 0},
        {"absorbed_id": jane["id"]},
        {"absorbed_id": 5, "choices": {"id": "survivor"}},
    ):
        assert (await ask("POST", path, body)).status == 422, body
    assert (await ask("POST", path, {"absorbed_id": 5, "choices": {"name": "both"}})).status == 422
    assert (await ask("POST", path, {"absorbed_id": 5})).status == 404


async def test_a_stranger_is_suggested_and_the_wrong_one_is_not_named_again(staff: Staff, house: House) -> None:
    ask = staff.agent.ask
    jane = await a_person(ask, "Jane", "tel", "+442079460019")
    conversation = await a_mail(house, staff.sales, "unknown@acme.example", phone="+442079460019")
    path = f"/conversations/{conversation}"

    (found,) = (await ask("GET", f"{path}/suggestions")).body["items"]
    assert (found["contact"]["id"], found["why"], found["address"]) == (jane["id"], "mentioned", "+44 20 7946 0019")
    assert (await ask("GET", f"{path}/identity")).body["contact_id"] is None
    assert (await staff.other.ask("GET", f"{path}/suggestions")).status == 404
    assert (await staff.other.ask("POST", f"{path}/dismissals", {"contact_id": jane["id"]})).status == 404

    left = await ask("POST", f"{path}/dismissals", {"contact_id": jane["id"]})
    assert (left.status, left.body["items"]) == (200, [])
    assert (await ask("POST", f"{path}/dismissals", {"contact_id": 5})).status == 404


async def test_duplicates_are_suggested_until_they_are_told_apart(staff: Staff) -> None:
    ask = staff.agent.ask
    jane = await a_person(ask, "Jane Roe", "mailto", "jane@acme.example")
    same = await a_person(ask, "JANE ROE", "mailto", "j.roe@acme.example")

    (found,) = (await ask("GET", f"/contacts/{jane['id']}/duplicates")).body["items"]
    assert (found["contact"]["id"], found["why"], found["address"]) == (same["id"], "same_name", "acme.example")
    left = await ask("POST", f"/contacts/{jane['id']}/dismissals", {"contact_id": same["id"]})
    assert left.body["items"] == []
    assert (await ask("GET", f"/contacts/{same['id']}/duplicates")).body["items"] == []


async def test_an_address_that_several_people_use_says_so(staff: Staff, things: Things) -> None:
    path = things.path("/contacts/{contact_id}/identities/{identity_id}/shared")
    shared = await staff.agent.ask("PUT", path, {"shared": True})
    assert [i["is_shared"] for i in shared.body["identities"]] == [True]
    mine = await staff.agent.ask("PUT", path, {"shared": False})
    assert [i["is_shared"] for i in mine.body["identities"]] == [False]
    foreign = things.path(
        "/contacts/{contact_id}/identities/{identity_id}/shared", identity_id=things.arrival.identity_id
    )
    assert (await staff.agent.ask("PUT", foreign, {"shared": True})).status == 404
