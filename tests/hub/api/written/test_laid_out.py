"""Messages as their writers laid them out are shown where nothing runs and nothing of others is to be had."""

from __future__ import annotations

from urllib.parse import urlsplit

from crm_core.words.clock import DAY
from crm_core.words.content import Content
from crm_core.words.values import EntryValue
from hub.api.letters import MOST
from tests.hub.api.written.conftest import CONSOLE, Outside, Post
from tests.peers.clock import VirtualClock

POLICY = (
    "default-src 'none'; img-src http://files.localhost data:{more}; style-src 'unsafe-inline'; form-action 'none'; "
    "base-uri 'self'; frame-ancestors http://localhost:8080; sandbox allow-popups allow-popups-to-escape-sandbox"
)
PNG = b"\x89PNG\r\n\x1a\n"


async def laid_out(post: Post, html: str = "<p>Hello</p>", **more: object) -> EntryValue:
    return await post.arrives(content=Content(text="Hello", html=html, **more))  # type: ignore[arg-type]


async def page_of(post: Post, entry: EntryValue, query: str = "") -> str:
    """The path of the page, as the API tells it to Sales' agent."""
    answer = await post.staff.agent.ask("GET", f"/entries/{entry.id}/html{query}")
    assert answer.status == 200, answer.text
    address: str = answer.body["url"]
    assert address.startswith("http://files.localhost/files/")
    return address.removeprefix("http://files.localhost")


async def test_the_page_stands_on_the_files_host_under_a_policy_that_runs_nothing(post: Post, outside: Outside) -> None:
    got = await outside(await page_of(post, await laid_out(post)), Cookie="hub_session=secret")
    assert got.status == 200
    assert "<p>Hello</p>" in got.text
    assert got.headers["Content-Security-Policy"] == POLICY.format(more="")
    assert got.headers["Content-Type"] == "text/html; charset=utf-8"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Referrer-Policy"] == "no-referrer"
    assert got.headers["Cache-Control"].startswith("private")
    assert "Set-Cookie" not in got.headers


async def test_the_page_is_not_to_be_had_on_the_consoles_host(post: Post, outside: Outside) -> None:
    path = await page_of(post, await laid_out(post))
    for host in (CONSOLE, "127.0.0.1", "files.localhost.evil.example"):
        assert (await outside(path, host=host)).status == 404


async def test_a_message_without_a_laid_out_form_has_no_page(post: Post) -> None:
    entry, ask = await post.arrives(), post.staff.agent.ask
    note = await ask("POST", f"/conversations/{entry.conversation_id}/notes", {"text": "x"})
    for entry_id in (entry.id, note.body["id"], 2**53 - 1):
        for what in ("html", "original"):
            assert (await ask("GET", f"/entries/{entry_id}/{what}")).status == 404


async def test_others_messages_have_no_page_and_no_original(post: Post) -> None:
    raw = await post.keep("mail.eml", b"From: olena@shop.example\r\n\r\nHello")
    entry = await post.arrives(content=Content(text="Hello", html="<p>Hello</p>"), raw=raw)
    for what in ("html", "original"):
        assert (await post.staff.other.ask("GET", f"/entries/{entry.id}/{what}")).status == 404
        assert (await post.staff.agent.ask("GET", f"/entries/{entry.id}/{what}")).status in (200, 302)


async def test_the_original_is_saved_and_never_shown(post: Post, outside: Outside) -> None:
    source = b"From: olena@shop.example\r\nContent-Type: text/html\r\n\r\n<script>steal()</script>"
    entry = await post.arrives(raw=await post.keep("mail.eml", source))
    answer = await post.staff.agent.ask("GET", f"/entries/{entry.id}/original")
    assert (answer.status, answer.text) == (302, "")
    got = await outside(urlsplit(answer.headers["Location"]).path)
    assert (got.status, got.text) == (200, source.decode())
    assert got.headers["Content-Disposition"].startswith('attachment; filename="mail.eml"')
    assert got.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


async def test_only_pictures_of_the_message_itself_are_shown(post: Post, outside: Outside) -> None:
    own, foreign = await post.keep("own.png", PNG), await post.keep("foreign.png", PNG)
    await post.arrives("taras@shop.example", content=Content(text="x", files=(foreign,)))
    html = f'<img src="hub-file:{own.id}"><img src="hub-file:{foreign.id}"><img src="hub-file:9007199254740991">'
    got = await outside(await page_of(post, await laid_out(post, html, files=(own,))))
    assert got.text.count("<img src=") == 1
    assert got.text.count("<img") == 3
    assert "hub-file" not in got.text
    picture = got.text.partition('<img src="')[2].partition('"')[0]
    assert picture.startswith("/files/")
    assert (await outside(picture)).headers["Content-Type"] == "image/png"


async def test_pictures_from_elsewhere_are_loaded_only_when_the_agent_asks(post: Post, outside: Outside) -> None:
    html = '<img data-remote-src="https://evil.example/seen.gif?a=1&amp;b=2" alt="x">'
    entry = await laid_out(post, html)
    without = await outside(await page_of(post, entry))
    assert " src=" not in without.text
    path = await page_of(post, entry, "?pictures=true")
    shown = await outside(path)
    assert path.endswith("/page?pictures")
    assert '<img src="https://evil.example/seen.gif?a=1&amp;b=2" referrerpolicy="no-referrer" alt="x">' in shown.text
    assert shown.headers["Content-Security-Policy"] == POLICY.format(more=" https: http:")


async def test_a_file_that_somebody_sent_is_never_shown_as_a_page(post: Post, outside: Outside) -> None:
    file = await post.keep("message.html", b"<!doctype html><script>steal()</script>")
    await post.arrives(content=Content(text="x", files=(file,)))
    uploaded = await post.upload("message.html", b"<!doctype html><script>steal()</script>")
    for file_id in (file.id, uploaded):
        path = post.house.media.signed_path(file_id)
        assert (await outside(path)).headers["Content-Disposition"].startswith("attachment;")
        assert (await outside(f"{path}/page")).status == 404


async def test_the_laid_out_form_itself_can_only_be_saved(post: Post, outside: Outside) -> None:
    path = await page_of(post, await laid_out(post))
    got = await outside(path.removesuffix("/page"))
    assert got.headers["Content-Type"] == "application/x-hub-message"
    assert got.headers["Content-Disposition"].startswith("attachment;")


async def test_a_link_that_ended_or_was_changed_shows_nothing(
    post: Post, outside: Outside, clock: VirtualClock
) -> None:
    path = await page_of(post, await laid_out(post))
    for wrong in (path.replace("/files/", "/files/A"), path[:20] + "x" + path[21:], "/files//page", "/files/1/page"):
        assert (await outside(wrong)).status == 404
    clock.advance(DAY)
    assert (await outside(path)).status == 404


async def test_what_is_too_large_to_be_shown_is_read_as_text(post: Post, outside: Outside) -> None:
    big = await laid_out(post, "x" * (MOST + 1))
    assert big.text == "Hello"
    assert (await outside(await page_of(post, big))).status == 404


async def test_without_a_host_of_their_own_no_page_is_shown(post: Post) -> None:
    entry = await laid_out(post)
    post.house.settings = post.house.settings.model_copy(update={"files_url": None})
    assert (await post.staff.agent.ask("GET", f"/entries/{entry.id}/html")).status == 404
