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
:root{color-scheme:light dark;--ground:light-dark(#f6f6f8,#131318);--surface:light-dark(#fff,#1a1a20);
--line:light-dark(#e4e4e9,#2c2c35);--text:light-dark(#1b1b22,#ececf1);--soft:light-dark(#4e4e5a,#b9b9c4);
--accent:light-dark(#4450c9,#5662dc);--hover:light-dark(#3843b4,#4a55cb)}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;padding:24px 16px;
font:13px/1.45 system-ui,sans-serif;background:var(--ground);color:var(--text)}
main{width:100%;max-width:360px;padding:28px;border:1px solid var(--line);border-radius:10px;background:var(--surface)}
svg{display:block;margin-bottom:12px}h1{font-size:20px;letter-spacing:-.01em;margin:0 0 8px}
p{margin:0 0 18px;color:var(--soft)}form{margin:0}
button,a{display:grid;place-items:center;width:100%;min-height:38px;padding:0 12px;font:inherit;font-weight:500;
border:0;border-radius:6px;background:var(--accent);color:#fff;cursor:pointer;text-decoration:none}
button:hover,a:hover{background:var(--hover)}
button:focus-visible,a:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
"""
"""The colours and sizes of the console's own sign-in page, which loads nothing either."""
_LOGO: Final = (
    '<svg width="36" height="36" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8" '
    'fill="#4450c9"/><path d="M8 12.5h10.5a3.5 3.5 0 0 1 0 7H16l-4.5 4v-4" fill="none" stroke="#fff" '
    'stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"/>'
    '<circle cx="24" cy="9" r="2.6" fill="#fff"/></svg>'
)
_SCRIPT: Final = "document.getElementById('go').submit()"
"""A browser goes on by itself; what only fetches the page (mail scanners, previews) does not."""


def mount(app: web.Application) -> None:
    """Add the page and what it sends."""
    app.router.add_route("GET", "/sign-in/{token}", _show)
    app.router.add_route("POST", "/sign-in/{token}", _use)


async def _show(request: web.Request) -> web.Response:
    action = escape(request.rel_url.raw_path)
    form = (
        f'<h1>Sign in</h1><p>You are being signed in to Switchboard.</p><form id="go" method="post" action="{action}">'
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
        words = f'<h1>Sign in</h1><p>{escape(str(error))}</p><a href="/console/">Sign in</a>'
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
        f'<style nonce="{nonce}">{_STYLE}</style></head><body><main>{_LOGO}{body}</main>{run}</body></html>'
    )
    return web.Response(text=text, status=status, content_type="text/html", headers={"Content-Security-Policy": policy})
