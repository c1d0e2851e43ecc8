"""The stand-in's state, what it takes and refuses, and the reports it makes."""

from __future__ import annotations

import asyncio
import json
import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import aiohttp
import structlog

from channels.simulators.twilio.model import Answer, Manner, Media, Message, Refusal, Service
from channels.simulators.twilio.telephony import Line
from channels.twilio.signature import signature
from crm_core.words.addresses import phone
from crm_core.words.clock import HOUR, Clock
from crm_core.words.content import ReachState
from crm_core.words.errors import Invalid
from crm_core.words.texting import wish

WINDOW: Final = 24 * HOUR
WHATSAPP: Final = "whatsapp:"
_PATIENCE: Final = aiohttp.ClientTimeout(total=15, connect=5)
"""Seconds that Twilio waits for a webhook."""

log = structlog.get_logger(__name__)


class Cloud:
    """One account at Twilio, its rules and its reports."""

    def __init__(self, *, account_sid: str, auth_token: str, clock: Clock, seed: int = 0) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.numbers: dict[str, str] = {}
        """Numbers and `whatsapp:` senders of the account, and where their messages go."""
        self.lines: dict[str, Line] = {}
        """Numbers of the account that take calls, and where their calls go."""
        self.services: dict[str, Service] = {}
        self.templates: dict[str, str] = {}
        self.messages: list[Message] = []
        """The oldest first."""
        self.opted_out: set[tuple[str, str]] = set()
        """Who does not want messages of whom."""
        self.unreachable: dict[str, int] = {}
        """Numbers that nothing reaches, and the error code of the attempt."""
        self.manner = Manner()
        self.answers: deque[Answer] = deque()
        """How the next messages are answered, instead of as they should be."""
        self.asked: list[tuple[str, str, bool]] = []
        """Method, path and whether credentials came along, of every request."""
        self.webhooks: list[tuple[str, int]] = []
        """Every webhook that was called, and what came back; 0 when nothing did."""
        self.account_status = "active"
        self.origin = ""
        """Where the API is served."""
        self.elsewhere = ""
        """Where files are said to have moved to, instead of the API's own store."""
        self.now = clock
        self._random = random.Random(seed)
        self._counted = 0
        self._reports: asyncio.Queue[tuple[str, Mapping[str, str], float]] = asyncio.Queue()

    def sid(self, prefix: str) -> str:
        """A new name, such as `SM` and 32 hexadecimal digits."""
        self._counted += 1
        return f"{prefix}{self._random.getrandbits(96):024x}{self._counted:08x}"

    async def settled(self) -> None:
        """Return when every report was made."""
        await self._reports.join()

    # --- towards the hub ------------------------------------------------------------------------

    async def arrive(self, message: Message) -> int:
        """Keep a message from a phone and call the webhook; the status that came back, 0 for none."""
        self.messages.append(message)
        asked = wish(message.body, carrier_words=True)
        if asked is ReachState.OPTED_OUT:
            self.opted_out.add((message.sender, message.to))
        elif asked is ReachState.OK:
            self.opted_out.discard((message.sender, message.to))
        url = self._webhook_of(message)
        return await self.call(url, message.webhook()) if url else 0

    def _webhook_of(self, message: Message) -> str:
        service = next((s for s in self.services.values() if message.to in s.numbers), None)
        if service is not None:
            message.service = service.sid
            if not service.use_inbound_webhook_on_number:
                return service.inbound_url
        return self.numbers.get(message.to, "")

    async def call(self, url: str, fields: Mapping[str, str]) -> int:
        """POST a signed form, once, as Twilio does; the status, or 0 when nobody answered."""
        plain = url.partition("#")[0]
        right = signature(plain, {name: [value] for name, value in fields.items()}, self.auth_token)
        try:
            async with (
                aiohttp.ClientSession(timeout=_PATIENCE) as http,
                http.post(plain, data=dict(fields), headers={"X-Twilio-Signature": right}) as answer,
            ):
                await answer.read()
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            status = 0
        self.webhooks.append((plain, status))
        return status

    async def report(self) -> None:
        """Make the reports that are owed, until cancelled."""
        while True:
            url, fields, pause = await self._reports.get()
            try:
                await asyncio.sleep(pause)
                await self.call(url, fields)
            finally:
                self._reports.task_done()

    # --- from the hub ---------------------------------------------------------------------------

    def accept(self, fields: Mapping[str, Sequence[str]]) -> Message:
        """Take a message to be sent, as the API does. Raises Refusal."""
        said = {name: values[0] for name, values in fields.items() if values}
        self._check(said, fields)
        service = self.services.get(said.get("MessagingServiceSid", ""))
        sender = said.get("From") or (service.numbers[0] if service and service.numbers else "")
        message = Message(
            sid=self.sid("MM" if "MediaUrl" in fields else "SM"),
            account_sid=self.account_sid,
            sender=sender,
            to=said["To"],
            body=said.get("Body") or _filled(self.templates.get(said.get("ContentSid", ""), ""), said),
            inbound=False,
            at=self.now(),
            media_urls=tuple(fields.get("MediaUrl", ())),
            status="accepted" if service else "queued",
            service=service.sid if service else None,
            callback=said.get("StatusCallback", ""),
            content_sid=said.get("ContentSid", ""),
            extra={k: said[k] for k in ("PersistentAction", "ContentVariables") if k in said},
        )
        self.messages.append(message)
        accepted = replace(message)
        self._deliver(message)
        return accepted

    def _check(self, said: Mapping[str, str], fields: Mapping[str, Sequence[str]]) -> None:
        to, sender = said.get("To", ""), said.get("From", "")
        service = said.get("MessagingServiceSid", "")
        if not to:
            raise Refusal(400, 21604, "A 'To' phone number is required.")
        if not _is_number(to):
            raise Refusal(400, 21211, "Invalid 'To' Phone Number")
        if service and service not in self.services:
            raise Refusal(400, 21705, "The Messaging Service Sid is invalid.")
        if not service and not sender:
            raise Refusal(400, 21603, "A 'From' phone number is required.")
        if sender.removeprefix(WHATSAPP).startswith("+") and sender not in self._own():
            raise Refusal(400, 21659, "'From' is not a Twilio phone number or short code country mismatch")
        if sender == to:
            raise Refusal(400, 21266, "'To' and 'From' number cannot be the same")
        self._check_content(said, fields)
        if any((to, own) in self.opted_out for own in (sender, *self._numbers_of(service))):
            raise Refusal(400, 21610, "Attempt to send to unsubscribed recipient")

    def _check_content(self, said: Mapping[str, str], fields: Mapping[str, Sequence[str]]) -> None:
        if not (said.get("Body") or said.get("MediaUrl") or said.get("ContentSid")):
            raise Refusal(400, 21619, "A text message body or media urls must be specified.")
        if len(said.get("Body", "")) > 1_600:
            raise Refusal(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
        if len(fields.get("MediaUrl", ())) > 10:
            raise Refusal(400, 21623, "Number of media files exceeds allowed limit")
        if said.get("ContentSid") and said["ContentSid"] not in self.templates:
            raise Refusal(400, 21655, "The ContentSid is Invalid")
        if not said.get("StatusCallback", "http://").startswith(("http://", "https://")):
            raise Refusal(400, 21609, "The 'StatusCallback' URL is not a valid URL.")

    def _own(self) -> set[str]:
        return {*self.numbers, *(n for s in self.services.values() for n in s.numbers)}

    def _numbers_of(self, service: str) -> Sequence[str]:
        return self.services[service].numbers if service in self.services else ()

    def _deliver(self, message: Message) -> None:
        """Let the message reach its phone, or not, and owe the reports of it."""
        steps = list(self.manner.steps)
        code = self.unreachable.get(message.to) or self._outside_window(message)
        if code is not None:
            message.error_code = code
            steps = [*steps[:-1], "undelivered"] if code < 60_000 else ["queued", "failed"]
        message.status = steps[-1] if steps else message.status
        if code is None:
            self.ring(message)
        self.owe(message, steps)

    def owe(self, message: Message, steps: Sequence[str]) -> None:
        """Owe reports of these statuses, in this manner."""
        if not message.callback or self.manner.silent:
            return
        reports = [step for step in steps for _ in range(2 if self.manner.twice else 1)]
        if self.manner.shuffled:
            self._random.shuffle(reports)
        for step in reports:
            self._reports.put_nowait((message.callback, message.receipt(step), self.manner.pace))

    def _outside_window(self, message: Message) -> int | None:
        if not self.manner.windows or not message.to.startswith(WHATSAPP) or message.content_sid:
            return None
        wrote = [m.at for m in self.messages if m.inbound and m.sender == message.to]
        return None if wrote and self.now() - max(wrote) <= WINDOW else 63016

    def ring(self, message: Message) -> None:
        """A message has reached its phone."""

    def media(self, sid: str) -> Media | None:
        """A file by its name."""
        return next((one for message in self.messages for one in message.media if one.sid == sid), None)


def _filled(template: str, said: Mapping[str, str]) -> str:
    """The template's text with its gaps filled, as the phone shows it."""
    try:
        variables = json.loads(said.get("ContentVariables") or "{}")
    except ValueError:
        variables = {}
    for name, value in variables.items() if isinstance(variables, dict) else ():
        template = template.replace("{{" + str(name) + "}}", str(value))
    return template


def _is_number(raw: str) -> bool:
    text = raw.removeprefix(WHATSAPP)
    try:
        return text.startswith("+") and phone(text).value == text
    except Invalid:
        return False
