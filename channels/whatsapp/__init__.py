"""WhatsApp by Twilio."""

from __future__ import annotations

from channels.contract import Manifest
from channels.whatsapp.channel import examine_whatsapp, open_whatsapp
from channels.whatsapp.parse import explained
from channels.whatsapp.settings import WhatsAppSettings, identity
from crm_core.words.addresses import WHATSAPP
from crm_core.words.content import Medium

MANIFEST = Manifest(
    title="WhatsApp (Twilio)",
    medium=Medium.CHAT,
    settings=WhatsAppSettings,
    open=open_whatsapp,
    reaches=frozenset({WHATSAPP}),
    examine=examine_whatsapp,
    identity=identity,
    explain=explained,
)
