"""What an administrator sets for a Viber bot."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from crm_core.words.errors import Unfit

OFFICIAL: Final = "https://chatapi.viber.com"


class ViberSettings(BaseModel):
    """A bot's settings."""

    model_config = ConfigDict(extra="forbid")

    auth_token: SecretStr = Field(
        min_length=16, description="The bot's key: in Viber, under More, Settings, Bots, Edit Info."
    )
    sender_name: str = Field(min_length=1, max_length=28, description="The name that stands above what agents write.")
    api_url: str = Field(OFFICIAL, max_length=300, description="Where Viber's API is; only tests change it.")

    @field_validator("api_url")
    @classmethod
    def _server(cls, value: str) -> str:
        parts = urlsplit(value.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise Unfit("An API's address looks like {like}.", why="address_like", like=OFFICIAL)
        return value.strip().rstrip("/")

    def calls(self, public_url: str) -> bool:
        """Whether webhooks come to this address. Viber calls only https; a stand-in calls any."""
        return public_url.startswith(("https://",) if self.api_url == OFFICIAL else ("https://", "http://"))
