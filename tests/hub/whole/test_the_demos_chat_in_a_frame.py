"""The customers' side shows the shop with its chat in a frame, which can call from there."""

from __future__ import annotations

from html.parser import HTMLParser

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from hub.demo import devices, shop


class _Frames(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "iframe":
            self.found.append(dict(attrs))


async def test_the_framed_shop_may_use_the_microphone_and_only_the_hub_may_frame_it() -> None:
    frames = _Frames()
    frames.feed((devices.FOLDER / "index.html").read_text(encoding="utf-8"))
    (frame,) = frames.found
    assert frame["allow"] == "microphone"
    app = web.Application()
    shop.mount(app)
    async with TestClient(TestServer(app)) as browser:
        answer = await browser.get(str(frame["src"]))
        assert answer.status == 200
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
        assert "Permissions-Policy" not in answer.headers
