"""Calls by Twilio Voice."""

from __future__ import annotations

from channels.contract import Manifest
from channels.voice.channel import examine_voice, open_voice
from channels.voice.parse import explained
from channels.voice.settings import VoiceSettings, identity
from crm_core.words.addresses import TEL
from crm_core.words.content import Medium

MANIFEST = Manifest(
    title="Phone (Twilio)",
    medium=Medium.CALL,
    settings=VoiceSettings,
    open=open_voice,
    reaches=frozenset({TEL}),
    examine=examine_voice,
    identity=identity,
    explain=explained,
)
