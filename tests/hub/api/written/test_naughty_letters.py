"""Strings that break careless programs, in everything a letter has: stored and told as they are, never as HTML."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from channels.contract import DeliveryReported, ReachChanged
from crm_core.words.addresses import email
from crm_core.words.content import (
    Button,
    Content,
    DeliveryStatus,
    ExternalId,
    Place,
    ReachState,
    Recipient,
)
from crm_core.words.text import one_line, storable
from tests.channels.webchat.naughty import NAUGHTY
from tests.hub.api.written.conftest import Post

ROOT = Path(__file__).parents[4]
CORPUS = ROOT / ".." / "shared" / "corpora" / "naughty-strings" / "blns.json"
OWN = [
    *(text for text in NAUGHTY if len(text) <= 400),
    "</script><script>alert(1)</script>",
    "<a href='java&#09;script:alert(1)'>x</a>",
    "{{constructor.constructor('alert(1)')()}}",
    "<%= 7 * 7 %>",
    "a\u2028b\u2029c",
    "\u2066RTL\u2069 \u202dLTR\u202c",
    "x" * 400,
    "𝒳" * 200,
    " \t\n ",
    "\r\nBcc: eve@evil.example",
    '"x" <eve@evil.example>, y',
    "=?utf-8?q?=0D=0ABcc:_x?=",
    "\\u0000 \\x00 \\0",
    "../" * 40,
    "NUL.txt\0.exe",
    "\u0301" * 60,
    "\U000e0001\U000e0020",
]


def corpus() -> list[str]:
    """The strings of the corpus that are no longer than a line."""
    if not CORPUS.exists():
        pytest.skip("The corpora are not beside this checkout")
    return [text for text in json.loads(CORPUS.read_text(encoding="utf-8")) if 0 < len(text) <= 400]


async def letters_of(post: Post, strings: list[str]) -> list[tuple[str, dict[str, object]]]:
    """Each string, and the entry of a letter in which it stands everywhere, as the API shows it."""
    shown = []
    for number, text in enumerate(strings):
        entry = await post.arrives(
            f"p{number}@naughty.example",
            sender_name=text,
            sender_facts={"page": text, "language": text[:10]},
            content=Content(
                text=text,
                subject=text,
                folded=text,
                files=(await post.keep(text, b"x"),),
                cc=(Recipient("taras@shop.example", text),),
                buttons=(Button(text=text, url=text, key=text),),
                place=Place(latitude=0.0, longitude=0.0, title=text),
            ),
            in_reply_to=ExternalId(text),
            references=(ExternalId(text),),
        )
        page = await post.staff.agent.ask("GET", f"/conversations/{entry.conversation_id}/entries")
        assert page.status == 200, text
        assert page.headers["Content-Type"].startswith("application/json")
        (letter,) = [e for e in page.body["items"] if e["id"] == entry.id]
        shown.append((text, letter))
    return shown


def must_be_told_as_written(text: str, letter: dict[str, object]) -> None:
    """Words as they are; names and titles on one line."""
    details = letter["details"]
    assert isinstance(details, dict)
    assert letter["text"] == storable(text)
    assert details["folded"] == storable(text)
    assert details["subject"] == one_line(text, most=500)
    assert details["cc"] == [{"value": "taras@shop.example", "name": one_line(text, most=80)}]
    assert details["place"]["title"] == one_line(text, most=200)
    (button,) = details["buttons"]
    assert {button["text"], button["url"], button["key"]} == {storable(text)}


async def test_a_letter_made_of_naughty_strings_is_told_as_it_was_written(post: Post) -> None:
    assert len(OWN) >= 60
    for text, letter in await letters_of(post, OWN):
        must_be_told_as_written(text, letter)


async def test_a_letter_made_of_the_corpus_is_told_as_it_was_written(post: Post) -> None:
    for text, letter in await letters_of(post, corpus()[::4]):
        must_be_told_as_written(text, letter)


async def test_lists_and_cases_of_naughty_people_are_told(post: Post) -> None:
    letters = await letters_of(post, OWN)
    for view in ("/conversations?view=all&limit=100", "/cases?limit=100"):
        listed = await post.staff.agent.ask("GET", view)
        assert listed.status == 200
        assert len(listed.body["items"]) >= min(len(letters), 60)
        assert "<script>alert(1)</script>" in [item["who"] for item in listed.body["items"]]


async def test_a_lead_has_the_title_it_was_given(post: Post) -> None:
    for number, text in enumerate(t for t in OWN if len(t) <= 200):
        entry = await post.arrives(f"t{number}@naughty.example")
        case = await post.staff.agent.ask("GET", f"/conversations/{entry.conversation_id}/case")
        body = {"version": case.body["version"], "title": text}
        changed = await post.staff.agent.ask("PATCH", f"/cases/{case.body['id']}", body)
        assert changed.status in (200, 422), (text, changed.text)
        if changed.status == 200:
            assert changed.body["title"] == one_line(storable(text), most=120)


async def test_what_agents_send_by_naughty_names_leaves_as_one_line_each(post: Post) -> None:
    entry = await post.arrives()
    for text in (t for t in OWN if len(t) <= 200):
        answer = await post.reply(entry, subject=text)
        assert answer.status == 201, (text, answer.text)
        assert answer.body["details"] is None or answer.body["details"]["subject"] == one_line(text, most=500)
    await post.lanes.deliverer.step()
    for message in post.providers["mail"].got:
        assert not set(message.content.subject or "") & set("\r\n\0\u2028\u2029\x0b\x0c")


async def test_what_providers_say_of_a_message_is_told_whatever_it_is(post: Post) -> None:
    entry = await post.arrives()
    for text in OWN:
        said = await post.reply(entry)
        await post.lanes.deliverer.step()
        delivery = post.providers["mail"].got[-1].delivery
        about: dict[str, Any] = {"external_id": ExternalId(f"sent-{delivery}"), "at": post.house.clock()}
        report = DeliveryReported(status=DeliveryStatus.FAILED, reason=text, **about)
        await post.lanes.deliver("mail")(report)
        path = f"/conversations/{entry.conversation_id}/entries?after={said.body['id'] - 1}"
        page = await post.staff.agent.ask("GET", path)
        assert page.status == 200, text
        assert page.body["items"][0]["delivery"] == "failed"
        gone: dict[str, Any] = {
            "address": email(f"p{delivery}@naughty.example"),
            "at": post.house.clock(),
            "reason": text,
        }
        await post.lanes.deliver("mail")(ReachChanged(state=ReachState.BOUNCED, **gone))
