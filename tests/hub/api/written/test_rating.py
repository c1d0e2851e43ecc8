"""The page on which a contact says how it went, for whoever holds its link and nobody else."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from crm_core.store.jobs import Job
from crm_core.store.transaction import Tx
from crm_core.words.clock import DAY
from hub.desk import surveys
from hub.desk.surveys import Surveys
from tests.hub.api.written.conftest import CONSOLE, Got, Outside, Post
from tests.peers.clock import VirtualClock


async def link(post: Post, conversation_id: int | None = None) -> str:
    """The path of the question about a conversation; of a new one, when none is named."""
    conversation_id = conversation_id or (await post.arrives()).conversation_id
    return urlsplit(post.house.surveys.link(conversation_id)).path


async def notices(post: Post, conversation_id: int) -> list[dict[str, object]]:
    page = await post.staff.agent.ask("GET", f"/conversations/{conversation_id}/entries")
    return [e["notice"]["facts"] for e in page.body["items"] if e["notice"] and e["notice"]["code"] == "rated"]


def is_harmless(got: Got) -> bool:
    """Nothing on the page can run, and nobody can put it into a frame of theirs."""
    policy = got.headers["Content-Security-Policy"]
    return (
        policy
        == "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        and "script" not in got.text
        and " on" not in got.text.replace(" on ", "")
        and got.headers["Cache-Control"] == "no-store"
        and got.headers["Referrer-Policy"] == "no-referrer"
        and "Set-Cookie" not in got.headers
    )


async def test_a_contact_says_how_it_went_and_may_say_it_anew(post: Post, outside: Outside) -> None:
    entry = await post.arrives()
    path = await link(post, entry.conversation_id)
    asked = await outside(path, host=CONSOLE)
    assert asked.status == 200
    assert asked.text.count('name="score"') == 5
    assert is_harmless(asked)
    words = 'Fine <script>"x"</script>\r\nand\x00 more'
    for form in ({"score": "4", "words": words}, {"score": "4", "words": words}, {"score": "5"}):
        thanked = await outside(path, host=CONSOLE, method="POST", form=form)
        assert (thanked.status, "Thank you!" in thanked.text) == (200, True)
        assert "Fine" not in thanked.text
        assert is_harmless(thanked)
    said = await notices(post, entry.conversation_id)
    assert [f["score"] for f in said] == [4, 5]
    assert said[0]["words"] == 'Fine <script>"x"</script> and\u2400 more'


@pytest.mark.parametrize(
    "form",
    [{}, {"score": "7"}, {"score": "0"}, {"score": "-1"}, {"score": "4.5"}, {"score": "five"}, {"score": "9" * 5000}],
    ids=["none", "seven", "zero", "negative", "half", "word", "long"],
)
async def test_another_score_is_refused_and_not_noted(post: Post, outside: Outside, form: dict[str, str]) -> None:
    entry = await post.arrives()
    path = await link(post, entry.conversation_id)
    got = await outside(path, host=CONSOLE, method="POST", form=form)
    assert got.status == 422
    assert "A score is 1 to 5." in got.text
    assert await notices(post, entry.conversation_id) == []


async def test_a_link_that_was_not_made_here_leads_nowhere(post: Post, outside: Outside, clock: VirtualClock) -> None:
    entry, other = await post.arrives(), await post.arrives("taras@shop.example")
    path, another = await link(post, entry.conversation_id), await link(post, other.conversation_id)
    foreign = urlsplit(Surveys(b"x" * 32, clock, "http://x").link(entry.conversation_id)).path
    invited = "/rate/" + post.house.invitations.make(entry.conversation_id)
    wrong = [path[:12] + another[12:], path[:-4], path + "AAAA", "/rate/", "/rate/1", "/rate/%00", foreign, invited]
    if path[:12] == another[:12]:
        wrong[0] = path[:16] + another[16:-6] + path[-6:]
    for address in (*wrong, f"/rate/{entry.conversation_id}"):
        for method in ("GET", "POST"):
            got = await outside(address, host=CONSOLE, method=method, form={"score": "5"} if method == "POST" else None)
            assert got.status == 404, address
    clock.advance(31 * DAY)
    assert (await outside(path, host=CONSOLE)).status == 404
    assert await notices(post, entry.conversation_id) == []


@pytest.mark.parametrize(
    ("accepted", "title"),
    [
        ("uk-UA,uk;q=0.9", "Як ми впоралися?"),
        ("ru", "Как мы справились?"),
        ("pl-PL, en;q=0.5", "Jak nam poszło?"),
        ("zh-TW", "您对我们的服务满意吗?"),
        ("fr-FR,fr;q=0.9,pl;q=0.1", "Jak nam poszło?"),
        ("xx, */*;q=0.1", "How did we do?"),
        ("", "How did we do?"),
    ],
)
async def test_the_question_is_asked_in_the_readers_language(
    post: Post, outside: Outside, accepted: str, title: str
) -> None:
    got = await outside(await link(post), host=CONSOLE, Accept_Language=accepted)
    assert f"<h1>{title}</h1>" in got.text


async def test_the_files_host_asks_nobody(post: Post, outside: Outside) -> None:
    got = await outside(await link(post), method="POST", form={"score": "5"})
    assert got.status == 404


async def test_a_closed_conversation_is_asked_about_once_and_only_when_its_account_asks(post: Post) -> None:
    entry = await post.arrives()
    assert (await post.reply(entry)).status == 201
    ask = post.staff.administrator.ask
    silent = await ask("POST", f"/conversations/{entry.conversation_id}/close", {})
    assert silent.status == 200
    assert await post.house.db.read(_questions) == 0
    manner = {"manner": {"survey": True}}
    assert (await ask("PUT", f"/accounts/{entry.account_id}/manner", manner)).status == 200
    await ask("POST", f"/conversations/{entry.conversation_id}/reopen", {})
    await ask("POST", f"/conversations/{entry.conversation_id}/close", {})
    assert await post.house.db.read(_questions) == 1
    await post.house.db.write(surveys.ask, entry.conversation_id, post.house.surveys.link)
    await post.lanes.deliverer.step()
    question = post.providers["mail"].got[-1]
    assert question.automatic
    assert "http://localhost:8080/rate/" in question.content.text


def _questions(tx: Tx) -> int:
    return len(tx.all(select(Job.id).where(Job.kind == surveys.JOB)))
