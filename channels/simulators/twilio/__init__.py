"""Twilio, as far as messages need it: the REST API, signed webhooks, and the phones at the other end.

    cloud = TwilioCloud(account_sid="AC…", auth_token="…", clock=clock)
    cloud.numbers["+15005550006"] = "https://hub.example/in/key"
    async with cloud.serving() as origin:          # settings: api_origin=origin
        phone = cloud.phone("+14155550100")
        await phone.text("+15005550006", "Hello")  # the hub's webhook is called, signed
        async for message in phone.messages(): …   # what the hub sends

`cloud.manner` and `cloud.answers` make it late, forgetful or broken. Twilio's own OpenAPI document checks its answers
(tests/peers/prism.py), so that it cannot drift away from the real one.
"""

from __future__ import annotations

from channels.simulators.twilio.model import Answer, Manner, Media, Message, Service
from channels.simulators.twilio.phones import Phone
from channels.simulators.twilio.standin import TwilioCloud

__all__ = ["Answer", "Manner", "Media", "Message", "Phone", "Service", "TwilioCloud"]
