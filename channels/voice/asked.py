"""One request of Twilio's: which of our addresses it was for, and what it says. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from channels.contract import CallReported, ChannelEvent, WebhookRequest
from channels.twilio.forms import Form, number_in
from channels.voice import parse
from crm_core.words.calls import DigitPressed, PromptPlayed, ReportedSignal
from crm_core.words.clock import Moment
from crm_core.words.content import ExternalId

_FIRST: Final = frozenset({"", "fallback"})
_QUESTIONS: Final = frozenset({*_FIRST, "wait", "digit", "played", "recorded", "left"})
_LOOK: Final = 0
"""The number of no prompt: having been played changes nothing, and the hub says what shall be heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`call_id` and the like come from the address, which Twilio signs and we wrote."""

    path: str
    form: Form
    sid: str
    status: str
    query: dict[str, str]

    @classmethod
    def of(cls, request: WebhookRequest, form: Form) -> Asked:
        """Read a genuine request. Raises NotUnderstood when it is about no call."""
        query = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
        sid = parse.call_of(form)
        return cls(path=request.path.strip("/"), form=form, sid=sid, status=form.get("CallStatus", ""), query=query)

    @property
    def is_question(self) -> bool:
        """Whether Twilio asks what the caller shall hear."""
        return self.path in _QUESTIONS

    @property
    def is_first(self) -> bool:
        """Whether the call was not answered yet."""
        return self.path in _FIRST and self.status == "ringing"

    @property
    def is_again(self) -> bool:
        """Whether the caller was asked for patience already."""
        return "again" in self.query

    @property
    def external(self) -> ExternalId:
        return ExternalId(self.sid)

    @property
    def call_id(self) -> int | None:
        """Of a call that we placed, or that we told Twilio the number of."""
        return number_in(self.query.get("call"))

    @property
    def leg_id(self) -> int:
        return number_in(self.query.get("leg")) or 0

    @property
    def seq(self) -> int:
        return number_in(self.query.get("seq")) or 0

    @property
    def digit(self) -> str:
        """The key that was pressed, now or before the caller was asked for patience."""
        return parse.digit_of(self.form) or parse.digit_of({"Digits": self.query.get("d", "")})

    def again(self, public: str) -> str:
        """Where the same is asked once more; the key that was pressed goes along."""
        more = {"again": "1", **({"d": self.digit} if self.digit else {})}
        return f"{public}/{self.path}".rstrip("/") + "?" + urlencode({**self.query, **more})

    def events(self, now: Moment) -> Sequence[ChannelEvent]:
        """What the question says. Asked twice, it says the same."""
        found: list[ChannelEvent] = []
        if self.path == "digit" and self.digit:
            key = f"{self.sid}:digit:{self.query.get('n', '')}"
            found.append(self._report(DigitPressed(digit=self.digit), key, now))
        elif self.path == "played":
            found.append(self._report(PromptPlayed(seq=self.seq), f"{self.sid}:played:{self.seq}", now))
        elif self.path == "recorded":
            found.append(self._report(parse.ended("completed"), f"{self.sid}:ended", now))
        elif self.call_id is None:
            found.append(parse.arrived(self.form, now))
        else:
            key = f"{self.sid}:look:{self.query.get('n', '')}"
            found.append(self._report(PromptPlayed(seq=_LOOK), key, now))
        if parse.is_over(self.status) and self.path != "recorded":
            found.append(self._report(parse.ended(self.status), f"{self.sid}:ended", now))
        return found

    def _report(self, signal: ReportedSignal, key: str, now: Moment) -> CallReported:
        known = self.call_id
        return CallReported(
            signal=signal, key=key, at=now, call=self.external if known is None else None, call_id=known
        )
