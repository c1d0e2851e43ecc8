"""One request as a handler sees it: who asks, and the house."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Concatenate, ParamSpec, TypeVar

from aiohttp import web
from pydantic import BaseModel

from crm_core.staff.sessions import SignedIn
from crm_core.store.idempotency import Answer, keep, kept
from crm_core.store.transaction import Tx
from crm_core.words.errors import NotSignedIn
from crm_core.words.permissions import Actor
from hub.keys import House

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Key:
    """An `Idempotency-Key`, whose it is, and the hash of the request it came with."""

    agent_id: int
    text: str
    request_hash: str
    status: int


class AnsweredBefore(Exception):
    """This key's request was done before; `body` is what it was answered."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.body = body


@dataclass(slots=True)
class Call:
    """The request that a handler answers. `signed_in` is none for strangers at public routes."""

    request: web.Request
    house: House
    peer: str
    signed_in: SignedIn | None
    key: Key | None = None
    cookie: str | None = None
    """A session's secret to hand to the browser; empty to take the cookie away."""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def actor(self) -> Actor:
        """Who asks. Raises NotSignedIn for a stranger."""
        if self.signed_in is None:
            raise NotSignedIn
        return self.signed_in.actor

    async def read(self, question: Callable[Concatenate[Tx, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Ask the database."""
        return await self.house.db.read(question, *args, **kwargs)

    async def write(
        self, show: Callable[[R], M], action: Callable[Concatenate[Tx, P], R], /, *args: P.args, **kwargs: P.kwargs
    ) -> M:
        """Do `action` and show its result. With an `Idempotency-Key` it is done once, however often it is asked.

        The answer is kept in the transaction that has the effect, so there is never one without the other.
        """

        def do(tx: Tx) -> M | AnsweredBefore:
            if self.key is None:
                return show(action(tx, *args, **kwargs))
            before = kept(tx, self.key.agent_id, self.key.text, self.key.request_hash)
            if before is not None:
                return AnsweredBefore(before.body)
            shown = show(action(tx, *args, **kwargs))
            keep(
                tx,
                self.key.agent_id,
                self.key.text,
                self.key.request_hash,
                Answer(self.key.status, shown.model_dump_json()),
            )
            return shown

        shown = await self.house.db.write(do)
        if isinstance(shown, AnsweredBefore):
            raise shown
        return shown

    async def do(self, action: Callable[Concatenate[Tx, P], object], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Do `action`, which has nothing to show and may be repeated harmlessly."""
        await self.house.db.write(action, *args, **kwargs)
