"""What an administrator sets for a Telegram bot."""

from __future__ import annotations

from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from crm_core.words.errors import Unfit

OFFICIAL: Final = "https://api.telegram.org"
_SECRET_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


class TelegramSettings(BaseModel):
    """A bot's settings."""

    model_config = ConfigDict(extra="forbid")

    bot_token: SecretStr = Field(description="The token that @BotFather gave, such as 123456:ABC-DEF.")
    mode: Literal["webhook", "polling"] = Field(
        "webhook",
        description="Whether Telegram calls the hub (webhook; the hub needs a public https address) "
        "or the hub asks Telegram (polling).",
    )
    webhook_secret: SecretStr = Field(
        SecretStr(""),
        description="Telegram shows it with every webhook: 16 to 256 letters, digits, _ and -. Not needed for polling.",
    )
    api_url: str = Field(OFFICIAL, max_length=300, description="Another Bot API server of your own, if you have one.")

    @field_validator("bot_token")
    @classmethod
    def _token(cls, value: SecretStr) -> SecretStr:
        bot, _, secret = value.get_secret_value().strip().partition(":")
        if not bot.isdecimal() or len(secret) < 3 or not set(secret) <= _SECRET_LETTERS:
            raise Unfit("A bot's token looks like 123456:ABC-DEF.", why="token_like")
        return SecretStr(f"{bot}:{secret}")

    @field_validator("webhook_secret")
    @classmethod
    def _secret(cls, value: SecretStr) -> SecretStr:
        secret = value.get_secret_value()
        if secret and not (16 <= len(secret) <= 256 and set(secret) <= _SECRET_LETTERS):
            raise Unfit("A webhook secret is 16 to 256 letters, digits, _ and -.", why="secret_like")
        return value

    @field_validator("api_url")
    @classmethod
    def _server(cls, value: str) -> str:
        parts = urlsplit(value.strip())
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.query
            or parts.fragment
            or parts.username
        ):
            raise Unfit("An API server looks like {like}.", why="address_like", like=OFFICIAL)
        return value.strip().rstrip("/")

    @model_validator(mode="after")
    def _is_safe(self) -> TelegramSettings:
        if self.mode == "webhook" and not self.webhook_secret.get_secret_value():
            raise Unfit(
                "A webhook without a secret would take messages from anybody. Set a webhook secret.",
                why="secret_missing",
            )
        return self


def identity(settings: TelegramSettings) -> dict[str, str]:
    """The bot's number, which stays when @BotFather gives it a new token; updates are counted within it."""
    return {"bot_token": settings.bot_token.get_secret_value().partition(":")[0]}
