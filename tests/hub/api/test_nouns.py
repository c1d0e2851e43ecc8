"""The API's nouns as a console uses them, on both databases."""

from __future__ import annotations

import re

import aiohttp
import pytest

from crm_core.accounts.queries import opened_one
from crm_core.words.clock import HOUR
from hub.keys import House
from tests.hub.api.conftest import Staff, Things, arrive

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


async def test_an_offer_is_taken_answered_noted_and_closed(staff: Staff, things: Things) -> None:
    ask = staff.agent.ask
    conversation = things.path("/conversations/{conversation_id}")

    taken = await ask("POST", things.path("/offers/{offer_id}/accept"))
    assert (taken.status, taken.body["state"]) == (200, "accepted")
    assert (await ask("GET", conversation)).body["assignee_id"] == staff.agent.id

    reply = await ask(
        "POST",
        f"{conversation}/replies",
        {"text": "Hello!", "client_key": "k1", "seen_entry_id": things.arrival.entry_id},
    )
    assert (reply.status, reply.body["delivery"]) == (201, "queued")
    assert RFC3339.fullmatch(reply.body["at"])
    note = await ask("POST", f"{conversation}/notes", {"text": "Seems nice.", "mentions": [staff.supervisor.id]})
    assert (note.status, note.body["kind"]) == (201, "note")
    mentioned = await staff.supervisor.ask("GET", "/conversations?view=mentions")
    assert [c["id"] for c in mentioned.body["items"]] == [things.arrival.conversation_id]

    closed = await ask("POST", f"{conversation}/close", {"disposition_id": things.ids["disposition_id"]})
    assert (closed.status, closed.body["status"], closed.body["disposition"]) == (200, "closed", "Solved")
    assert (await ask("POST", f"{conversation}/reopen")).body["status"] == "open"


async def test_an_offer_is_gone_after_its_deadline(staff: Staff, things: Things, house: House) -> None:
    house.clock.advance(HOUR)  # type: ignore[attr-defined]

    answer = await staff.agent.ask("POST", things.path("/offers/{offer_id}/accept"))

    assert (answer.status, answer.body["code"]) == (410, "gone")


async def test_an_answer_to_old_words_is_stopped_and_says_what_is_new(
    staff: Staff, things: Things, house: House
) -> None:
    newer = await arrive(house, staff.sales, text="Forget it, solved!")
    path = things.path("/conversations/{conversation_id}/replies")

    answer = await staff.supervisor.ask("POST", path, {"text": "Let us see…", "seen_entry_id": things.arrival.entry_id})

    assert (answer.status, answer.body["code"]) == (409, "moved_on")
    assert answer.body["newest_entry_id"] == newer.entry_id


async def test_the_timeline_pages_both_ways_oldest_first(staff: Staff, things: Things) -> None:
    path = things.path("/conversations/{conversation_id}")
    for number in range(5):
        await staff.supervisor.ask("POST", f"{path}/notes", {"text": f"note {number}"})

    newest = (await staff.supervisor.ask("GET", f"{path}/entries?limit=3")).body["items"]
    before = (await staff.supervisor.ask("GET", f"{path}/entries?limit=2&before={newest[0]['id']}")).body["items"]
    after = (await staff.supervisor.ask("GET", f"{path}/entries?limit=9&after={before[-1]['id']}")).body["items"]

    assert [e["text"] for e in newest] == ["note 2", "note 3", "note 4"]
    assert [e["text"] for e in before] == ["note 0", "note 1"]
    assert after == newest


async def test_a_list_pages_without_gap_or_double(staff: Staff, house: House) -> None:
    made = [(await arrive(house, staff.sales, visitor=f"v{number}")).conversation_id for number in range(7)]
    seen: list[int] = []
    query = "view=queue&sort=newest&limit=3"
    while query:
        page = (await staff.agent.ask("GET", f"/conversations?{query}")).body
        seen += [each["id"] for each in page["items"]]
        query = f"view=queue&sort=newest&limit=3&cursor={page['next_cursor']}" if page["next_cursor"] else ""

    assert seen == made[::-1]


@pytest.mark.parametrize("sort", ["newest", "oldest", "waiting"])
async def test_who_serves_several_queues_sees_them_as_one(staff: Staff, house: House, sort: str) -> None:
    queues = {"queues": [staff.sales, staff.support]}
    assert (await staff.administrator.ask("PUT", f"/agents/{staff.agent.id}/queues", queues)).status == 200
    made = [
        (await arrive(house, queue, visitor=f"v{number}")).conversation_id
        for number, queue in enumerate([staff.sales, staff.support] * 2)
    ]

    answer = await staff.agent.ask("GET", f"/conversations?view=queue&sort={sort}")

    assert answer.status == 200
    assert {each["id"] for each in answer.body["items"]} == set(made)


async def test_a_conversation_is_handed_on_snoozed_tagged_and_read(staff: Staff, things: Things) -> None:
    path = things.path("/conversations/{conversation_id}")
    ask = staff.supervisor.ask

    assigned = await ask("POST", f"{path}/assign", {"agent_id": staff.supervisor.id})
    assert assigned.body["assignee_id"] == staff.supervisor.id
    read = await ask("PUT", f"{path}/read", {"entry_id": things.ids["entry_id"]})
    assert read.body["agent_read_id"] == things.ids["entry_id"]
    tagged = await ask("PUT", f"{path}/tags", {"tags": ["vip", "vip", "refund"]})
    assert tagged.body["tags"] == ["vip", "refund"]
    assert len((await ask("GET", "/conversations?view=all&tag=refund")).body["items"]) == 1
    snoozed = await ask("POST", f"{path}/snooze", {"until": "2026-01-06T09:00:00+01:00"})
    assert snoozed.body["snoozed_until"] == "2026-01-06T08:00:00.000Z"
    late = await ask("POST", f"{path}/snooze", {"until": "2020-01-01T00:00:00Z"})
    assert (late.status, late.body["code"]) == (422, "invalid")


async def test_who_watches_reads_why_work_went_where_it_went(staff: Staff, things: Things) -> None:
    found = await staff.supervisor.ask("GET", things.path("/conversations/{conversation_id}/routing"))

    assert found.body["decision"] == {"chosen": "longest idle"}
    assert [(o["agent_id"], o["state"]) for o in found.body["offers"]] == [(staff.agent.id, "pending")]


async def test_who_watches_reads_why_work_waits(staff: Staff, things: Things, house: House) -> None:
    await staff.agent.ask("POST", things.path("/offers/{offer_id}/decline"), {})
    await house.assigner.start()

    found = await staff.supervisor.ask("GET", things.path("/conversations/{conversation_id}/routing"))

    assert (found.body["work_state"], found.body["decision"]["because"]) == ("queued", "nobody_free")
    assert {"agent": staff.agent.id, "reason": "not_present", "detail": {}} in found.body["decision"]["verdicts"]


async def test_going_on_a_break_gives_back_what_is_being_offered(staff: Staff, things: Things) -> None:
    answer = await staff.agent.ask("PUT", f"/agents/{staff.agent.id}/activity", {"activity": "break"})

    assert answer.body["activity"] == "break"
    assert (await staff.agent.ask("GET", "/offers")).body["items"] == []
    assert (await staff.agent.ask("POST", things.path("/offers/{offer_id}/accept"))).status == 410


async def test_a_contact_changes_only_from_the_version_one_saw(staff: Staff, things: Things) -> None:
    path = things.path("/contacts/{contact_id}")
    seen = (await staff.agent.ask("GET", path)).body

    changed = await staff.agent.ask("PATCH", path, {"version": seen["version"], "company": "Acme Ltd", "tags": ["vip"]})
    late = await staff.other.ask("PATCH", path, {"version": seen["version"], "company": "Other"})

    assert (changed.status, changed.body["company"], changed.body["tags"]) == (200, "Acme Ltd", ["vip"])
    assert (late.status, late.body["version"]) == (409, changed.body["version"])


async def test_an_address_belongs_to_one_contact(staff: Staff, things: Things) -> None:
    same = {"name": "Double", "identities": [{"scheme": "tel", "value": "+44 (20) 7946-0018"}]}
    answer = await staff.agent.ask("POST", "/contacts", same)

    assert (answer.status, answer.body["contact_id"]) == (409, things.ids["contact_id"])
    wrong = {"name": "Wrong", "identities": [{"scheme": "tel", "value": "12"}]}
    assert (await staff.agent.ask("POST", "/contacts", wrong)).status == 422


async def test_a_stranger_becomes_a_contact_and_a_stranger_again(staff: Staff, things: Things) -> None:
    conversation = things.path("/conversations/{conversation_id}")
    stranger = (await staff.agent.ask("GET", f"{conversation}/identity")).body
    assert (stranger["contact_id"], stranger["name"]) == (None, "Visitor v1")

    made = await staff.agent.ask("POST", f"{conversation}/contact", {"name": "Rosa"})
    assert made.status == 201
    assert (await staff.agent.ask("GET", conversation)).body["who"] == "Rosa"
    again = await staff.agent.ask("POST", f"{conversation}/contact", {})
    assert (again.status, again.body["contact_id"]) == (409, made.body["id"])

    path = f"/contacts/{made.body['id']}/identities/{stranger['id']}"
    assert (await staff.agent.ask("DELETE", path)).body["identities"] == []
    assert (await staff.agent.ask("GET", conversation)).body["contact_id"] is None
    assert (await staff.agent.ask("PUT", path)).body["identities"][0]["id"] == stranger["id"]


async def test_contacts_are_found_by_name_and_number_and_archived(staff: Staff, things: Things) -> None:
    async def names(query: str) -> list[str]:
        return [c["name"] for c in (await staff.agent.ask("GET", f"/contacts{query}")).body["items"]]

    assert await names("") == ["Acme", "Ann Lee", "Jane Roe"]
    assert await names("?kind=company") == ["Acme"]
    assert await names("?text=jan") == ["Jane Roe"]
    assert await names("?text=7946%200018") == ["Jane Roe"]
    assert (await staff.agent.ask("POST", things.path("/contacts/{contact_id}/archive"))).status == 200
    assert await names("") == ["Acme", "Ann Lee"]


async def test_a_draft_is_kept_for_its_author_until_it_is_cleared(staff: Staff, things: Things) -> None:
    path = things.path("/conversations/{conversation_id}/drafts/note")

    assert (await staff.agent.ask("PUT", path, {"text": "Half a thou"})).status == 204
    mine = (await staff.agent.ask("GET", "/drafts")).body["items"]
    assert [(d["kind"], d["text"]) for d in mine] == [("note", "Half a thou")]
    assert (await staff.supervisor.ask("GET", "/drafts")).body["items"] == []
    assert (await staff.agent.ask("DELETE", path)).status == 204
    assert (await staff.agent.ask("GET", "/drafts")).body["items"] == []
    assert (await staff.agent.ask("PUT", path.replace("note", "song"), {"text": "x"})).status == 404


async def test_a_draft_keeps_what_a_reply_is_besides_half_typed_as_it_is(staff: Staff, things: Things) -> None:
    path = things.path("/conversations/{conversation_id}/drafts/message")
    buttons = [{"text": "Yes", "url": "", "key": ""}, {"text": "", "url": "shop.exam", "key": ""}]
    said = {"mode": "all", "subject": "Re: Order", "cc": ["ada@sh"], "html": "<p>Hi</p>", "buttons": buttons}
    said |= {"send_at": "2026-01-05T09:00:00.000Z"}

    assert (await staff.agent.ask("PUT", path, {"text": "Hi", "extras": said})).status == 204
    (mine,) = (await staff.agent.ask("GET", "/drafts")).body["items"]
    assert {name: mine["extras"][name] for name in said} == said
    note = path.replace("message", "note")
    assert (await staff.agent.ask("PUT", note, {"text": "Hi", "extras": said})).status == 422
    assert (await staff.agent.ask("PUT", path, {"text": "Hi", "extras": {**said, "mode": "shout"}})).status == 422
    assert (await staff.agent.ask("PUT", path, {"text": "Hi"})).status == 204
    assert (await staff.agent.ask("GET", "/drafts")).body["items"][0]["extras"] is None


async def test_a_canned_reply_and_a_disposition_come_back_after_deletion(staff: Staff, things: Things) -> None:
    ask = staff.administrator.ask
    for noun in ("canned", "disposition"):
        path = things.path(f"/{noun}/{{{noun}_id}}" if noun == "canned" else f"/{noun}s/{{{noun}_id}}")
        listing = path.rpartition("/")[0]

        assert (await ask("DELETE", path)).body["deleted"] is True
        assert (await ask("GET", listing)).body["items"] == []
        assert len((await ask("GET", f"{listing}?deleted=true")).body["items"]) == 1
        assert (await ask("POST", f"{path}/restore")).body["deleted"] is False


async def test_a_queue_is_changed_staffed_and_put_away(staff: Staff) -> None:
    ask, path = staff.administrator.ask, f"/queues/{staff.support}"
    members = await ask("PUT", f"{path}/members", {"agents": [staff.agent.id]})
    assert members.body["agents"] == [staff.agent.id]
    assert (await staff.agent.ask("GET", f"{path}/members")).body["agents"] == [staff.agent.id]

    version = (await ask("GET", path)).body["version"]
    changed = await ask("PATCH", path, {"version": version, "name": "Help", "archived": True})
    assert (changed.body["name"], changed.body["archived"]) == ("Help", True)


async def test_a_queue_learns_how_it_deals_with_calls(staff: Staff) -> None:
    ask, path = staff.administrator.ask, f"/queues/{staff.support}"
    before = (await ask("GET", path)).body
    voice = {"wrap_up_mode": "mandatory", "steps": [{"after": 60_000, "then": "voicemail"}]}
    changed = await ask("PATCH", path, {"version": before["version"], "voice": voice})
    steps = [{"after": 60_000, "then": "voicemail", "queue_id": None, "number": ""}]
    assert changed.body["voice"] == {**before["voice"], "wrap_up_mode": "mandatory", "steps": steps}
    wrong = await ask("PATCH", path, {"version": changed.body["version"], "voice": {"no_agents": "sing"}})
    assert wrong.status == 422
    assert (await ask("GET", path)).body == changed.body


async def test_secrets_of_an_account_are_written_and_never_read(staff: Staff, house: House) -> None:
    ask = staff.administrator.ask
    kinds = {each["kind"]: each for each in (await ask("GET", "/channels")).body["items"]}
    schema = kinds["webchat"]["settings"]
    secret = next(name for name, field in schema["properties"].items() if "writeOnly" in str(field))
    made = await ask("POST", "/accounts", {"kind": "webchat", "name": "Shop", "settings": {secret: "s3cr3t-" * 8}})
    assert made.status == 201, made.text
    path = f"/accounts/{made.body['id']}"

    changed = await ask("PATCH", path, {"version": made.body["version"], "settings": {}, "name": "Store"})
    for answer in (made, changed, await ask("GET", path), await ask("GET", "/accounts")):
        assert answer.status in (200, 201), answer.text
        assert "s3cr3t" not in answer.text
    kept = await house.db.read(opened_one, house.sealer, made.body["id"])
    assert kept is not None
    assert kept.settings[secret] == "s3cr3t-" * 8
    unknown = await ask("POST", "/accounts", {"kind": "webchat", "name": "x", "settings": {"no_such": 1}})
    assert unknown.status == 422
    assert (await ask("POST", "/accounts", {"kind": "smoke-signals", "name": "x"})).status == 422


async def test_a_file_is_sent_once_and_opened_by_who_reads_the_conversation(staff: Staff, things: Things) -> None:
    path = things.path("/conversations/{conversation_id}/notes")
    sent = await staff.administrator.ask("POST", path, {"text": "", "files": [things.ids["file_id"]]})

    assert sent.status == 201, sent.text
    assert [file["name"] for file in sent.body["files"]] == ["words.txt"]
    opened = await staff.agent.ask("GET", things.path("/files/{file_id}"))
    assert opened.status == 302
    assert opened.headers["Location"].startswith("http://files.localhost/files/")
    assert (await staff.other.ask("GET", things.path("/files/{file_id}"))).status == 404
    again = await staff.administrator.ask("POST", path, {"text": "", "files": [things.ids["file_id"]]})
    assert again.status == 404


async def test_an_upload_that_is_too_large_or_no_form_is_refused(staff: Staff) -> None:
    large = aiohttp.FormData()
    large.add_field("file", b"x" * 200_000, filename="large.bin")
    other = aiohttp.FormData()
    other.add_field("picture", b"x", filename="x.png")

    assert (await staff.agent.ask("POST", "/files", data=large)).status == 413
    assert (await staff.agent.ask("POST", "/files", data=other)).status == 422
    assert (await staff.agent.ask("POST", "/files", {"file": "x"})).status == 415
    two = aiohttp.FormData()
    two.add_field("file", b"x", filename="x.txt")
    two.add_field("more", "x")
    assert (await staff.agent.ask("POST", "/files", data=two)).status == 422
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    assert (await staff.agent.ask("POST", "/files", data=b"nonsense", headers=form)).status in (400, 422)
    bare = {"Content-Type": "multipart/form-data"}
    assert (await staff.agent.ask("POST", "/files", data=b"nonsense", headers=bare)).status == 400


async def test_a_file_name_with_a_path_and_a_line_break_is_only_a_label(staff: Staff) -> None:
    form = aiohttp.FormData()
    form.add_field("file", b"<svg onload='alert(1)'/>", filename="../../etc/pass\\wd.svg")

    made = await staff.agent.ask("POST", "/files", data=form)

    assert made.status == 201
    assert "/" not in made.body["name"]
    assert made.body["type"] == "image/svg+xml"


async def test_search_finds_people_numbers_and_words_that_one_may_read(staff: Staff, things: Things) -> None:
    words = await staff.agent.ask("GET", "/search?text=hel")
    assert [hit["entry"]["text"] for hit in words.body["entries"]] == ["Hello"]
    start, end = words.body["entries"][0]["marks"][0]
    assert words.body["entries"][0]["snippet"][start:end].lower().startswith("hel")
    assert (await staff.other.ask("GET", "/search?text=hel")).body["entries"] == []

    for text in ("Jane", "7946%200018", "%2B44-20-7946-0018"):
        people = (await staff.agent.ask("GET", f"/search?text={text}")).body["people"]
        assert [hit["contact"]["name"] for hit in people] == ["Jane Roe"], text
    for strange in ("%22", "*", "NEAR(", "%25", "a" * 500, "%00", "'; drop table agent; --", "%F0%9F%90%99"):
        assert (await staff.agent.ask("GET", f"/search?text={strange}")).status == 200
