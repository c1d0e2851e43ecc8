"""SMS by any HTTP gateway, whose requests and reports are described by settings."""

from __future__ import annotations

from channels.contract import Manifest
from channels.gateway.channel import examine_gateway, open_gateway
from channels.gateway.settings import GatewaySettings
from crm_core.words.addresses import TEL
from crm_core.words.content import Medium

MANIFEST = Manifest(
    title="SMS gateway (HTTP)",
    medium=Medium.CHAT,
    settings=GatewaySettings,
    open=open_gateway,
    reaches=frozenset({TEL}),
    examine=examine_gateway,
)
