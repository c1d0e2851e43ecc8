"""What happens around every request: an id, errors in words, security headers, one log line, the figures."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from aiohttp import hdrs, web

from crm_core.words.clock import monotonic
from crm_core.words.errors import HubError, NotFound, TooLarge
from hub.api import measures, problems
from hub.api.authentication import peer_address
from hub.keys import HOUSE

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

REQUEST_ID: Final = "X-Request-Id"
request_id_key: Final = web.RequestKey("request_id", str)

_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: browsers then send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}
_HTTPS_ONLY: Final = {"Strict-Transport-Security": "max-age=31536000"}

log = structlog.get_logger(__name__)


@web.middleware
async def identified(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id, count it and write its line in the log: its route, never its address or words."""
    request_id = secrets.token_hex(8)
    request[request_id_key] = request_id
    started = monotonic()
    with structlog.contextvars.bound_contextvars(request_id=request_id):
        response = await handler(request)
        if not isinstance(response, web.WebSocketResponse):
            _note(request, response, monotonic() - started)
    return response


@web.middleware
async def worded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error as problem+json. What we did not foresee is written down and answered with its id alone."""
    try:
        return await handler(request)
    except HubError as error:
        if error.status >= 500 and error.code in (HubError.code, problems.Fault.code):
            log.error("a request failed", exc_info=error)
            return problems.answer(problems.Fault(), request_id=request[request_id_key])
        return problems.answer(error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _translated(error)
    except (asyncio.CancelledError, ConnectionResetError):
        raise
    except Exception as error:
        log.error("a request failed", exc_info=error)
        return problems.answer(problems.Fault(), request_id=request[request_id_key])


MIDDLEWARES: Final = (identified, worded)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Security headers, where the handler has not set its own. Connect it to `app.on_response_prepare`."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    house = request.app[HOUSE]
    if house.settings.is_secure:
        for name, value in _HTTPS_ONLY.items():
            response.headers.setdefault(name, value)
    if request.path.startswith(("/api", "/sign-in")):
        response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
    if request_id_key in request:
        response.headers[REQUEST_ID] = request[request_id_key]


def _translated(error: web.HTTPException) -> web.StreamResponse:
    if isinstance(error, web.HTTPNotFound):
        return problems.answer(NotFound("There is nothing at this address."))
    if isinstance(error, web.HTTPMethodNotAllowed):
        response = problems.answer(problems.WrongMethod())
        response.headers[hdrs.ALLOW] = error.headers.get(hdrs.ALLOW, "")
        return response
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return problems.answer(TooLarge())
    if isinstance(error, web.HTTPUnsupportedMediaType):
        return problems.answer(problems.WrongMediaType())
    refused = problems.BadRequest(error.reason)
    return problems.answer(refused, status=error.status)


def _note(request: web.Request, response: web.StreamResponse, seconds: float) -> None:
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "none"
    method = request.method if request.method in measures.METHODS else "OTHER"
    measures.REQUESTS.labels(method, route, str(response.status)).inc()
    measures.SECONDS.labels(method, route).observe(seconds)
    log.info(
        "request answered",
        method=method,
        route=route,
        status=response.status,
        milliseconds=round(seconds * 1000, 1),
        pii={"peer": peer_address(request, request.app[HOUSE])},
    )
