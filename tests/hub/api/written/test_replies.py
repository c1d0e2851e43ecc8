"""What an agent writes by the API: where it goes, what it may have, when it leaves, and what is refused in words."""

from __future__ import annotations

from typing import Any

import pytest

from channels.contract import Refused
from crm_core.words.content import Content
from crm_core.words.text import MAX_MESSAGE
from crm_core.words.values import EntryValue
from tests.hub.api.conftest import Person
from tests.hub.api.written.conftest import Post
from tests.peers.clock import VirtualClock

DIRTY = (
    '<p onclick="steal()" style="position:fixed">Hello <b>you</b></p><script>steal()</script><style>@import "x"</style>'
    '<a href="javascript:steal()">one</a><a href=" java\tscript:steal()">two</a><a href="data:text/html,x">three</a>'
    '<a href="vbscript:x">four</a><a href="https://shop.example/">five</a><img src=x onerror=steal()>'
    '<iframe src="//evil.example"></iframe><form action="//evil.example"><input></form><base href="//evil.example">'
    '<svg/onload=steal()><math><mi xlink:href="javascript:x">m</mi></math><scr<script>ipt>steal()</scr</script>ipt>'
)


async def sent_by(post: Post, kind: str = "mail") -> Any:
    """The last message that the provider got, once everything due has left."""
    await post.lanes.deliverer.step()
    return post.providers[kind].got[-1]


async def test_laid_out_words_leave_without_anything_that_acts(post: Post) -> None:
    entry = await post.arrives()
    answer = await post.reply(entry, text="Hello you", html=DIRTY)
    assert answer.status == 201, answer.text
    html = (await sent_by(post)).content.html
    assert "<p>Hello <b>you</b></p>" in html
    assert 'href="https://shop.example/"' in html
    assert html.count("href=") == 1
    for harm in ("onclick", "style", "javascript", "vbscript", "data:", "<img", "<iframe", "<form", "<base", "<svg"):
        assert harm not in html, harm
    assert "<script" not in html


async def test_a_subject_is_one_line_whatever_is_typed(post: Post) -> None:
    entry = await post.arrives()
    answer = await post.reply(entry, subject="Order\r\nBcc: eve@evil.example\u2028x")
    assert answer.body["details"]["subject"] == "Order Bcc: eve@evil.example x"
    assert (await sent_by(post)).content.subject == "Order Bcc: eve@evil.example x"
    plain = await post.reply(entry)
    assert plain.body["details"]["subject"] == "Re: About my order"


async def test_an_answer_is_about_what_was_written_last_by_a_person(post: Post) -> None:
    await post.arrives()
    entry = await post.arrives(content=Content(text="One more thing", subject="Re: Delivery"))
    await post.arrives(content=Content(text="I am away", subject="Out of office"), automatic=True)
    last = await post.arrives(content=Content(text="That is all."))
    assert last.conversation_id == entry.conversation_id
    assert (await post.ways(last))[0]["subject"] == "Re: Delivery"
    assert (await post.reply(last)).body["details"]["subject"] == "Re: Delivery"


async def test_a_way_without_subjects_carries_none(post: Post) -> None:
    entry = await post.arrives(kind="chat")
    answer = await post.reply(entry, subject="Order")
    assert (answer.body["details"] or {"subject": ""})["subject"] == ""
    assert (await sent_by(post, "chat")).content.subject is None


async def test_copies_go_to_whom_they_name_each_once_in_one_spelling(post: Post) -> None:
    entry = await post.arrives()
    answer = await post.reply(entry, cc=["Taras@Shop.Example", "taras@shop.example"], bcc=["boss@our.example"])
    assert answer.status == 201, answer.text
    content = (await sent_by(post)).content
    assert [p.value for p in content.cc] == ["taras@shop.example"]
    assert [p.value for p in content.bcc] == ["boss@our.example"]
    assert answer.body["details"]["cc"] == [{"value": "taras@shop.example", "name": ""}]


async def test_an_address_that_is_none_is_named(post: Post) -> None:
    entry = await post.arrives()
    for wrong in (
        "taras at shop",
        "a@b",
        "x\r\nBcc: eve@evil.example",
        "alice@x.example(<bob@evil.example>)",
        "a,b@c.de",
    ):
        for field in ("cc", "bcc", "to"):
            answer = await post.reply(entry, None, **{field: ["good@shop.example", wrong]})
            assert (answer.status, answer.body["detail"]) == (422, f"{wrong} is not an e-mail address.")
    assert await post.lanes.deliverer.step() == 0


async def test_a_message_goes_to_fifty_people_and_not_to_one_more(post: Post) -> None:
    entry = await post.arrives()
    crowd = [f"p{n}@crowd.example" for n in range(51)]
    assert (await post.reply(entry, cc=crowd)).status == 422
    split = await post.reply(entry, cc=crowd[:30], bcc=crowd[30:])
    assert (split.status, split.body["detail"]) == (422, "A message goes to at most 50 people.")
    assert (await post.reply(entry, cc=crowd[:30], bcc=crowd[30:50])).status == 201


async def test_what_a_way_does_not_carry_is_refused_in_words(post: Post) -> None:
    entry = await post.arrives(kind="chat")
    copies = await post.reply(entry, cc=["taras@shop.example"])
    assert copies.body["detail"] == "This way has no copies: everybody is written to apart."
    long = await post.reply(entry, text="x" * 501)
    assert long.body["detail"] == "By this way a message has at most 500 characters."
    files = [await post.upload(f"{n}.txt", b"words") for n in range(3)]
    many = await post.reply(entry, files=files)
    assert many.body["detail"] == "By this way a message has at most 2 files."
    assert (many.body["why"], many.body["facts"]) == ("way_files_many", {"n": 2})
    empty = await post.reply(entry, text="  \n ")
    assert empty.body["detail"] == "The message is empty."
    assert {copies.status, long.status, many.status, empty.status} == {422}
    assert (await post.reply(entry, files=files[:2])).status == 201


async def test_a_forwarded_message_takes_its_words_and_files_along(post: Post) -> None:
    file = await post.keep("invoice.txt", b"3 pounds")
    content = Content(text="See <b>the invoice</b>", html="<p>See <i>it</i></p>", files=(file,), subject="Invoice")
    entry = await post.arrives(content=content)
    answer = await post.reply(entry, text="For you", to=["books@our.example"], forward_of=entry.id)
    assert answer.status == 201, answer.text
    assert [f["name"] for f in answer.body["files"]] == ["invoice.txt"]
    assert answer.body["files"][0]["id"] != file.id
    message = await sent_by(post)
    assert message.to.value == "books@our.example"
    assert message.content.text.startswith(
        "For you\n\n---------- Forwarded message ----------\nFrom: olena@shop.example"
    )
    assert message.content.text.endswith("See <b>the invoice</b>")
    assert "<blockquote><p>See <i>it</i></p></blockquote>" in message.content.html


async def test_the_longest_message_can_be_forwarded(post: Post) -> None:
    entry = await post.arrives(content=Content(text="x" * MAX_MESSAGE, subject="Long"))
    answer = await post.reply(entry, text="For you", to=["books@our.example"], forward_of=entry.id)
    assert (answer.status, len(answer.body["text"])) == (201, MAX_MESSAGE)


async def test_a_note_is_never_forwarded(post: Post) -> None:
    entry = await post.arrives()
    path = f"/conversations/{entry.conversation_id}/notes"
    note = await post.staff.agent.ask("POST", path, {"text": "They never pay."})
    answer = await post.reply(entry, to=["books@our.example"], forward_of=note.body["id"])
    assert answer.status == 422
    assert await post.lanes.deliverer.step() == 0


async def of_support(post: Post) -> EntryValue:
    """A message to the other queue, with a file."""
    file = await post.keep("secret.txt", b"secret")
    entry = await post.arrives("hidden@shop.example", content=Content(text="secret words", files=(file,)))
    path = f"/conversations/{entry.conversation_id}/assign"
    moved = await post.staff.supervisor.ask("POST", path, {"queue_id": post.staff.support})
    assert moved.status == 200, moved.text
    return entry


async def test_ids_of_what_one_may_not_read_lead_nowhere_in_any_field(post: Post, clock: VirtualClock) -> None:
    mine, hidden = await post.arrives(), await of_support(post)
    own_way = {"identity_id": mine.identity_id, "account_id": mine.account_id}
    hidden_way = {"identity_id": hidden.identity_id, "account_id": hidden.account_id}
    theirs = await post.upload("theirs.txt", b"x", post.staff.other)
    fields = {
        "forward_of": (mine.id, hidden.id),
        "reply_to_id": (mine.id, hidden.id),
        "files": ([await post.upload("mine.txt", b"x")], [theirs]),
        "way": (own_way, hidden_way),
    }
    nothing = 2**53 - 1
    absent: dict[str, Any] = {"files": [nothing], "way": {"identity_id": nothing, "account_id": nothing}}
    for field, (own, other) in fields.items():
        for wrong in (other, absent.get(field, nothing)):
            answer = await post.reply(mine, None, **{field: wrong})
            assert answer.status == 404, (field, wrong, answer.text)
            assert "secret" not in answer.text
        assert (await post.reply(mine, None, **{field: own})).status == 201, field
    failing = (await post.reply(mine)).body["id"]
    post.providers["mail"].answers = [Refused("No.")] * 5
    await post.lanes.deliverer.step()
    for way in (hidden_way, absent["way"]):
        assert (await post.staff.agent.ask("POST", f"/entries/{failing}/retry", {"way": way})).status == 404
    assert (await post.staff.agent.ask("POST", f"/entries/{failing}/retry", {"way": own_way})).status == 200


@pytest.mark.parametrize("person", ["agent", "supervisor"])
async def test_a_message_of_another_conversation_is_not_answered_from_here(post: Post, person: str) -> None:
    who: Person = getattr(post.staff, person)
    mine, other = await post.arrives(), await post.arrives("taras@shop.example")
    assert (await post.reply(mine, who, reply_to_id=other.id)).status == 404


async def test_a_message_for_later_leaves_then_unless_it_is_taken_back(post: Post, clock: VirtualClock) -> None:
    entry, ask = await post.arrives(), post.staff.agent.ask
    for wrong in ("2026-01-05T09:00:00Z", "2020-01-01T00:00:00Z", "2028-01-01T00:00:00Z"):
        answer = await post.reply(entry, send_at=wrong)
        assert (answer.status, "in the future" in answer.body["detail"]) == (422, True)
    later = [(await post.reply(entry, text=t, send_at="2026-01-05T10:00:00+00:00")).body for t in ("one", "two")]
    assert later[0]["details"]["send_at"] == "2026-01-05T10:00:00.000Z"
    back = await ask("POST", f"/entries/{later[0]['id']}/cancel")
    again = await ask("POST", f"/entries/{later[0]['id']}/cancel")
    assert [(a.status, a.body["delivery"]) for a in (back, again)] == [(200, "cancelled")] * 2
    assert await post.lanes.deliverer.step() == 0
    clock.advance(3_600_000)
    assert (await sent_by(post)).content.text == "two"
    assert len(post.providers["mail"].got) == 1
    gone = await ask("POST", f"/entries/{later[1]['id']}/cancel")
    assert (gone.status, gone.body["detail"]) == (409, "This message has left already.")
    assert (await ask("POST", f"/entries/{entry.id}/cancel")).status == 409


async def test_what_failed_goes_once_by_another_way(post: Post) -> None:
    await post.arrives(kind="chat")
    entry, ask = await post.arrives(), post.staff.agent.ask
    post.providers["mail"].answers = [Refused("Their mailbox is full.")]
    failed = (await post.reply(entry, files=[await post.upload("a.txt", b"x")])).body
    sound = await ask("POST", f"/entries/{entry.id}/retry", {})
    assert sound.status == 409
    await post.lanes.deliverer.step()
    way = {"identity_id": entry.identity_id, "account_id": post.lanes.account_ids["chat"]}
    answers = [await ask("POST", f"/entries/{failed['id']}/retry", {"way": way}) for _ in range(3)]
    assert [a.status for a in answers] == [200] * 3
    assert len({a.body["id"] for a in answers} - {failed["id"]}) == 1
    assert answers[0].body["details"]["instead_of_id"] == failed["id"]
    message = await sent_by(post, "chat")
    assert (message.content.text, len(message.content.files)) == ("Yes.", 1)
    assert len(post.providers["chat"].got) == 1
