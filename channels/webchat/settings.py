"""What an administrator sets for a web chat."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from crm_core.words.errors import Unfit

Language = Literal["en", "uk", "ru", "pl", "zh-CN"]


def _origin(raw: str) -> str:
    parts = urlsplit(raw.strip().lower())
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"}:
        raise Unfit("An origin looks like https://shop.example, without a path.", why="origin_like")
    if parts.query or parts.fragment or "@" in parts.netloc or any(c in parts.netloc for c in " ;,*'\""):
        raise Unfit("An origin looks like https://shop.example, and nothing else.", why="origin_like")
    default = {"http": ":80", "https": ":443"}[parts.scheme]
    return f"{parts.scheme}://{parts.netloc.removesuffix(default)}"


Origin = Annotated[str, AfterValidator(_origin)]
"""Scheme, host and port of a page, as a browser writes it in its Origin header."""


StunUrl = Annotated[str, Field(pattern=r"^stuns?:[A-Za-z0-9.\[\]:-]{1,200}$")]
TurnUrl = Annotated[str, Field(pattern=r"^turns?:[A-Za-z0-9.\[\]:-]{1,200}(\?transport=(udp|tcp))?$")]
"""RFC 7064 and RFC 7065."""


class FormField(BaseModel):
    """One question of the form before the chat."""

    model_config = ConfigDict(extra="forbid")

    name: Literal["name", "email", "phone"]
    required: bool = False


class WebChatSettings(BaseModel):
    """A web chat account's settings."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field("Chat with us", max_length=80)
    """Stands in the widget's header."""
    colour: str = Field("#2f5bea", pattern=r"^#[0-9a-fA-F]{6}$")
    """The one accent colour; the widget picks black or white text on it by contrast."""
    side: Literal["right", "left"] = "right"
    default_language: Language = "en"
    """For visitors whose browser asks for none of the five."""
    greeting: dict[Language, Annotated[str, Field(max_length=1_000)]] = {}
    """Shown above an empty chat; the widget's own greeting where a language is missing."""
    pre_chat: list[FormField] = Field([], max_length=3)
    """Asked before the first message; empty to ask nothing."""
    offline_form: bool = True
    """When nobody is available, ask how to answer; the message becomes a conversation all the same."""
    allowed_origins: list[Origin] = Field([], max_length=100)
    """Sites that may show the chat. The hub's own pages always may; empty means no other."""
    identity_secret: SecretStr = SecretStr("")
    """With it a host page signs who its visitor is. Empty: everybody is a stranger."""
    max_file_bytes: int = Field(10 * 1024 * 1024, ge=0, le=100 * 1024 * 1024)
    """0: no files."""
    file_types: list[Annotated[str, Field(pattern=r"^[a-z]+/([a-z0-9.+-]+|\*)$")]] = Field([], max_length=50)
    """Types that are taken, by what the bytes are; empty for all. None is ever shown as a page."""
    calls: bool = Field(
        False,
        title="Visitors can call",
        description="From the page, from browser to browser; agents answer in the console.",
    )
    call_consent: dict[Language, Annotated[str, Field(max_length=1_000)]] = Field(
        {},
        title="Agreed to before a call",
        description="Such as a notice of recording; the widget's own words where a language is missing.",
    )
    stun: list[StunUrl] = Field(
        [],
        max_length=5,
        title="STUN servers",
        description="They tell a browser its address outside, such as stun:stun.example.com:3478.",
    )
    turn: list[TurnUrl] = Field(
        [],
        max_length=5,
        title="TURN servers",
        description="They carry the sound where browsers cannot reach each other, such as turns:turn.example.com:5349.",
    )
    relay_only: bool = Field(
        False,
        title="Sound by TURN servers only",
        description="Never straight: where a network lets nothing else through, or nobody shall see another's address.",
    )
    turn_username: str = Field("", max_length=200, title="TURN user")
    turn_credential: SecretStr = Field(
        SecretStr(""),
        title="TURN password",
        description="Every visitor who calls is told it; better is the secret below.",
    )
    turn_secret: SecretStr = Field(
        SecretStr(""),
        title="TURN shared secret",
        description="coturn's static-auth-secret: every call gets a user of its own that ends by itself. It goes "
        "before user and password.",
    )

    @model_validator(mode="after")
    def _sound_has_a_way(self) -> WebChatSettings:
        if self.relay_only and not self.turn:
            raise Unfit("Sound that goes by TURN servers only needs one: name it.", why="turn_missing")
        return self
