"""What an administrator sets for an Asterisk."""

from __future__ import annotations

import re
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator

from channels.contract.dialled import Countries, Extensions, Prefixes
from channels.contract.trusted import Certificates
from crm_core.words.addresses import phone
from crm_core.words.dialling import DialPlan, country_of, read_extensions
from crm_core.words.errors import Invalid, Unfit

_APP: Final = re.compile(r"[a-z][a-z0-9_]{0,30}")
_SOUND: Final = re.compile(r"(sound|number|digits|characters|tone|recording):[^\s,]{1,200}")
_ENDPOINT: Final = re.compile(r"[A-Za-z0-9]{1,20}/[^\s&|^~,()]{0,200}")


def _pattern(value: str) -> str:
    if not _ENDPOINT.fullmatch(value) or ("{number}" not in value and "{digits}" not in value):
        raise Unfit(
            "It looks like PJSIP/{{number}}@trunk, with {{number}} (+380…) or {{digits}} (380…).", why="dialled_like"
        )
    return value


def _sounds(value: str) -> str:
    words = value.split()
    if not words or not all(_SOUND.fullmatch(word) for word in words):
        raise Unfit(
            "Sounds look like `sound:custom/greeting`; several stand with spaces between them.", why="sounds_like"
        )
    return " ".join(words)


def _ice(value: str) -> str:
    if not re.fullmatch(r"(stuns?|turns?):[A-Za-z0-9.\-:\[\]]{1,200}(\?transport=(udp|tcp))?", value):
        raise Unfit("It looks like stun:stun.example:3478 or turn:turn.example:3478.", why="ice_like")
    return value


def _url(value: str, *schemes: str) -> str:
    text = value.strip().rstrip("/")
    parts = urlsplit(text)
    if parts.scheme not in schemes or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise Unfit("It looks like {like}.", why="address_like", like=f"{schemes[0]}://127.0.0.1:8088")
    return text


Dialled = Annotated[str, Field(max_length=200), AfterValidator(_pattern)]
IceServer = Annotated[str, AfterValidator(_ice)]


class AsteriskSettings(BaseModel):
    """An Asterisk's settings. Two accounts, or two hubs, of one Asterisk have an `app` each."""

    model_config = ConfigDict(extra="forbid")

    ari_url: str = Field(
        "http://127.0.0.1:8088", max_length=300, title="Address", description="Where Asterisk's HTTP server is."
    )
    user: str = Field("switchboard", min_length=1, max_length=80, description="A user of ari.conf.")
    password: SecretStr = Field(min_length=1, max_length=200, description="Their password in ari.conf.")
    certificates: Certificates = Field(
        "", max_length=100_000, description="Certificates in PEM of your own authority, if your servers use one."
    )
    app: str = Field(
        "switchboard", title="Application", description="What the dialplan calls by Stasis(…); SWITCHBOARD_APP there."
    )
    trunk: Dialled = Field(
        "PJSIP/{number}@trunk", title="Numbers", description="How a number outside is called over the trunk."
    )
    extensions: Dialled = Field(
        "PJSIP/{number}", title="Extensions", description="How an extension of this Asterisk is called."
    )
    own_extensions: Extensions = Field(
        [], max_length=100, title="Agents' extensions", description="That agents may have rung: 101, or 200-299."
    )
    countries: Countries = Field(
        [], title="Countries that may be called", description="Two letters each; empty: the caller id's own country."
    )
    prefixes: Prefixes = Field([], title="Prefixes that may be called besides", description="Such as +4420.")
    forbidden: Prefixes = Field([], title="Prefixes that are never called")
    agent_minute: int = Field(10, ge=1, le=1_000, title="Numbers an agent may call within a minute")
    account_minute: int = Field(60, ge=1, le=10_000, title="Numbers all agents may call within a minute")
    caller_id: str = Field("", max_length=20, title="Caller id", description="Our number; calls out show it.")
    sip_domain: str = Field(
        "switchboard.invalid",
        pattern=r"^[A-Za-z0-9.\-]{1,100}$",
        title="SIP domain",
        description="Of softphones' names.",
    )
    phone_url: str = Field(
        "", max_length=300, title="Softphones", description="Asterisk's SIP WebSocket; empty: /ws at its address."
    )
    context: str = Field(
        "switchboard-none", pattern=r"^[A-Za-z0-9_\-]{1,79}$", description="Where softphones dial: it refuses all."
    )
    sounds: dict[Annotated[str, Field(pattern=r"^[a-z_]{1,20}(\.[A-Za-z\-]{2,8})?$")], Annotated[
        str, Field(max_length=1_000), AfterValidator(_sounds)
    ]] = Field(
        {},
        max_length=100,
        title="Sounds",
        description="By prompt, such as greeting or greeting.uk; {position} and {minutes} are filled in.",
    )  # fmt: skip
    music_class: str = Field(
        "default", pattern=r"^[A-Za-z0-9_\-]{1,79}$", title="Music", description="A class of musiconhold.conf."
    )
    ice_servers: list[IceServer] = Field([], max_length=8, title="STUN and TURN servers")
    turn_user: str = Field("", max_length=200, title="TURN user")
    turn_password: SecretStr = Field(SecretStr(""), max_length=200, title="TURN password")

    @field_validator("ari_url")
    @classmethod
    def _ari(cls, value: str) -> str:
        return _url(value, "http", "https").removesuffix("/ari")

    @field_validator("phone_url")
    @classmethod
    def _phone(cls, value: str) -> str:
        return _url(value, "ws", "wss") if value.strip() else ""

    @field_validator("app")
    @classmethod
    def _application(cls, value: str) -> str:
        if not _APP.fullmatch(value):
            raise Unfit("An application's name has small letters, digits and underscores.", why="application_like")
        return value

    @field_validator("caller_id")
    @classmethod
    def _number(cls, value: str) -> str:
        try:
            return phone(value).value if value.strip() else ""
        except Invalid as error:
            raise Unfit("A number begins with + and the country code.", why="number_like") from error

    @property
    def events_url(self) -> str:
        """Where events come from."""
        return "ws" + self.ari_url.removeprefix("http") + "/ari/events"

    @property
    def softphone_url(self) -> str:
        """Where softphones speak SIP."""
        return self.phone_url or "ws" + self.ari_url.removeprefix("http") + "/ws"

    def dial_plan(self, region: str) -> DialPlan:
        """What may be called; `region` is the house's country, where numbers without a country code are read."""
        own = country_of(self.caller_id) or region
        return DialPlan(
            region=region or own,
            countries=frozenset(self.countries or [own]) - {""},
            allowed=tuple(self.prefixes),
            forbidden=tuple(self.forbidden),
            own=frozenset({self.caller_id}) - {""},
            extensions=read_extensions(self.own_extensions),
            agent_minute=self.agent_minute,
            account_minute=self.account_minute,
        )


def identity(settings: AsteriskSettings) -> dict[str, str]:
    """Whose calls an account brings."""
    return {"ari_url": settings.ari_url, "app": settings.app}
