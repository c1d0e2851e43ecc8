from __future__ import annotations

import json
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from hub.api.chat import STATIC
from tests.hub.chat.conftest import KEY, Enter, Hub, Visitor, user

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)


async def test_only_pages_of_the_account_and_our_own_open_a_socket(hub: Hub) -> None:
    for origin in (hub.url, "https://shop.example"):
        visitor = await hub.visitor(origin=origin)
        assert (await visitor.hello())["type"] == "welcome"
    port = urlsplit(hub.url).port
    for foreign in (
        "https://evil.example",
        "null",
        "",
        "http://shop.example",
        "https://shop.example.evil.example",
        "https://shop.example:8443",
        f"https://localhost:{port}",
        f"{hub.url}.evil.example",
    ):
        assert await hub.knock(f"/chat/{KEY}", Origin=foreign) == 403, foreign
    assert await hub.knock(f"/chat/{KEY}") == 403


async def test_a_token_in_the_address_is_refused(hub: Hub, enter: Enter) -> None:
    visitor: Visitor = await enter()
    for query in (f"token={visitor.token}", "x=1", "access_token=a"):
        assert await hub.knock(f"/chat/{KEY}?{query}", Origin=hub.url) == 400


async def test_an_unknown_key_is_not_found(hub: Hub) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await hub.visitor(key="nobody")
    assert refused.value.response.status_code == 404
    for path in ("/chat/nobody/config", "/widget/chat.html?key=nobody", "/widget/chat.html"):
        async with hub.http.get(hub.url + path) as answer:
            assert answer.status == 404


async def test_a_frame_beyond_all_measure_closes_its_own_socket_only(hub: Hub, enter: Enter) -> None:
    calm: Visitor = await enter()
    large: Visitor = await enter()
    with suppress(ConnectionClosed):
        await large.say("x" * 10_000_000)
    assert await large.gone() in (1009, 1006)
    assert (await calm.send("message-1", "still here"))["type"] == "ack"


async def test_a_megabyte_is_refused_in_words(hub: Hub, enter: Enter) -> None:
    visitor: Visitor = await enter()
    await visitor.say({"type": "send", "client_message_id": "message-1", "text": "x" * 1_000_000})
    assert (await visitor.hear("problem"))["code"] == "too_large"
    assert (await visitor.send("message-1", "shorter"))["type"] == "ack"


async def test_a_flood_is_cut_off_and_hurts_nobody_else(hub: Hub, enter: Enter) -> None:
    calm: Visitor = await enter()
    flood: Visitor = await enter()
    with suppress(ConnectionClosed):
        for _ in range(2_000):
            await flood.say('{"type":"typing","on":true}')
    assert await flood.gone() == 1008
    assert (await calm.send("message-1", "still here"))["type"] == "ack"


async def test_rubbish_never_ends_the_process(hub: Hub, enter: Enter) -> None:
    for frame in (
        "{",
        "\0",
        "[" * 100_000,
        b"\xff\xfe",
        '{"type":"send","text":{"a":1}}',
        '{"type":"hello","token":[]}',
    ):
        before_hello = await hub.visitor()
        await before_hello.say(frame)
        assert (await before_hello.hear())["code"] == "not_understood"
        visitor: Visitor = await enter()
        await visitor.say(frame)
        assert (await visitor.hear("problem"))["code"] == "not_understood"
        assert (await visitor.send("message-1", "hello"))["type"] == "ack"


async def test_a_picture_goes_along_with_a_message(hub: Hub, enter: Enter) -> None:
    visitor: Visitor = await enter()
    status, file = await hub.upload(visitor.token, "%D1%84%D0%BE%D1%82%D0%BE.png", PNG)
    assert (status, file["name"], file["type"]) == (201, "фото.png", "image/png")
    ack = await visitor.send("message-1", "", files=[file["id"]])
    shown = ack["entry"]["files"][0]
    async with hub.http.get(shown["url"]) as answer:
        assert await answer.read() == PNG
    assert (await visitor.send("message-1", "", files=[file["id"]]))["entry"] == ack["entry"]
    assert (await visitor.send("message-2", "again", files=[file["id"]]))["code"] == "not_found"


async def test_a_file_belongs_to_whoever_uploaded_it(hub: Hub, enter: Enter) -> None:
    mine: Visitor = await enter()
    theirs: Visitor = await enter()
    _, file = await hub.upload(mine.token, "a.png", PNG)
    assert (await theirs.send("message-1", "look", files=[file["id"]]))["code"] == "not_found"
    assert (await mine.send("message-1", "look", files=[file["id"]]))["type"] == "ack"


async def test_without_a_living_token_nothing_is_uploaded(hub: Hub, enter: Enter) -> None:
    anna: Visitor = await enter(user=user("anna"))
    await enter(user=user("boris"), token=anna.token)
    await hub.account("other-key")
    other: Visitor = await enter(key="other-key")
    for token in ("", "nonsense", "x" * 5_000, anna.token, other.token):
        status, problem = await hub.upload(token, "a.png", PNG)
        assert (status, problem["code"]) == (401, "not_signed_in"), token[:20]
    living: Visitor = await enter()
    assert (await hub.upload(living.token, "a.png", PNG, Origin="https://evil.example"))[0] == 403


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
        ("x.png", b"<!doctype html><script>alert(1)</script>"),
        ("..%2F..%2Fetc%2Fpasswd", b"text"),
        ("a%0D%0ASet-Cookie%3A%20x%3D1.txt", b"text"),
        ("%E2%80%AEgnp.exe", b"MZ\0\0"),
        ("%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E.png", PNG),
        ("CON", b"text"),
        ("", b"text"),
        ("%00%00", b"text"),
        ("%FF%FE", b"text"),
        ("a" * 4_000, b"text"),
    ],
)
async def test_a_strangers_file_is_never_shown_as_a_page(hub: Hub, enter: Enter, name: str, content: bytes) -> None:
    visitor: Visitor = await enter()
    status, file = await hub.upload(visitor.token, name, content)
    assert status == 201
    assert not any(c in file["name"] for c in "\r\n\0/\\\u202e")
    assert 0 < len(file["name"]) <= 200
    ack = await visitor.send("message-1", "here", files=[file["id"]])
    async with hub.http.get(ack["entry"]["files"][0]["url"]) as answer:
        assert answer.status == 200
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert "Set-Cookie" not in answer.headers
        if content is not PNG:
            assert answer.headers["Content-Disposition"].startswith("attachment")
            assert "html" not in answer.headers["Content-Type"]
            assert "svg" not in answer.headers["Content-Type"]


async def test_limits_of_size_and_type_are_told_in_words(hub: Hub, enter: Enter) -> None:
    await hub.account("strict-key", max_file_bytes=100, file_types=["image/*"])
    visitor: Visitor = await enter(key="strict-key")
    large, small = await hub.upload(visitor.token, "a.png", PNG + b"\0" * 200, key="strict-key"), None
    assert (large[0], large[1]["code"]) == (413, "too_large")
    small = await hub.upload(visitor.token, "a.png", b"no picture", key="strict-key")
    assert (small[0], small[1]["code"]) == (422, "invalid")
    assert (await hub.upload(visitor.token, "a.png", PNG, key="strict-key"))[0] == 201
    await hub.account("no-files-key", max_file_bytes=0)
    bare: Visitor = await enter(key="no-files-key")
    assert (await hub.upload(bare.token, "a.png", PNG, key="no-files-key"))[0] == 422


async def test_the_public_settings_hold_no_secret(hub: Hub) -> None:
    async with hub.http.get(f"{hub.url}/chat/{KEY}/config") as answer:
        config = await answer.json()
    assert "https://shop.example" in config["origins"]
    assert hub.url in config["origins"]
    assert "secret" not in json.dumps(config)


async def test_only_allowed_pages_may_frame_the_chat(hub: Hub) -> None:
    if not (STATIC / "chat.html").is_file():
        async with hub.http.get(f"{hub.url}/widget/chat.html?key={KEY}") as answer:
            assert answer.status == 404
        return
    async with hub.http.get(f"{hub.url}/widget/chat.html?key={KEY}") as answer:
        policy = answer.headers["Content-Security-Policy"]
    ancestors = policy.partition("frame-ancestors ")[2].partition(";")[0].split()
    port = urlsplit(hub.url).port
    assert set(ancestors) == {"'self'", f"http://localhost:{port}", "https://shop.example"}
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "name", ["..%2Floader.js", "..%2f..%2f..%2fapp.py", "%2e%2e", ".vite", "x%5c..%5cy.js", "a.py"]
)
async def test_the_widgets_folder_gives_out_nothing_else(hub: Hub, name: str) -> None:
    async with hub.http.get(f"{hub.url}/widget/assets/{name}") as answer:
        assert answer.status == 404
