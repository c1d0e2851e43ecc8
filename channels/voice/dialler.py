"""Whom a leg calls, and whether it may."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

import structlog

from channels.twilio.calls import CallRecord
from channels.voice.parse import CLIENT, IN_PROGRESS
from channels.voice.settings import VoiceSettings
from crm_core.words.calls import SceneLeg
from crm_core.words.clock import MINUTE, Clock, Moment
from crm_core.words.dialling import Charge, DialMeter, DialPlan, DialRefused, minutes_of

OWN_PHONE: Final = "phone"
"""The device of an agent who talks on a telephone of their own."""
QUIET: Final[Moment] = 10 * MINUTE
"""How long nobody is alarmed again."""

log = structlog.get_logger(__name__)


class Dialler:
    """The account's rules for calling out, and how much it has called."""

    def __init__(self, account_id: int, settings: VoiceSettings, region: str, now: Clock) -> None:
        self._account_id = account_id
        self._plan: DialPlan = settings.dial_plan(region)
        self._settings = settings
        self._now = now
        self._told: Moment | None = None
        self.meter = DialMeter()

    def target(self, leg: SceneLeg, agent_id: int | None) -> str:
        """What Twilio shall call for a leg: a browser's softphone, or a number. Raises DialRefused."""
        if leg.agent_id is not None and leg.device != OWN_PHONE:
            return CLIENT + softphone(leg.agent_id, leg.device)
        try:
            return self.meter.ask(leg.address, self._plan, agent_id=agent_id, now=self._now())
        except DialRefused as error:
            log.warning("a number was not called", account=self._account_id, why=str(error.why), agent=agent_id)
            self._alarm()
            raise

    def line(self, wanted: str) -> str:
        """The caller id: the number that the scene names if it is the account's, else the account's first."""
        return wanted if wanted in self._settings.numbers else self._settings.number

    def spent(self, records: Iterable[CallRecord]) -> None:
        """Learn what calls that went out come to. Softphones count once they have a price, which is a trifle."""
        now = self._now()
        out = [one for one in records if not one.inbound and (one.price is not None or not one.to.startswith(CLIENT))]
        self.meter.spent([_charge(one, now) for one in out], now=now)

    def _alarm(self) -> None:
        now, at = self._now(), self.meter.alarmed_at
        if at == now and (self._told is None or now - self._told >= QUIET):
            self._told = now
            log.error("somebody tries to call what they may not, or far too much", account=self._account_id)


def _charge(one: CallRecord, now: Moment) -> Charge:
    was_answered = one.status in (IN_PROGRESS, "completed")
    minutes = minutes_of(one.started_at or one.made_at, one.ended_at or now) if was_answered else 0
    return Charge(name=one.sid, at=one.made_at, minutes=minutes, price=one.price)


def softphone(agent_id: int, device: str) -> str:
    """The name under which an agent's tab takes calls: letters, digits and underscores, as Twilio wants it."""
    plain = device.isascii() and device.isalnum() and len(device) <= 64
    return f"agent_{agent_id}_{device if plain else hashlib.sha256(device.encode()).hexdigest()[:32]}"
