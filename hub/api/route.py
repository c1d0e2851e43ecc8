"""What one route says of itself. The list of them is `routes.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from crm_core.words.errors import HubError
from crm_core.words.permissions import Permission

PUBLIC: Final = None
"""Anybody, signed in or not."""
BODY: Final = 1_048_576
"""Bytes of a JSON body; the longest message there may be fits, whatever its letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A URL, a method, a handler and who may ask. Parameters, body and answer are told by the handler's signature.

    `keyed` routes take an `Idempotency-Key`. `errors` names what can go wrong beyond what follows from the
    signature. `form` says that the body is multipart and read by the handler itself.
    """

    method: str
    path: str
    handler: Callable[..., Any]
    needs: Permission | None
    tag: str
    status: int
    keyed: bool = False
    form: bool = False
    errors: tuple[type[HubError], ...] = ()

    @property
    def is_public(self) -> bool:
        return self.needs is PUBLIC


def get(
    path: str, handler: Callable[..., Any], needs: Permission | None, *errors: type[HubError], status: int = 200
) -> Route:
    """A question: it changes nothing."""
    return Route(method="GET", path=path, handler=handler, needs=needs, tag=_tag(path), status=status, errors=errors)


def post(
    path: str,
    handler: Callable[..., Any],
    needs: Permission | None,
    *errors: type[HubError],
    status: int = 200,
    keyed: bool = True,
    form: bool = False,
) -> Route:
    """Something is done or made."""
    return Route(
        method="POST",
        path=path,
        handler=handler,
        needs=needs,
        tag=_tag(path),
        status=status,
        keyed=keyed,
        form=form,
        errors=errors,
    )


def put(
    path: str, handler: Callable[..., Any], needs: Permission | None, *errors: type[HubError], status: int = 200
) -> Route:
    """Something is made to be as the body says, whatever it was."""
    return Route(method="PUT", path=path, handler=handler, needs=needs, tag=_tag(path), status=status, errors=errors)


def patch(path: str, handler: Callable[..., Any], needs: Permission | None, *errors: type[HubError]) -> Route:
    """The fields that the body names are changed."""
    return Route(method="PATCH", path=path, handler=handler, needs=needs, tag=_tag(path), status=200, errors=errors)


def delete(
    path: str, handler: Callable[..., Any], needs: Permission | None, *errors: type[HubError], status: int = 204
) -> Route:
    """Something ends."""
    return Route(method="DELETE", path=path, handler=handler, needs=needs, tag=_tag(path), status=status, errors=errors)


def _tag(path: str) -> str:
    return path.split("/")[1]
