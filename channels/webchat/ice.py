"""STUN and TURN servers as a browser takes them. Pure: the time is given in."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

from channels.webchat.protocol import IceServer
from channels.webchat.settings import WebChatSettings
from crm_core.words.clock import HOUR, SECOND, Moment

GOOD_FOR: Final[Moment] = 12 * HOUR
"""How long the user of a TURN server that is made for one call is let in."""


def servers(settings: WebChatSettings, name: str, now: Moment) -> list[IceServer]:
    """The account's servers for somebody called `name`.

    With a shared secret the user is the time of its end and the name, and the credential is its HMAC-SHA1, as the
    TURN REST draft has it (draft-uberti-behave-turn-rest-00) and coturn takes it.
    """
    found = [IceServer(urls=list(settings.stun), username="", credential="")] if settings.stun else []
    if not settings.turn:
        return found
    secret = settings.turn_secret.get_secret_value()
    username, credential = settings.turn_username, settings.turn_credential.get_secret_value()
    if secret:
        username = f"{(now + GOOD_FOR) // SECOND}:{name}"
        digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
        credential = base64.b64encode(digest).decode("ascii")
    return [*found, IceServer(urls=list(settings.turn), username=username, credential=credential)]
