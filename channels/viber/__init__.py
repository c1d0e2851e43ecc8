"""Viber: people write to a bot of Viber's business platform."""

from __future__ import annotations

from channels.contract import Manifest
from channels.viber.channel import open_viber
from channels.viber.examine import examine_viber
from channels.viber.parse import explain
from channels.viber.settings import ViberSettings
from crm_core.words.addresses import VIBER
from crm_core.words.content import Medium

MANIFEST = Manifest(
    title="Viber",
    medium=Medium.CHAT,
    settings=ViberSettings,
    open=open_viber,
    reaches=frozenset({VIBER}),
    examine=examine_viber,
    explain=explain,
)
