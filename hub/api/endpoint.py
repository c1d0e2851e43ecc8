"""A route made callable: authenticate, permit, read, call the handler, write the answer."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Mapping
from typing import Any, Final, get_type_hints

from aiohttp import web
from pydantic import BaseModel, TypeAdapter

from crm_core.words.errors import Invalid, NotFound
from hub.api.authentication import authenticate, peer_address, set_session_cookie
from hub.api.call import AnsweredBefore, Call, Key
from hub.api.problems import BadRequest
from hub.api.reading import body_of, no_query, path_id, query_of, read_bytes
from hub.api.route import BODY, Route
from hub.keys import HOUSE

IDEMPOTENCY_KEY: Final = "Idempotency-Key"
_KEY: Final = re.compile(r"[\x21-\x7e]{1,128}")


_NOTHING: Final = "application/octet-stream"
"""What a request without a body may call it, or calls it by saying nothing."""


class Endpoint:
    """One route, compiled once at start. Raises TypeError when the handler's signature does not fit its path."""

    def __init__(self, route: Route) -> None:
        hints = get_type_hints(route.handler, include_extras=True)
        names = list(inspect.signature(route.handler).parameters)[1:]
        self.route = route
        self.answer: Any = hints["return"]
        self.path = {name: hints[name] for name in re.findall(r"{(\w+)}", route.path)}
        self.query: type[BaseModel] | None = hints.get("query")
        self.body: type[BaseModel] | None = hints.get("body")
        if set(names) != {*self.path, *({"query"} if self.query else ()), *({"body"} if self.body else ())}:
            raise TypeError(f"{route.handler.__name__} does not take what {route.path} gives")
        self._query_adapter: TypeAdapter[BaseModel] | None = TypeAdapter(self.query) if self.query else None
        self._body_adapter: TypeAdapter[BaseModel] | None = TypeAdapter(self.body) if self.body else None

    @property
    def body_is_optional(self) -> bool:
        """Whether a request without a body says as much as an empty object."""
        return self.body is not None and not any(field.is_required() for field in self.body.model_fields.values())

    @property
    def gives_json(self) -> bool:
        """Whether the answer is a model; else it is empty, or a response of the handler's own."""
        return inspect.isclass(self.answer) and issubclass(self.answer, BaseModel)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """Answer a request. Errors go up to the middleware, which words them."""
        house = request.app[HOUSE]
        signed_in = await authenticate(request, house, public=self.route.is_public)
        call = Call(request, house, peer_address(request, house), signed_in)
        if self.route.needs is not None:
            call.actor.must(self.route.needs)
        arguments = await self._arguments(call)
        try:
            result = await self.route.handler(call, **arguments)
        except AnsweredBefore as before:
            return _json(before.body, self.route.status, {"Idempotency-Replayed": "true"})
        return self._response(call, result)

    def _response(self, call: Call, result: Any) -> web.StreamResponse:
        response: web.StreamResponse
        if isinstance(result, web.StreamResponse):
            response = result
        elif result is None:
            response = web.Response(status=self.route.status, headers=call.headers)
        else:
            response = _json(result.model_dump_json(), self.route.status, call.headers)
        if call.cookie is not None:
            set_session_cookie(response, call.cookie, call.house)
        return response

    async def _arguments(self, call: Call) -> dict[str, Any]:
        request = call.request
        arguments = {name: _segment(request.match_info[name], kind) for name, kind in self.path.items()}
        if self.query is not None and self._query_adapter is not None:
            arguments["query"] = query_of(request.query, self.query, self._query_adapter)
        else:
            no_query(request.query)
        raw = b"" if self.route.form else await read_bytes(request, most=BODY)
        if self.body is not None and self.body_is_optional and not raw and request.content_type == _NOTHING:
            arguments["body"] = self.body()
        elif self._body_adapter is not None:
            arguments["body"] = body_of(request, raw, self._body_adapter)
        elif raw.strip() not in (b"", b"{}"):
            raise BadRequest("This takes no body.")
        call.key = self._key(call, request.headers, raw)
        return arguments

    def _key(self, call: Call, headers: Mapping[str, str], raw: bytes) -> Key | None:
        text = headers.get(IDEMPOTENCY_KEY)
        if text is None or not self.route.keyed:
            return None
        if not _KEY.fullmatch(text):
            raise Invalid(f"An {IDEMPOTENCY_KEY} has 1 to 128 visible ASCII characters.")
        asked = f"{call.request.method} {call.request.rel_url.raw_path_qs}\n".encode() + raw
        return Key(call.actor.agent_id, text, hashlib.sha256(asked).hexdigest(), self.route.status)


def _segment(text: str, kind: Any) -> Any:
    """A path parameter: an id, or one of an enumeration's words."""
    if inspect.isclass(kind) and issubclass(kind, str):
        try:
            return kind(text)
        except ValueError as error:
            raise NotFound from error
    return path_id(text)


def _json(body: str, status: int, headers: Mapping[str, str]) -> web.Response:
    if status == 204:
        return web.Response(status=status, headers=headers)
    return web.Response(text=body, status=status, content_type="application/json", headers=headers)
