"""What strangers sent is given out to whoever holds a link, from a host that knows nobody, and runs nothing."""

from __future__ import annotations

import io
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import hdrs, web
from aiohttp.test_utils import TestServer
from PIL import Image
from sqlalchemy import delete, insert
from yarl import URL

from crm_core.files.model import File
from crm_core.store.transaction import Tx
from crm_core.words.clock import DAY
from hub.api import files, health
from hub.api.files import files_origin_guard
from hub.api.middleware import add_headers, identified, worded
from hub.config import Settings
from hub.keys import HOUSE, House
from hub.machinery.media import FileStore, StoredFile
from tests.peers.clock import VirtualClock

FILES = "files.localhost"
CONSOLE = "localhost:8080"

SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
HTML = b"<!doctype html><script>alert(1)</script>"


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(out, "PNG")
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Got:
    status: int
    content: bytes
    headers: Mapping[str, str]


@dataclass(slots=True)
class Browser:
    """Asks the hub under a host name of its choice."""

    http: aiohttp.ClientSession
    server: TestServer
    house: House

    async def __call__(self, path: str, *, host: str = FILES, method: str = "GET", **headers: str) -> Got:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        address = URL(f"http://127.0.0.1:{self.server.port}{path}", encoded=True)
        asked = self.http.request(method, address, headers={"Host": host, **named}, allow_redirects=False)
        async with asked as answer:
            return Got(answer.status, await answer.read(), answer.headers)

    async def share(self, content: bytes, name: str = "a") -> str:
        """The path of a link to a file with these bytes."""
        return await self.link(await self.house.media.receive(_once(content), name))

    async def link(self, stored: StoredFile) -> str:
        return self.house.media.signed_path(await self.house.db.write(_kept, stored))


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _kept(tx: Tx, stored: StoredFile) -> int:
    facts = {name: getattr(stored, name) for name in ("stored_as", "name", "type", "size", "sha256", "width", "height")}
    file_id = tx.new_id()
    owner = {"uploader_kind": "agent", "uploader_id": 1, "created_at": tx.now}
    tx.execute(insert(File), {"id": file_id, "ws": tx.ws, **facts, **owner})
    return file_id


async def _anything(_request: web.Request) -> web.Response:
    return web.Response(text="console")


@pytest.fixture
async def browse(house: House) -> AsyncIterator[Browser]:
    app = web.Application(middlewares=[identified, worded, files_origin_guard(house.settings)])
    app[HOUSE] = house
    app.on_response_prepare.append(add_headers)
    files.mount(app)
    health.mount(app)
    app.router.add_route("*", "/{path:(?!files/).*}", _anything)
    async with TestServer(app) as server, aiohttp.ClientSession(auto_decompress=False) as http:
        yield Browser(http, server, house)


async def test_a_picture_is_shown_in_place_and_may_run_nothing(browse: Browser) -> None:
    content = picture()
    got = await browse(await browse.share(content, "Urlaub ☀.png"), Cookie="hub_session=secret")
    assert (got.status, got.content) == (200, content)
    assert got.headers[hdrs.CONTENT_TYPE] == "image/png"
    assert got.headers[hdrs.X_CONTENT_TYPE_OPTIONS] == "nosniff"
    assert got.headers[hdrs.CONTENT_SECURITY_POLICY] == "default-src 'none'; sandbox"
    assert (
        got.headers[hdrs.CONTENT_DISPOSITION]
        == "inline; filename=\"Urlaub _.png\"; filename*=UTF-8''Urlaub%20%E2%98%80.png"
    )
    assert got.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert got.headers[hdrs.CACHE_CONTROL].startswith("private, max-age=")
    assert hdrs.SET_COOKIE not in got.headers


async def test_a_shown_file_can_be_saved_instead(browse: Browser) -> None:
    got = await browse(await browse.share(picture(), "a.png") + "?download")
    assert got.headers[hdrs.CONTENT_DISPOSITION] == 'attachment; filename="a.png"'


SAVED = [
    (SVG, "application/octet-stream"),
    (HTML, "application/octet-stream"),
    (b"<?xml version='1.0'?><a/>", "application/octet-stream"),
    (b"%PDF-1.7 /JS (app.alert(1))", "application/pdf"),
    (b"alert(document.domain)", "text/plain; charset=utf-8"),
    (b"GIF89a=1;alert(1)", "text/plain; charset=utf-8"),
    (b"\0asm\1\0\0\0", "application/octet-stream"),
    (b"", "text/plain; charset=utf-8"),
    (picture()[:20], "image/png"),
]


async def test_everything_else_can_only_be_saved(browse: Browser) -> None:
    for content, served in SAVED:
        got = await browse(await browse.share(content, "x.png"))
        assert (got.status, got.content) == (200, content)
        assert got.headers[hdrs.CONTENT_TYPE] == served
        assert got.headers[hdrs.CONTENT_DISPOSITION].startswith("attachment;")
        assert got.headers["Cross-Origin-Resource-Policy"] == "same-origin"


SPELLINGS = [
    *("image/svg+xml", "image/svg+xml; x", "IMAGE/SVG+XML", "image/svg+xml;charset=utf-8", "image/svg+xml,text/html"),
    *("image/svg", "image/svg+xml\t", " image/svg+xml", "image/svg%2bxml", "image/png, image/svg+xml", "image/png;"),
    *("text/html", "text/html; charset=utf-7", "TEXT/HTML", "text/html,", "text/html\x0b", "text/html image/png"),
    *("application/xhtml+xml", "application/xml", "text/xml", "application/mathml+xml", "application/xslt+xml"),
    *("image/png", "image/png; type=text/html", "image/jpeg", "image/gif", "image/webp", "image/*", "*/*", ""),
    *("text/javascript", "application/javascript", "text/x-server-parsed-html", "multipart/x-mixed-replace"),
    *("application/x-shockwave-flash", "application/pdf", "message/rfc822", "x/y", "image", "/", "image/png/html"),
    *("video/mp4", "audio/mpeg", "application/x-www-form-urlencoded"),
]


@pytest.mark.parametrize("declared", SPELLINGS)
async def test_no_spelling_of_a_content_type_makes_a_script_a_picture(
    declared: str, tmp_path: Path, clock: VirtualClock
) -> None:
    uploads: list[StoredFile] = []
    media = FileStore.open(Settings(data_dir=tmp_path), b"k" * 48, clock)

    async def upload(request: web.Request) -> web.Response:
        part = await (await request.multipart()).next()
        assert isinstance(part, aiohttp.BodyPartReader)

        async def chunks() -> AsyncIterator[bytes]:
            while chunk := await part.read_chunk():
                yield chunk

        uploads.append(await media.receive(chunks(), part.filename or ""))
        return web.Response()

    app = web.Application()
    app.router.add_post("/up", upload)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        for content, kind in ((SVG, "image/svg+xml"), (HTML, "text/html")):
            body = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\nContent-Type: '
            body += declared.encode() + b"\r\n\r\n" + content + b"\r\n--b--\r\n"
            headers = {hdrs.CONTENT_TYPE: "multipart/form-data; boundary=b"}
            async with http.post(server.make_url("/up"), data=body, headers=headers) as answer:
                assert answer.status in (200, 400, 500)
                if answer.status == 200:
                    assert uploads.pop().type == kind


HOSTILE_NAMES = [
    '"><img src=x onerror=alert(1)>.png',
    "a\r\nSet-Cookie: hub_session=evil\r\n\r\n<script>",
    "\u202egnp.exe",
    "../../../../etc/passwd",
    "..\\..\\boot.ini",
    "a;filename=b.html",
    "a\0.html.png",
    "CON",
    "x" * 4096 + ".png",
    "\ud800.png",
    "照片%22.png",
    "",
]


async def test_no_name_breaks_out_of_its_header(browse: Browser) -> None:
    for name in HOSTILE_NAMES:
        got = await browse(await browse.share(b"x", name))
        assert got.status == 200
        assert hdrs.SET_COOKIE not in got.headers
        header = got.headers[hdrs.CONTENT_DISPOSITION]
        assert header.startswith("attachment; filename=")
        assert header.count('"') == 2
        assert header.isascii()


NO_LINKS = [
    "/files/",
    "/files/..",
    "/files/../secret.key",
    "/files/..%2fsecret.key",
    "/files/%2e%2e%2fsecret.key",
    "/files/..%5csecret.key",
    "/files/%00",
    "/files/%252e%252e%252f",
    "/files//etc/passwd",
    "/files/AAAA",
    "/files/1",
    "/files/%C3%A9",
    "/files/" + "A" * 3000,
    "//files/x",
    "/FILES/x",
]


async def test_a_path_that_is_no_link_finds_nothing(browse: Browser) -> None:
    for path in NO_LINKS:
        got = await browse(path, host=FILES)
        assert got.status in (307, 404), path
        assert b"passwd" not in got.content


async def test_a_link_that_ended_was_forged_or_changed_finds_nothing(browse: Browser, house: House) -> None:
    ours, other = await browse.share(b"one"), await browse.share(b"two")
    for path in (ours[:-1], ours + "A", ours[:20] + other[20:], ours[:7] + ours[7:].swapcase()):
        assert (await browse(path)).status == 404
    house.clock.advance(DAY)  # type: ignore[attr-defined]
    assert (await browse(ours)).status == 404


async def test_a_deleted_file_finds_nothing_be_it_its_row_or_its_bytes(browse: Browser, house: House) -> None:
    stored = await house.media.receive(_once(b"bytes"), "a")
    path = await browse.link(stored)
    await house.media.remove(stored.stored_as)
    assert (await browse(path)).status == 404
    second = await browse.share(b"two")
    await house.db.write(lambda tx: tx.changed(delete(File)))
    assert (await browse(second)).status == 404


SOUND = b"ID3\x04" + os.urandom(99_996)


PARTS = [
    ("bytes=0-", 0, 99_999),
    ("bytes=0-0", 0, 0),
    ("bytes=10-19", 10, 19),
    ("bytes=99990-200000", 99_990, 99_999),
    ("bytes=-5", 99_995, 99_999),
    ("bytes=-999999", 0, 99_999),
]


async def test_a_player_may_ask_for_a_part(browse: Browser) -> None:
    path = await browse.share(SOUND)
    for asked, first, last in PARTS:
        got = await browse(path, Range=asked)
        assert got.status == 206
        assert got.headers[hdrs.CONTENT_RANGE] == f"bytes {first}-{last}/100000"
        assert got.content == SOUND[first : last + 1]


async def test_a_part_behind_the_end_is_refused_and_nonsense_is_no_range(browse: Browser) -> None:
    path = await browse.share(SOUND)
    behind = await browse(path, Range="bytes=100000-")
    assert (behind.status, behind.headers[hdrs.CONTENT_RANGE]) == (416, "bytes */100000")
    for asked in ("bytes=9-3", "lines=1-2", "bytes=a-b", "bytes=0-1,5-9", ""):
        got = await browse(path, Range=asked)
        assert (got.status, len(got.content)) == (200, 100_000)


async def test_a_part_of_what_changed_meanwhile_is_the_whole(browse: Browser) -> None:
    path = await browse.share(SOUND)
    tag = (await browse(path)).headers[hdrs.ETAG]
    assert (await browse(path, Range="bytes=0-9", If_Range=tag)).status == 206
    assert (await browse(path, Range="bytes=0-9", If_Range='"other"')).status == 200
    again = await browse(path, If_None_Match=tag)
    assert (again.status, again.content) == (304, b"")


async def test_the_head_of_a_file_tells_its_size_without_its_bytes(browse: Browser) -> None:
    got = await browse(await browse.share(SOUND), method="HEAD")
    assert (got.status, got.content, got.headers[hdrs.CONTENT_LENGTH]) == (200, b"", "100000")


async def test_files_are_only_given_out_here(browse: Browser) -> None:
    path = await browse.share(b"x")
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert (await browse(path, method=method)).status == 405


async def test_files_are_not_to_be_had_on_any_other_host(browse: Browser) -> None:
    path = await browse.share(picture())
    for host in (CONSOLE, "127.0.0.1", "hub.example.com", "files.localhost.evil.example", "FILES"):
        assert (await browse(path, host=host)).status == 404


async def test_the_files_host_has_files_only(browse: Browser) -> None:
    for path in ("/console/", "/api/v1/session", "/live", "/widget.js", "/in/key", "/"):
        assert (await browse(path, host=CONSOLE)).content == b"console"
        assert (await browse(path, method="POST")).status == 404
        assert (await browse(path, Upgrade="websocket")).status == 404
        sent_on = await browse(path)
        assert (sent_on.status, sent_on.headers[hdrs.LOCATION]) == (307, f"http://{CONSOLE}{path}")
    assert (await browse("/healthz")).content == b"alive\n"


async def test_in_production_nobody_is_sent_on_from_the_files_host() -> None:
    settings = Settings(public_url="https://hub.example", files_url="https://files.example")
    app = web.Application(middlewares=[web.middleware(_not_found_worded), files_origin_guard(settings)])
    app.router.add_get("/{path:.*}", _anything)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        for host, status in (("hub.example", 200), ("files.example", 404), ("FILES.example", 404)):
            async with http.get(server.make_url("/console/"), headers={"Host": host}) as answer:
                assert answer.status == status


async def _not_found_worded(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        answer: web.StreamResponse = await handler(request)
    except Exception:
        return web.Response(status=404)
    return answer


async def test_without_a_host_of_their_own_files_are_only_saved(house: House) -> None:
    house.settings = house.settings.model_copy(update={"files_url": None})
    app = web.Application(middlewares=[identified, worded, files_origin_guard(house.settings)])
    app[HOUSE] = house
    files.mount(app)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        browse = Browser(http, server, house)
        got = await browse(await browse.share(picture(), "a.png"), host="localhost:8080")
    assert got.status == 200
    assert got.headers[hdrs.CONTENT_DISPOSITION] == 'attachment; filename="a.png"'
