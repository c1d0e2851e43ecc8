"""The customers' side on one page: a telephone, SMS two ways, WhatsApp, Telegram, Viber and a mailbox.

The chat, and its calls, are on the shop's page.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final, Protocol

from aiohttp import hdrs, web

from channels.simulators import viber
from channels.simulators.gateway import Text
from channels.simulators.mail import Letter, NotTaken
from channels.simulators.telegram import Shown
from channels.simulators.twilio import Message
from crm_core.words.errors import Invalid, NotFound
from hub.demo.line import NOBODYS_NUMBER, SHOP_NUMBER, SHOP_SECOND_NUMBER
from hub.demo.providers import (
    LENA,
    LENA_MAIL,
    LENA_NUMBER,
    SHOP_MAIL,
    SHOP_ORDERS,
    SHOP_SHORT_NUMBER,
    SHOP_WHATSAPP,
    Providers,
)

FOLDER: Final = Path(__file__).parent / "customers"
_STYLE, _SCRIPT = "text/css; charset=utf-8", "text/javascript; charset=utf-8"
_KINDS: Final = {
    "customers.css": _STYLE,
    "customers.js": _SCRIPT,
    "telephone.css": _STYLE,
    "telephone.js": _SCRIPT,
    "sounds.js": _SCRIPT,
}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; frame-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_MOST: Final = 4 * 2**20

Json = dict[str, Any]


class Presses(Protocol):
    """Somebody before whom buttons stand."""

    def press(self, label: str) -> None: ...


class Customers:
    """What stands on Lena's devices, and what she does with them."""

    def __init__(self, providers: Providers) -> None:
        self._providers = providers

    def mount(self, app: web.Application) -> None:
        """Add `/demo/customers` and what it is made of."""
        app.router.add_get("/demo/customers", self._page)
        app.router.add_get("/demo/customers/events", self._events)
        app.router.add_get("/demo/customers/{name}", self._part)
        app.router.add_post("/demo/customers/{device}", self._act)

    async def _page(self, _request: web.Request) -> web.FileResponse:
        headers = {hdrs.CONTENT_TYPE: "text/html; charset=utf-8", hdrs.CONTENT_SECURITY_POLICY: _POLICY}
        return web.FileResponse(FOLDER / "index.html", headers=headers)

    async def _part(self, request: web.Request) -> web.FileResponse:
        kind = _KINDS.get(request.match_info["name"])
        if kind is None:
            raise NotFound
        return web.FileResponse(FOLDER / request.match_info["name"], headers={hdrs.CONTENT_TYPE: kind})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: first all that stands there, then what comes."""
        response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: "text/event-stream", hdrs.CACHE_CONTROL: "no-store"})
        await response.prepare(request)
        news: asyncio.Queue[Json] = asyncio.Queue()
        async with asyncio.TaskGroup() as group:
            watchers = [
                group.create_task(_forward(self._providers.phone.messages(), _text, news)),
                group.create_task(_forward(self._providers.telephone.watch(), dict, news)),
                group.create_task(_forward(self._providers.whatsapp.messages(), _text, news)),
                group.create_task(_forward(self._providers.person.watch(), _chat, news)),
                group.create_task(_forward(self._providers.viber.watch(), _viber, news)),
                group.create_task(_forward(self._providers.handset.messages(), _short, news)),
                group.create_task(_forward(self._providers.box.letters(), _letter, news)),
            ]
            try:
                await asyncio.sleep(0)
                await _send(response, {"device": "all", "who": _WHO, "seen": self._all()})
                while True:
                    await _send(response, await news.get())
            except (ConnectionError, asyncio.CancelledError):
                pass
            finally:
                for watcher in watchers:
                    watcher.cancel()
        return response

    def _all(self) -> list[Json]:
        return [
            self._providers.telephone.seen(),
            *(_text(m) for m in self._providers.cloud.messages if m.inbound or m.error_code is None),
            *(_chat(s) for s in self._providers.person.screen),
            *(_viber(s) for s in self._providers.viber.screen),
            *(_short(text) for text in self._providers.handset.kept),
            *(_letter(one) for one in self._providers.box.kept),
        ]

    async def _act(self, request: web.Request) -> web.Response:
        """Lena does something; only from this page, since a foreign one cannot set the header."""
        if hdrs.ORIGIN in request.headers and request.headers.get("X-Hub-Request") != "1":
            raise NotFound
        acts = {
            "phone": self._providers.telephone.act,
            "sms": self._sms,
            "gateway": self._gateway,
            "whatsapp": self._whatsapp,
            "telegram": self._telegram,
            "viber": self._viber,
            "mail": self._mail,
        }
        act = acts.get(request.match_info["device"])
        if act is None:
            raise NotFound
        said = await request.json()
        if not isinstance(said, dict):
            raise Invalid("Say what she does.")
        return web.json_response(await act(said))

    async def _sms(self, said: Json) -> Json:
        text = str(said.get("text", ""))
        sid, status = await self._providers.phone.text(SHOP_NUMBER, text)
        return {"device": "sms", "id": sid, "mine": True, "text": text, "status": status}

    async def _gateway(self, said: Json) -> Json:
        self._providers.handset.text(SHOP_SHORT_NUMBER, str(said.get("text", "")))
        return {}

    async def _whatsapp(self, said: Json) -> Json:
        phone, shop = self._providers.whatsapp, f"whatsapp:{SHOP_WHATSAPP}"
        match said:
            case {"read": str(seen)}:
                for message in phone.received:
                    if message.sid == seen and message.status != "read":
                        phone.read(message)
                return {}
            case {"place": True}:
                sid, status = await phone.share_place(shop, 52.2297, 21.0122, "Plac Defilad 1, Warszawa")
            case {"photo": str(encoded)}:
                content = _bytes(encoded)
                sid, status = await phone.text(shop, "", media=[(_kind(content), content)])
            case _:
                sid, status = await phone.text(shop, str(said.get("text", "")))
        sent = next(m for m in self._providers.cloud.messages if m.sid == sid)
        return {**_text(sent), "status": status}

    async def _telegram(self, said: Json) -> Json:
        person = self._providers.person
        match said:
            case {"contact": True}:
                person.share_contact(LENA_NUMBER)
            case {"press": str(label)}:
                _press(person, label)
            case {"photo": str(encoded)}:
                person.send_photo(_bytes(encoded), caption=str(said.get("text", "")) or None)
            case {"edit": int(message_id), "text": str(text)}:
                person.edit(message_id, text)
            case {"blocked": bool(is_blocked)}:
                (person.block if is_blocked else person.unblock)()
            case _:
                person.write(str(said.get("text", "")))
        return {}

    async def _viber(self, said: Json) -> Json:
        person = self._providers.viber
        match said:
            case {"read": str(seen)}:
                person.read(int(seen))
            case {"press": str(label)}:
                _press(person, label)
            case {"photo": str(encoded)}:
                person.send_photo(_bytes(encoded))
            case {"place": True}:
                person.send_place(52.2297, 21.0122)
            case {"blocked": bool(is_blocked)}:
                (person.leave if is_blocked else person.subscribe)()
            case _:
                person.write(str(said.get("text", "")))
        return {}

    async def _mail(self, said: Json) -> Json:
        kept = self._providers.box.kept
        answers = next((one for one in reversed(kept) if one.message_id == said.get("answers")), None)
        files = [(str(f.get("name", "file")), _bytes(str(f.get("content", "")))) for f in said.get("files", [])]
        try:
            await self._providers.box.write(
                SHOP_ORDERS if said.get("to") == SHOP_ORDERS else SHOP_MAIL,
                str(said.get("subject", "")).replace("\n", " ").replace("\r", " "),
                str(said.get("text", "")),
                port=self._providers.mail_port,
                answers=answers,
                files=files,
            )
        except NotTaken as error:
            raise Invalid("The mail server did not take it. Try again in a moment.") from error
        return {}


_WHO: Final = {
    "name": LENA,
    "number": LENA_NUMBER,
    "mail": LENA_MAIL,
    "shop_number": SHOP_NUMBER,
    "shop_second_number": SHOP_SECOND_NUMBER,
    "nobodys_number": NOBODYS_NUMBER,
    "shop_short_number": SHOP_SHORT_NUMBER,
    "shop_whatsapp": SHOP_WHATSAPP,
    "shop_mail": SHOP_MAIL,
    "shop_orders": SHOP_ORDERS,
}


def _press(person: Presses, label: str) -> None:
    try:
        person.press(label)
    except LookupError as error:
        raise NotFound("There is no such button.") from error


async def _forward(source: AsyncIterator[Any], shown: Callable[[Any], Json], news: asyncio.Queue[Json]) -> None:
    async for one in source:
        news.put_nowait(shown(one))


async def _send(response: web.StreamResponse, event: Json) -> None:
    await response.write(f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode())


def _text(message: Message) -> Json:
    place = f"📍 {message.extra['Label']}" if "Label" in message.extra else ""
    return {
        "device": "whatsapp" if message.to.startswith("whatsapp:") else "sms",
        "id": message.sid,
        "mine": message.inbound,
        "text": message.body or place,
        "links": list(message.media_urls),
        "files": [_file("Photo", one.content) for one in message.media],
    }


def _chat(shown: Shown) -> Json:
    return {
        "device": "telegram",
        "id": shown.message_id,
        "mine": shown.mine,
        "text": shown.text,
        "buttons": list(shown.buttons),
        "typing": shown.typing,
        "files": [_file(name, content) for name, content in shown.files],
    }


def _viber(shown: viber.Shown) -> Json:
    place = f"📍 {shown.place[0]}, {shown.place[1]}" if shown.place else ""
    return {
        "device": "viber",
        # Its 64 bits would not survive a number of JavaScript.
        "id": str(shown.token),
        "mine": shown.mine,
        "text": shown.text or place,
        "buttons": [text for text, said in shown.buttons if not _is_address(said)],
        "doors": [{"text": text, "address": said} for text, said in shown.buttons if _is_address(said)],
        "links": [address for _, address in shown.links],
        "files": [_file(name, content) for name, content in shown.files],
        "seen": shown.is_seen,
    }


def _is_address(said: str) -> bool:
    return said.startswith(("https://", "http://"))


def _short(text: Text) -> Json:
    return {"device": "gateway", "id": text.id, "mine": text.inbound, "text": text.text}


def _letter(letter: Letter) -> Json:
    return {
        "device": "mail",
        "id": letter.message_id,
        "mine": letter.mine,
        "from": letter.sender,
        "subject": letter.subject,
        "text": letter.text,
        "files": [_file(name, content) for name, content in letter.files],
    }


def _file(name: str, content: bytes) -> Json:
    is_picture = content.startswith((b"\x89PNG", b"\xff\xd8\xff")) and len(content) < _MOST
    shown = f"data:{_kind(content)};base64,{base64.b64encode(content).decode()}" if is_picture else ""
    return {"name": name, "size": len(content), "picture": shown}


def _kind(picture: bytes) -> str:
    return "image/png" if picture.startswith(b"\x89PNG") else "image/jpeg"


def _bytes(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("A file has to come in base 64.") from None
