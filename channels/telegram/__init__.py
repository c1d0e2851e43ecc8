"""Telegram: people write to a bot, and the bot answers with the agents' words."""

from __future__ import annotations

from channels.contract import Manifest
from channels.telegram.channel import open_telegram
from channels.telegram.examine import examine_telegram
from channels.telegram.explain import explain_telegram
from channels.telegram.settings import TelegramSettings, identity
from crm_core.words.addresses import TELEGRAM
from crm_core.words.content import Medium

MANIFEST = Manifest(
    title="Telegram",
    medium=Medium.CHAT,
    settings=TelegramSettings,
    open=open_telegram,
    reaches=frozenset({TELEGRAM}),
    examine=examine_telegram,
    identity=identity,
    explain=explain_telegram,
)
