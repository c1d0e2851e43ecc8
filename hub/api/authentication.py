"""From a request to who asks: a bearer token, or the session cookie of a browser. The only place that reads either."""

from __future__ import annotations

from typing import Final

from aiohttp import hdrs, web

from crm_core.staff.sessions import SignedIn
from crm_core.words.clock import DAY, SECOND
from crm_core.words.errors import Denied, NotSignedIn
from hub.auth.peers import is_foreign, is_same_origin, own_origins, peer_of
from hub.keys import House

COOKIE: Final = "hub_session"
OWN_REQUEST: Final = "X-Hub-Request"
"""A header that a foreign page cannot send without asking us first, and we never allow it."""
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


async def authenticate(request: web.Request, house: House, *, public: bool) -> SignedIn | None:
    """Who asks; none for a stranger at a public route.

    Raises NotSignedIn when a token is wrong, or nothing is shown where something is needed; Denied when a
    browser's session is used from a page that is not ours. A token counts before a cookie.
    """
    tokens = request.headers.getall(hdrs.AUTHORIZATION, [])
    if tokens and not public:
        scheme, _, secret = tokens[0].partition(" ")
        found = await house.gate.who(secret.strip(), kind="token") if scheme.lower() == "bearer" else None
        if found is None or len(tokens) > 1:
            raise NotSignedIn("This token is not valid, or not any more.")
        return found
    if public and request.method not in _SAFE:
        refuse_foreign(request, house)
    secret = request.cookies.get(COOKIE, "")
    signed_in = await house.gate.who(secret, kind="browser") if secret else None
    if signed_in is None and not public:
        raise NotSignedIn
    if signed_in is not None and not public and request.method not in _SAFE:
        _must_be_own_page(request, house)
    return signed_in


def refuse_foreign(request: web.Request, house: House) -> None:
    """Raises Denied when a browser says that a page of somebody else sent this."""
    if is_foreign(request.headers.get(hdrs.ORIGIN), request.headers.get("Sec-Fetch-Site"), _own(request, house)):
        raise Denied("This came from a page that is not ours.")


def peer_address(request: web.Request, house: House) -> str:
    """The network address the request came from."""
    forwarded = request.headers.getall("X-Forwarded-For", [])
    return peer_of(request.remote or "", forwarded, house.settings.trusted_proxies)


def set_session_cookie(response: web.StreamResponse, secret: str, house: House) -> None:
    """Hand a session to the browser; an empty secret takes it away."""
    response.set_cookie(
        COOKIE,
        secret,
        max_age=house.settings.session_days * DAY // SECOND if secret else 0,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=house.settings.is_secure,
    )


def _must_be_own_page(request: web.Request, house: House) -> None:
    if request.headers.get(OWN_REQUEST) != "1":
        raise Denied(f"A request with the session cookie needs the header {OWN_REQUEST}: 1.")
    if not is_same_origin(
        request.headers.get(hdrs.ORIGIN), request.headers.get("Sec-Fetch-Site"), _own(request, house)
    ):
        raise Denied("This came from a page that is not ours.")


def _own(request: web.Request, house: House) -> frozenset[str]:
    host = request.headers.get(hdrs.HOST, "")
    return own_origins(house.settings.public_url, host, further=house.settings.allowed_origins)
