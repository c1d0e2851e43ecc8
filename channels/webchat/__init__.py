"""Web chat: visitors of a web page write through the hub's own widget."""

from __future__ import annotations

from channels.contract import Manifest
from channels.webchat.channel import open_webchat
from channels.webchat.settings import WebChatSettings
from crm_core.words.addresses import EXTERNAL, VISITOR
from crm_core.words.content import Medium

MANIFEST = Manifest(
    title="Web chat",
    medium=Medium.CHAT,
    settings=WebChatSettings,
    open=open_webchat,
    reaches=frozenset({VISITOR, EXTERNAL}),
)
