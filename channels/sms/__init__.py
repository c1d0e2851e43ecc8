"""SMS and MMS by Twilio."""

from __future__ import annotations

from channels.contract import Manifest
from channels.sms.channel import examine_sms, open_sms
from channels.sms.parse import explained
from channels.sms.settings import SmsSettings, identity
from crm_core.words.addresses import TEL
from crm_core.words.content import Medium

MANIFEST = Manifest(
    title="SMS (Twilio)",
    medium=Medium.CHAT,
    settings=SmsSettings,
    open=open_sms,
    reaches=frozenset({TEL}),
    examine=examine_sms,
    identity=identity,
    explain=explained,
)
