"""Asterisk: calls over any SIP trunk or PBX, by its REST interface (ARI)."""

from __future__ import annotations

from channels.asterisk.channel import open_asterisk
from channels.asterisk.examine import examine_asterisk
from channels.asterisk.parse import explain
from channels.asterisk.settings import AsteriskSettings, identity
from channels.contract import Manifest
from crm_core.words.addresses import TEL
from crm_core.words.content import Medium

MANIFEST = Manifest(
    title="Phone (Asterisk)",
    medium=Medium.CALL,
    settings=AsteriskSettings,
    open=open_asterisk,
    reaches=frozenset({TEL}),
    examine=examine_asterisk,
    identity=identity,
    explain=explain,
)
