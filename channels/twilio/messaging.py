"""An open account at Twilio: what SMS and WhatsApp do alike."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qs, urlsplit

import structlog

from channels.contract import (
    Account,
    AccountBroken,
    Capabilities,
    ChannelError,
    Deliver,
    DeliveryReported,
    NotUnderstood,
    OutboundMessage,
    ReachChanged,
    Refused,
    Sent,
    Tools,
    TryLater,
    WebhookReply,
    WebhookRequest,
)
from channels.twilio.client import TwilioApi
from channels.twilio.dialect import Came, Dialect
from channels.twilio.forms import (
    Form,
    address_of,
    form_of,
    help_of,
    media_of,
    number_in,
    sid_of,
    status_named,
    status_of,
    wish_of,
)
from channels.twilio.media import Fetcher
from channels.twilio.reasons import reach_after, words_for
from channels.twilio.recalling import recalled
from channels.twilio.recent import Recent
from channels.twilio.reconciling import Reconciler
from channels.twilio.settings import TwilioSettings
from channels.twilio.shelf import Shelf
from channels.twilio.signature import genuine_fields
from crm_core.words.clock import MINUTE, Moment
from crm_core.words.content import DeliveryStatus, ExternalId, ReachState
from crm_core.words.errors import Conflict, Invalid, StoreUnavailable

ROUND: Final = 300.0
"""Seconds between two looks at Twilio's own list of messages."""
AGAIN: Final = 30.0
"""Seconds until the next look when ours was the side that failed."""
SETTLED: Final[Moment] = 2 * MINUTE
"""How long after a doubtful send Twilio's list is taken for complete."""
RECEIPTS: Final = "status"
"""What follows the account's address where receipts go."""
_NOTHING_TO_SAY: Final = '<?xml version="1.0" encoding="UTF-8"?><Response/>'

log = structlog.get_logger(__name__)


class TwilioMessaging:
    """Sends by the REST API, hears by webhooks, and asks Twilio's list for what it may have missed."""

    def __init__(self, account: Account, settings: TwilioSettings, tools: Tools, dialect: Dialect) -> None:
        self._account = account
        self._settings = settings
        self._tools = tools
        self._dialect = dialect
        self._api = TwilioApi(tools.http, settings)
        self._shelf = Shelf(Fetcher(tools.http, tools.files, settings, dialect.max_file_bytes), tools.cursors)
        self._known: Recent[str, bool] = Recent(20_000)
        """Names of messages that this process knows to be other ones than a doubtful send."""
        self._tried: Recent[int, Moment] = Recent(5_000)
        self._reconciler = Reconciler(self._api, dialect, tools.now, self, self._known)

    @property
    def capabilities(self) -> Capabilities:
        return self._dialect.capabilities

    # --- out ------------------------------------------------------------------------------------

    async def send(self, message: OutboundMessage, /) -> Sent:
        """Create the message at Twilio; it calls back about it at `{public_url}/status?ref={delivery}`."""
        links = [self._tools.files.link(file) for file in message.content.files]
        parameters = dict(self._dialect.outgoing(message, links))
        if self._account.public_url:
            parameters["StatusCallback"] = f"{self._account.public_url}/{RECEIPTS}?ref={message.delivery}"
        self._tried.put(message.delivery, self._tools.now())
        record = await self._api.create(parameters)
        self._known.put(record.sid, True)
        if status_named(record.status) is DeliveryStatus.FAILED:
            raise Refused(words_for(record.error_code), reach=reach_after(record.error_code))
        return Sent((ExternalId(record.sid),))

    async def recall(self, message: OutboundMessage, /) -> Sent | None:
        """Look a doubtful send up in Twilio's list: by recipient, words and time.

        Raises TryLater while the list may be behind, Unclear when the list cannot tell.
        """
        record = await recalled(self._api, self._dialect, message, self._known)
        if record is not None:
            self._known.put(record.sid, True)
            return Sent((ExternalId(record.sid),))
        # After a restart the hub knows when it was taken in hand; it may have been written long before.
        tried = self._tried.get(message.delivery) or message.tried_at or message.entry.at
        since = self._tools.now() - tried
        if since < SETTLED:
            raise TryLater("Twilio's list may not be complete yet.", after_ms=SETTLED - max(0, since))
        return None

    # --- in -------------------------------------------------------------------------------------

    async def receive(self, request: WebhookRequest, deliver: Deliver, /) -> WebhookReply:
        """Take a message, or a receipt. The answer to a message is TwiML that says nothing."""
        form = form_of(genuine_fields(request, self._settings.auth_token.get_secret_value()))
        path = request.path.strip("/")
        if path == RECEIPTS or (not path and "MessageStatus" in form):
            ref = parse_qs(urlsplit(request.url).query).get("ref", [""])[0]
            await self.report(form, deliver, delivery=number_in(ref))
            return WebhookReply()
        if path not in ("", "fallback"):
            raise NotUnderstood("Twilio called an address of ours that means nothing.")
        await self.take(form, deliver)
        return WebhookReply(_NOTHING_TO_SAY, content_type="text/xml")

    async def take(self, form: Form, deliver: Deliver, *, sent_at: Moment | None = None, heeded: bool = True) -> None:
        """Deliver one message, with what its writer asks for by it unless something later counts (`heeded`).

        Taking it again is harmless.
        """
        sid = sid_of(form)
        at = self._tools.now() if sent_at is None else sent_at
        files, whole = await self._shelf.files(sid, media_of(form))
        problem = None if whole else "media_missing"
        event = self._dialect.arrived(form, Came(files=files, problem=problem, at=at))
        try:
            await deliver(replace(event, reach=self.wish(form) if heeded else None, help=self._help(form)))
        except Conflict:
            log.error("a message came again with other words", account=self._account.id, message=sid)
            return
        except Invalid as error:
            raise NotUnderstood(str(error)) from error
        self._known.put(sid, True)

    def wish(self, form: Form) -> ReachState | None:
        """Whether the writer of a message asks for no more messages, or for messages again."""
        return wish_of(form, carrier_words=self._settings.opt_out == "twilio")

    def _help(self, form: Form) -> str | None:
        text, is_twilios = self._dialect.help, self._settings.opt_out == "twilio"
        answer = (text or "").replace("{name}", self._account.name)
        return help_of(form, answer, help_words=text is not None, carrier_words=is_twilios)

    async def report(
        self, form: Form, deliver: Deliver, *, delivery: int | None = None, at: Moment | None = None
    ) -> None:
        """Deliver how far a message of ours got. A status that nobody has heard of changes nothing."""
        sid, status, code = sid_of(form), status_of(form), number_in(form.get("ErrorCode"))
        if status is None:
            log.info("a status that means nothing here", account=self._account.id, message=sid)
            return
        moment = self._tools.now() if at is None else at
        reason = words_for(code) if status is DeliveryStatus.FAILED else None
        state = reach_after(code)
        if state is not None and form.get("To"):
            # Before the failure, which may send the message another way: not to somebody who said STOP.
            await deliver(ReachChanged(address=address_of(form["To"]), state=state, at=moment, reason=words_for(code)))
        await deliver(
            DeliveryReported(external_id=ExternalId(sid), status=status, at=moment, reason=reason, delivery=delivery)
        )

    async def reconcile(self, deliver: Deliver) -> int:
        """One look at Twilio's list: how much was handed in that this process had not seen."""
        return await self._reconciler.round(deliver)

    async def listen(self, deliver: Deliver, /) -> None:
        """Ask every five minutes for what came while nobody listened."""
        while True:
            pause = ROUND
            try:
                await self.reconcile(deliver)
            except AccountBroken:
                raise
            except StoreUnavailable as error:
                log.warning("reconciling has to wait", account=self._account.id, code=error.code)
                pause = AGAIN
            except ChannelError as error:
                raise TryLater(str(error), after_ms=getattr(error, "after_ms", None)) from error
            await asyncio.sleep(pause)
