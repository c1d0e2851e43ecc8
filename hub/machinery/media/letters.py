"""Messages laid out as HTML: what agents write made safe to send, what strangers wrote made safe to show.

Strangers' HTML was cleaned by its channel before it was kept; here it is only put on a page on which nothing runs
and nothing is loaded but the message's own pictures, and those from elsewhere when the agent asks for them.
"""

from __future__ import annotations

import html as escaping
import re
from collections.abc import Callable
from typing import Final

import nh3

_TAGS: Final = {
    *("a", "b", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "hr", "i", "li", "ol", "p", "pre", "s"),
    *("span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"),
}
_OWN_PICTURE: Final = re.compile(r'(\ssrc=")hub-file:(\d{1,16})"')
_REMOTE: Final = re.compile(r'\sdata-remote-src="(https?://[^"]*)"')
_STYLE: Final = (
    "html{background:#fff;color:#1a1d21}body{margin:12px;font:14px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}"
    "img{max-width:100%;height:auto}table{max-width:100%}pre{white-space:pre-wrap}"
    "blockquote{margin:8px 0;padding-left:12px;border-left:3px solid #d5d9e0;color:#5b6470}"
)


def cleaned(html: str) -> str:
    """HTML of an agent, without anything that a mail should not carry. Blocks: give it to a thread."""
    return nh3.clean(html, tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto", "tel"})


def as_html(text: str) -> str:
    """Plain text laid out as it stands."""
    lines = escaping.escape(text).replace("\r\n", "\n").split("\n\n")
    return "".join(f"<p>{line.replace(chr(10), '<br>')}</p>" for line in lines)


def without_pictures(html: str) -> str:
    """A kept message to be quoted in another: its own pictures do not come along."""
    return _OWN_PICTURE.sub("", html)


def page(html: str, url: Callable[[int], str | None], *, pictures: bool) -> str:
    """A whole page that shows a kept message. `url` gives the address of a file that belongs to it."""

    def own(found: re.Match[str]) -> str:
        address = url(int(found[2]))
        return "" if address is None else f'{found[1]}{escaping.escape(address)}"'

    shown = _OWN_PICTURE.sub(own, html)
    if pictures:
        shown = _REMOTE.sub(r' src="\1" referrerpolicy="no-referrer"', shown)
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><base target="_blank">'
    return f"<!doctype html><html><head>{head}<style>{_STYLE}</style></head><body>{shown}</body></html>"


def policy(own: str, console: str, *, pictures: bool) -> str:
    """The Content-Security-Policy of such a page: `own` is the files' origin, `console` the one that frames it."""
    return "; ".join(
        (
            "default-src 'none'",
            f"img-src {own} data:" + (" https: http:" if pictures else ""),
            "style-src 'unsafe-inline'",
            "form-action 'none'",
            "base-uri 'self'",
            f"frame-ancestors {console}",
            "sandbox allow-popups allow-popups-to-escape-sandbox",
        )
    )
