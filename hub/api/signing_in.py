"""One-time sign-in links. Opening one shows a page; only what that page sends uses the link up: previews do not."""

from __future__ import annotations

import secrets
from html import escape
from typing import Final

from aiohttp import web

from crm_core.words.errors import HubError
from hub.api.authentication import COOKIE, peer_address, refuse_foreign, set_session_cookie
from hub.auth.gate import From
from hub.keys import HOUSE

_STYLE: Final = """
:root{color-scheme:light dark}body{margin:0;min-height:100vh;display:grid;place-items:center;
font:16px/1.5 system-ui,sans-serif;background:light-dark(#f5f7f9,#0d1117);color:light-dark(#1b2430,#e6edf3)}
main{text-align:center;padding:2rem;max-width:26rem}h1{font-size:1.4rem;margin:0 0 .5rem}p{margin:0 0 1.5rem}
button,a{display:inline-block;font:inherit;font-weight:600;padding:.7rem 1.6rem;border:0;border-radius:10px;
background:#0b57d0;color:#fff;cursor:pointer;text-decoration:none}
button:focus-visible,a:focus-visible{outline:3px solid light-dark(#1b2430,#fff);outline-offset:3px}
"""
_SCRIPT: Final = "document.getElementById('go').submit()"
"""A browser goes on by itself; what only fetches the page (mail scanners, previews) does not."""


def mount(app: web.Application) -> None:
    """Add the page and what it sends."""
    app.router.add_route("GET", "/sign-in/{token}", _show)
    app.router.add_route("POST", "/sign-in/{token}", _use)


async def _show(request: web.Request) -> web.Response:
    action = escape(request.rel_url.raw_path)
    form = (
        f'<h1>Switchboard</h1><p>You are being signed in.</p><form id="go" method="post" action="{action}">'
        "<button autofocus>Sign in</button></form>"
    )
    return _page(form, script=_SCRIPT)


async def _use(request: web.Request) -> web.StreamResponse:
    house = request.app[HOUSE]
    try:
        refuse_foreign(request, house)
        secret = await house.gate.sign_in_by_link(
            request.match_info["token"],
            From(
                peer=peer_address(request, house),
                label=request.headers.get("User-Agent", ""),
                instead_of=request.cookies.get(COOKIE, ""),
            ),
        )
    except HubError as error:
        words = f'<h1>Switchboard</h1><p>{escape(str(error))}</p><a href="/console/">Sign in</a>'
        return _page(words, status=error.status)
    response = web.Response(status=303, headers={"Location": "/console/"})
    set_session_cookie(response, secret, house)
    return response


def _page(body: str, *, status: int = 200, script: str = "") -> web.Response:
    nonce = secrets.token_urlsafe(16)
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    run = f'<script nonce="{nonce}">{script}</script>' if script else ""
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in · Switchboard</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f'<style nonce="{nonce}">{_STYLE}</style></head><body><main>{body}</main>{run}</body></html>'
    )
    return web.Response(text=text, status=status, content_type="text/html", headers={"Content-Security-Policy": policy})
