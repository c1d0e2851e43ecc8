"""A message of ours, as the requests that Viber takes. Pure: files go by links, which Viber fetches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from channels.contract import OutboundMessage, Refused
from crm_core.words.addresses import VIBER
from crm_core.words.content import Button, FileRef
from crm_core.words.values import FileValue

MAX_TEXT: Final = 7_000
MAX_FILE: Final = 50 * 1024 * 1024
MAX_BUTTONS: Final = 6
_MAX_PICTURE: Final = 1024 * 1024
_MAX_CAPTION: Final = 512
_MAX_NAME: Final = 256
_API: Final = 7
"""The version of Viber's apps from which on they show all of this; older ones are told to update."""

Request = dict[str, Any]


def requests(message: OutboundMessage, sender_name: str, link: Callable[[FileRef], str]) -> list[Request]:
    """What to post to `send_message`, in order. Raises Refused for what no bot can send."""
    receiver = message.thread or (message.to.value if message.to.scheme == VIBER else "")
    if not receiver:
        raise Refused("This is no Viber address.")
    content, text = message.content, message.content.text.strip()
    if len(text) > MAX_TEXT:
        raise Refused(f"Viber takes at most {MAX_TEXT} characters.")
    known = {file.id: file for file in message.entry.files}
    files = [_file(known.get(ref.id), link(ref)) for ref in content.files]
    if text and len(files) == 1 and files[0]["type"] == "picture" and len(text) <= _MAX_CAPTION:
        files[0]["text"] = text
        text = ""
    asked: list[Request] = [{"type": "text", "text": text}] if text else []
    asked += files
    if content.place is not None:
        spot = {"lat": content.place.latitude, "lon": content.place.longitude}
        asked.append({"type": "location", "location": spot})
    if not asked:
        raise Refused("There is nothing to send.")
    if content.buttons:
        asked[-1]["keyboard"] = _keyboard(content.buttons)
    same = {"receiver": receiver, "sender": {"name": sender_name}, "min_api_version": _API}
    return [{**same, **request} for request in asked]


def _file(file: FileValue | None, url: str) -> Request:
    if file is None:
        raise Refused("A file of this message is gone.")
    if file.size > MAX_FILE:
        raise Refused("A file is larger than Viber takes.")
    if file.type == "image/jpeg" and file.size <= _MAX_PICTURE:
        return {"type": "picture", "media": url, "text": ""}
    return {"type": "file", "media": url, "size": file.size, "file_name": file.name[-_MAX_NAME:]}


def _keyboard(buttons: Sequence[Button]) -> Request:
    if len(buttons) > MAX_BUTTONS:
        raise Refused(f"Viber shows at most {MAX_BUTTONS} buttons here.")
    return {
        "Type": "keyboard",
        "Buttons": [
            {
                "ActionType": "open-url" if button.url else "reply",
                "ActionBody": button.url or button.key or button.text,
                "Text": button.text,
            }
            for button in buttons
        ],
    }
