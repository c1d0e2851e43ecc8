"""Sessions, tokens and what people set for themselves."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from crm_core.words.permissions import Permission
from hub.api.models.agents import Agent
from hub.api.models.shapes import Asked, Language, Line, Secret, Shown, Time, When


class Credentials(Asked):
    """How one signs in with a password."""

    email: Annotated[str, StringConstraints(max_length=254)]
    password: Secret


class Me(Shown):
    """Who is signed in, and what they may do."""

    agent: Agent
    email: str
    permissions: list[Permission]
    session_id: int


class Visit(Shown):
    """Who looks at the console: a page may ask this before anybody has signed in."""

    me: Me | None
    """Nobody while nobody is signed in here."""


class MySettings(Asked):
    """What one sets for oneself; what is named is changed."""

    language: Language | None = None
    name: Line | None = None


class PasswordChange(Asked):
    """The old password proves that it is you. Other sessions end."""

    old_password: Secret
    new_password: Secret


class Session(Shown):
    """A way in that is open: a browser's session or an API token. Its secret is never shown again."""

    id: int
    kind: str
    label: str
    created_at: Time
    last_seen_at: Time | None
    expires_at: Time | None
    is_this: bool = Field(False, description="Whether this request came by it.")


class NewToken(Asked):
    """A token for a program that acts as you."""

    label: Line
    expires_at: When | None = None


class MadeToken(Shown):
    """A new token. `token` is shown here and never again."""

    id: int
    label: str
    token: str
    created_at: Time
    expires_at: Time | None


class SocketTicket(Shown):
    """A ticket for the console's socket: works once, for 30 seconds."""

    ticket: str
