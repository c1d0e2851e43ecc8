"""Every setting of the hub: an environment variable `HUB_…`, checked at start, all mistakes told at once.

A `Settings` made in code reads no environment; `load_settings(env)` is the way from one to the other.
"""

from __future__ import annotations

import difflib
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from crm_core.store.address import database_address
from crm_core.words.addresses import is_region
from crm_core.words.errors import HubError

PREFIX: Final = "HUB_"
SHORTEST_KEY: Final = 32
"""Characters of a secret key at least: 32 of base 64 are 192 bits."""

Network = IPv4Network | IPv6Network
_LOOPBACK_NAMES: Final = {"localhost": "127.0.0.1", "127.0.0.1": "localhost"}


class SettingsError(HubError):
    """The settings cannot be used. The text has one line for each mistake; `mistakes` has them apart."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(["The settings cannot be used:", *(f"  {mistake}" for mistake in mistakes)]))


def _words_of(value: object) -> object:
    """`a, b c` as a list: environment variables have no lists of their own."""
    return [word for word in re.split(r"[\s,]+", value) if word] if isinstance(value, str) else value


def _networks(value: object) -> object:
    given = _words_of(value)
    if not isinstance(given, list | tuple):
        return given
    found = []
    for word in given:
        try:
            found.append(word if isinstance(word, IPv4Network | IPv6Network) else ip_network(str(word)))
        except ValueError:
            raise ValueError(f"{word!r} is no network; an address stands alone or with its bits: 10.0.0.0/8") from None
    return tuple(found)


def _origin(value: object) -> object:
    if not isinstance(value, str) or not value:
        return value or None
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError("is no address") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must begin with http:// or https:// and name a host")
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("must be scheme, host and port only, with nothing after them")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    is_usual = port is None or port == {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" if is_usual else f"{parts.scheme}://{host}:{port}"


def _origins(value: object) -> object:
    given = _words_of(value)
    return tuple(_origin(word) for word in given) if isinstance(given, list | tuple) else given


def _database(value: object) -> object:
    return database_address(value) if isinstance(value, str) else value


def _redis(value: object) -> object:
    if isinstance(value, str) and value and not re.match(r"(rediss?|unix)://", value):
        raise ValueError("must begin with redis://, rediss:// or unix://")
    return value or None


def _store(value: object) -> object:
    if isinstance(value, str) and value and not re.match(r"(s3|gs|az|abfss?)://", value):
        raise ValueError("must begin with s3://, gs:// or az://; leave it out to keep files under HUB_DATA_DIR")
    return value or None


def _key(value: object) -> object:
    if isinstance(value, str) and 0 < len(value) < SHORTEST_KEY:
        raise ValueError(f"is shorter than {SHORTEST_KEY} characters")
    return value or None


def _region(value: object) -> object:
    if not isinstance(value, str) or not value:
        return value
    code = value.upper()
    if not is_region(code):
        raise ValueError("is no country in two letters (ISO 3166)")
    return code


def _folder(value: object) -> object:
    return Path(value).expanduser().resolve() if isinstance(value, str | Path) and str(value) else value


Origin = Annotated[str, BeforeValidator(_origin)]
Networks = Annotated[tuple[Network, ...], BeforeValidator(_networks)]


def _other_loopback(given: dict[str, Any]) -> str | None:
    parts = urlsplit(given["public_url"])
    other = _LOOPBACK_NAMES.get(parts.hostname or "")
    return None if other is None else f"{parts.scheme}://{other}" + (f":{parts.port}" if parts.port else "")


def _trial_networks(given: dict[str, Any]) -> tuple[Network, ...]:
    """This machine itself, in a trial on it: the demo's stand-ins of providers live there."""
    is_trial = urlsplit(given["public_url"]).hostname in _LOOPBACK_NAMES
    return (ip_network("127.0.0.0/8"), ip_network("::1/128")) if is_trial else ()


class Settings(BaseModel):
    """What whoever runs the hub decides. Each description is the sentence that `hub settings` prints."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True)

    host: str = Field("127.0.0.1", description="The address to listen on; 0.0.0.0 is every one.", examples=["10.0.0.5"])
    port: int = Field(8080, ge=1, le=65535, description="The TCP port to listen on.", examples=["8080"])
    data_dir: Annotated[Path, BeforeValidator(_folder)] = Field(
        Path("var"), description="The folder for everything the hub keeps on this machine.", examples=["./var"]
    )
    database_url: Annotated[str, BeforeValidator(_database)] = Field(
        default_factory=lambda given: f"sqlite:///{given['data_dir']}/hub.sqlite3",
        repr=False,
        description="The database: SQLite for one machine, PostgreSQL for more.",
        examples=["postgresql://hub:secret@db.example/hub"],
    )
    public_url: Origin = Field(
        default_factory=lambda given: f"http://localhost:{given['port']}",
        description="The address at which agents and visitors reach the hub.",
        examples=["https://hub.example.com"],
    )
    files_url: Origin | None = Field(
        default_factory=_other_loopback,
        description="Another host name of the hub from which strangers' files are shown, so that they see no session; "
        "without it files can only be downloaded.",
        examples=["https://hub-files.example.net"],
    )
    allowed_origins: Annotated[tuple[str, ...], BeforeValidator(_origins)] = Field(
        (),
        description="Further origins whose pages may use the console's address with a session.",
        examples=["https://intranet.example.com"],
    )
    region: Annotated[str, BeforeValidator(_region)] = Field(
        "",
        description="The country, in two letters, in which phone numbers without a country code are read; without it "
        "they are not taken for numbers.",
        examples=["PL"],
    )
    trusted_proxies: Networks = Field(
        (),
        description="Networks of the proxies in front of the hub, whose X-Forwarded-For is believed.",
        examples=["10.0.0.0/8, fd00::/8"],
    )
    private_peers: Networks = Field(
        default_factory=lambda given: _trial_networks(given),
        description="Private networks in which mail servers and gateways of channel accounts may stand, and public "
        "hosts with unusual ports; without it the hub connects to the usual ports of public addresses only.",
        examples=["10.1.0.0/16"],
    )
    secret_key: Annotated[SecretStr | None, BeforeValidator(_key)] = Field(
        None,
        description="The key of the house, from which those for sealing and signing are made; without it "
        "one is made and kept in secret.key of HUB_DATA_DIR.",
        examples=["the output of: openssl rand -base64 48"],
    )
    node: int = Field(
        0, ge=0, le=15, description="The number of this process among those of one database.", examples=["0"]
    )
    redis_url: Annotated[str | None, BeforeValidator(_redis)] = Field(
        None,
        repr=False,
        description="Redis, when several processes share one database.",
        examples=["redis://cache.example:6379/0"],
    )
    file_store: Annotated[str | None, BeforeValidator(_store)] = Field(
        None,
        repr=False,
        description="Where files' bytes are kept; without it, in the folder files of HUB_DATA_DIR.",
        examples=["s3://bucket/folder"],
    )
    max_file_bytes: int = Field(
        20 * 2**20, ge=1, le=2**31, description="The largest file anyone may send, in bytes.", examples=["20971520"]
    )
    session_days: int = Field(
        14, ge=1, le=365, description="Days after which a session ends and one signs in again.", examples=["14"]
    )
    session_idle_hours: int = Field(
        72,
        ge=1,
        le=8760,
        description="Hours without use after which a session ends; an open console is use.",
        examples=["72"],
    )
    sign_in_link_hours: int = Field(
        24, ge=1, le=168, description="Hours for which a one-time sign-in link can be used.", examples=["24"]
    )
    speech: bool = Field(
        True,
        description="Whether the hub itself says prompts to callers whose provider has no voice.",
        examples=["0"],
    )
    drain_seconds: int = Field(
        25, ge=0, le=600, description="Seconds given to open work when the hub is told to stop.", examples=["25"]
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least serious log lines that are written.", examples=["info"]
    )
    log_format: Literal["json", "console"] = Field(
        "json", description="Log lines for machines or for people.", examples=["console"]
    )
    log_pii: bool = Field(
        False, description="Whether logs may hold personal data: names, addresses, texts.", examples=["0"]
    )
    metrics_token: Annotated[SecretStr | None, BeforeValidator(_key)] = Field(
        None,
        description="A bearer token with which /metrics may be read from anywhere.",
        examples=["the output of: openssl rand -hex 32"],
    )
    metrics_networks: Networks = Field(
        (ip_network("127.0.0.0/8"), ip_network("::1/128")),
        description="Networks from which /metrics may be read without a token.",
        examples=["127.0.0.0/8, 10.1.0.0/16"],
    )

    @model_validator(mode="after")
    def _hosts_differ(self) -> Settings:
        # Cookies know hosts, not ports: another port of one host would still be sent the session.
        if self.files_url and urlsplit(self.files_url).hostname == urlsplit(self.public_url).hostname:
            raise ValueError("HUB_FILES_URL names the host of HUB_PUBLIC_URL, so files would be sent people's sessions")
        return self

    @property
    def is_secure(self) -> bool:
        """Whether people reach the hub by https, so that cookies are Secure."""
        return self.public_url.startswith("https://")

    @property
    def is_local(self) -> bool:
        """Whether the hub is for this machine only, as in a trial."""
        host = urlsplit(self.public_url).hostname or ""
        return host in _LOOPBACK_NAMES or host == "::1" or host.endswith(".localhost")

    @property
    def files_dir(self) -> Path:
        """The folder of files' bytes, and of what is being received."""
        return self.data_dir / "files"

    @property
    def key_file(self) -> Path:
        """Where the key of the house is kept when no variable gives it."""
        return self.data_dir / "secret.key"


def load_settings(env: Mapping[str, str]) -> Settings:
    """The settings that the environment gives. An empty variable counts as absent.

    Raises SettingsError with a line for each bad or unknown HUB_ variable.
    """
    given = {name: value.strip() for name, value in env.items() if name.startswith(PREFIX) and value.strip()}
    known = {variable(field): field for field in Settings.model_fields}
    mistakes = [_unknown(name, list(known)) for name in sorted(given) if name not in known]
    try:
        settings = Settings.model_validate({known[name]: value for name, value in given.items() if name in known})
    except ValidationError as error:
        told = (_mistake(detail, given) for detail in error.errors(include_url=False))
        raise SettingsError([*mistakes, *(words for words in told if words)]) from None
    if mistakes:
        raise SettingsError(mistakes)
    return settings


def variable(field: str) -> str:
    """The environment variable of a field of Settings."""
    return PREFIX + field.upper()


def described(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """(variable, value, sentence) of each setting, as `hub settings` prints them. No secret is among them."""
    for field, about in Settings.model_fields.items():
        yield variable(field), _shown(getattr(settings, field)), about.description or ""


def house_key(settings: Settings) -> bytes:
    """The key of the house: HUB_SECRET_KEY, else the one kept in secret.key, which is made when there is none.

    Raises OSError when it can be neither read nor made. Two processes that start at once agree on one key.
    """
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = settings.data_dir / f".secret.{secrets.token_hex(8)}"
    try:
        if not settings.key_file.exists():
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(48))
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, settings.key_file)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
    return settings.key_file.read_text(encoding="ascii").strip().encode()


def derived_key(house: bytes, purpose: str) -> bytes:
    """32 bytes for one purpose, such as `files`. Who learns one of them learns neither the house's nor another."""
    return hmac.new(hashlib.sha256(house).digest(), purpose.encode(), hashlib.sha256).digest()


def _unknown(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"{name} is not a setting of the hub." + (f" Did you mean {near[0]}?" if near else " See: hub settings")


_TROUBLES: Final = {
    "int_parsing": "is not a whole number",
    "bool_parsing": "is neither 0 nor 1",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "value_error": "{error}",
}


def _mistake(detail: ErrorDetails, given: Mapping[str, str]) -> str:
    if detail["type"] == "default_factory_not_called":
        return ""
    field = str(detail["loc"][0]) if detail["loc"] else ""
    trouble = _TROUBLES.get(detail["type"], detail["msg"]).format(**detail.get("ctx", {}))
    if not field:
        return f"{trouble}."
    about: FieldInfo = Settings.model_fields[field]
    is_secret = not about.repr or SecretStr.__name__ in str(about.annotation)
    value = "" if is_secret else f"={_shown(given.get(variable(field), ''))}"
    return f"{variable(field)}{value}: {trouble}. Example: {variable(field)}={(about.examples or [''])[0]}"


def _shown(value: object) -> str:
    if value is None or value == ():
        return ""
    if isinstance(value, SecretStr):
        return "(set)"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return str(int(value))
    return re.sub(r"(://[^/@\s]*:)[^@\s]*@", r"\1***@", str(value))
