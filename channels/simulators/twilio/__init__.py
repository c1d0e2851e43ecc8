"""Twilio, as far as messages and calls need it: the REST API, signed webhooks, and the phones at the other end.

    cloud = TwilioCloud(account_sid="AC…", auth_token="…", clock=clock)
    cloud.numbers["+15005550006"] = "https://hub.example/in/key"
    async with cloud.serving() as origin:          # settings: api_origin=origin
        phone = cloud.phone("+14155550100")
        await phone.text("+15005550006", "Hello")  # the hub's webhook is called, signed
        async for message in phone.messages(): …   # what the hub sends

Calls run their documents for real: prompts take their time, keys are pressed, rooms are heard by who is in them.

    cloud.lines["+15005550006"] = Line("https://hub.example/in/key", status="https://hub.example/in/key/status")
    caller = cloud.caller("+14155550100", "+15005550006")
    caller.hears()                                 # words, music, or the people in the room
    await caller.press("1")
    agent = cloud.leg("client:agent_7_tab1")       # whom the hub called in; `cloud.exchange.dials` says what they do

Time is real, or held by the test (`HeldTime`, `cloud.exchange.pass_time`). `cloud.exchange.habits` makes reports
late, doubled, disordered or missing; `cloud.manner` and `cloud.answers` do so for messages. Twilio's own OpenAPI
document checks its answers (tests/peers/prism.py), so that it cannot drift away from the real one.
"""

from __future__ import annotations

from channels.simulators.twilio.callers import Caller
from channels.simulators.twilio.model import Answer, Manner, Media, Message, Service
from channels.simulators.twilio.passing import HeldTime, RealTime
from channels.simulators.twilio.phones import Phone
from channels.simulators.twilio.standin import TwilioCloud
from channels.simulators.twilio.telephony import How, Line

__all__ = [
    "Answer",
    "Caller",
    "HeldTime",
    "How",
    "Line",
    "Manner",
    "Media",
    "Message",
    "Phone",
    "RealTime",
    "Service",
    "TwilioCloud",
]
