"""Hangs the API into an application: every route, its OpenAPI document and its readable page."""

from __future__ import annotations

import json
import secrets
from functools import cache
from typing import Any

from aiohttp import web

from hub.api import signing_in
from hub.api.endpoint import Endpoint
from hub.api.middleware import add_headers
from hub.api.openapi import document
from hub.api.page import page
from hub.api.route import Route
from hub.api.routes import ROUTES

PREFIX = "/api/v1"


def mount(app: web.Application, routes: tuple[Route, ...] = ROUTES) -> None:
    """Add `/api/…` and `/sign-in/…` to the application, and the security headers of every answer."""
    endpoints, described, text = _compiled(routes)
    for endpoint in endpoints:
        app.router.add_route(endpoint.route.method, PREFIX + endpoint.route.path, endpoint.__call__)

    async def openapi(_request: web.Request) -> web.Response:
        return web.Response(text=text, content_type="application/json")

    async def docs(_request: web.Request) -> web.Response:
        nonce = secrets.token_urlsafe(16)
        policy = f"default-src 'none'; style-src 'nonce-{nonce}'; frame-ancestors 'none'; base-uri 'none'"
        return web.Response(
            text=page(described, nonce=nonce), content_type="text/html", headers={"Content-Security-Policy": policy}
        )

    app.router.add_route("GET", "/api/openapi.json", openapi)
    app.router.add_route("GET", "/api/docs", docs)
    signing_in.mount(app)
    app.on_response_prepare.append(add_headers)


@cache
def _compiled(routes: tuple[Route, ...]) -> tuple[tuple[Endpoint, ...], dict[str, Any], str]:
    """The routes ready to be called, and what describes them: the same for every application of a process."""
    endpoints = tuple(Endpoint(route) for route in routes)
    described = document(endpoints)
    return endpoints, described, json.dumps(described, ensure_ascii=False)
