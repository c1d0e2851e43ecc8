"""What came while nobody listened, asked from Twilio's own list of messages.

Twilio calls a webhook once; a call that we did not answer is gone, but the message stays in the list. Each look
overlaps the one before, and delivering a message again changes nothing.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import Final, Protocol

import structlog

from channels.contract import Deliver, NotUnderstood
from channels.twilio.client import Record, TwilioApi
from channels.twilio.dialect import Dialect
from channels.twilio.forms import Form
from channels.twilio.recent import Recent
from channels.twilio.settings import is_service
from crm_core.words.clock import DAY, HOUR, Clock, Moment
from crm_core.words.content import ReachState

FAR: Final[Moment] = DAY
"""How far back the first look reaches, and one every hour: receipts may be late when phones are off."""
NEAR: Final[Moment] = HOUR
"""How far back the others reach."""

log = structlog.get_logger(__name__)


class Takes(Protocol):
    """Who understands the forms: the account itself."""

    async def take(
        self, form: Form, deliver: Deliver, *, sent_at: Moment | None = None, heeded: bool = True
    ) -> None: ...
    def wish(self, form: Form) -> ReachState | None: ...
    async def report(
        self, form: Form, deliver: Deliver, *, delivery: int | None = None, at: Moment | None = None
    ) -> None: ...


class Reconciler:
    """Looks through the list and hands in what this process has not seen yet."""

    def __init__(self, api: TwilioApi, dialect: Dialect, now: Clock, takes: Takes, known: Recent[str, bool], /) -> None:
        self._api = api
        self._dialect = dialect
        self._now = now
        self._takes = takes
        self._known = known
        """Messages that came in by their webhook and need no second look."""
        self._seen: Recent[str, str] = Recent(50_000)
        """The status in which each message was handed in."""
        self._last_far: Moment | None = None

    async def round(self, deliver: Deliver) -> int:
        """One look; how many messages and receipts were handed in, the oldest first.

        Raises TryLater, AccountBroken, Unclear as the API does, and StoreUnavailable.
        """
        now = self._now()
        far = self._last_far is None or now - self._last_far >= HOUR
        records = sorted(await self._list(now - (FAR if far else NEAR)), key=lambda r: (r.created_at, r.sid))
        # Whoever wrote STOP and later START is not marked as opted out again in between.
        last_wishes = {r.sender: r.sid for r in records if r.inbound and self._takes.wish({"Body": r.body}) is not None}
        handed = 0
        for record in records:
            if self._seen.get(record.sid) != record.status and not (record.inbound and record.sid in self._known):
                await self._hand_in(record, deliver, heeded=last_wishes.get(record.sender) == record.sid)
                self._seen.put(record.sid, record.status)
                handed += 1
        if far:
            self._last_far = now
        return handed

    async def _list(self, since: Moment) -> list[Record]:
        ours = await self._senders()
        found: list[Record] = []
        async with aclosing(self._api.messages(since=since)) as records:
            async for record in records:
                # The filter may count whole days only.
                if record.created_at >= since and (record.to if record.inbound else record.sender) in ours:
                    found.append(record)
        return found

    async def _senders(self) -> set[str]:
        sender = self._dialect.sender
        return set(await self._api.numbers_of(sender)) if is_service(sender) else {sender}

    async def _hand_in(self, record: Record, deliver: Deliver, *, heeded: bool) -> None:
        try:
            if record.inbound:
                form = await self._form(record)
                await self._takes.take(form, deliver, sent_at=record.created_at, heeded=heeded)
            else:
                await self._takes.report(_receipt(record), deliver, at=self._now())
        except NotUnderstood as error:
            log.warning("a listed message was not understood", message=record.sid, pii={"why": str(error)})

    async def _form(self, record: Record) -> Form:
        """The message as its webhook would have said it."""
        form = {"MessageSid": record.sid, "From": record.sender, "To": record.to, "Body": record.body}
        if record.media:
            for number, (url, kind) in enumerate(await self._api.media_urls(record.sid)):
                form |= {f"MediaUrl{number}": url, f"MediaContentType{number}": kind}
        return form


def _receipt(record: Record) -> Form:
    form = {"MessageSid": record.sid, "MessageStatus": record.status, "To": record.to, "From": record.sender}
    return form if record.error_code is None else {**form, "ErrorCode": str(record.error_code)}
