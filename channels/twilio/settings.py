"""What every account at Twilio needs."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from crm_core.words.errors import Unfit

API: Final = "https://api.twilio.com"
_SERVICE: Final = re.compile(r"MG[0-9a-fA-F]{32}")


def origin(raw: str) -> str:
    """Scheme, host and port of an API. Without encryption only within private networks, where stand-ins live."""
    text = raw.strip().rstrip("/")
    parts = urlsplit(text)
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.path or parts.query or "@" in parts.netloc:
        raise Unfit("The address of the API looks like {like}, without a path.", why="address_like", like=API)
    if parts.scheme == "http" and not _is_private(parts.hostname):
        raise Unfit("Credentials are sent over https only.", why="needs_https")
    return text


def _is_private(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost"


def is_service(sender: str) -> bool:
    """Whether a sender is a messaging service rather than a number."""
    return _SERVICE.fullmatch(sender) is not None


class TwilioCredentials(BaseModel):
    """Credentials and the way to the API. The auth token checks webhooks, so it is needed beside an API key too."""

    model_config = ConfigDict(extra="forbid")

    account_sid: str = Field(pattern=r"^AC[0-9a-fA-F]{32}$", title="Account SID")
    """From Twilio's console; it begins with AC."""
    auth_token: SecretStr = Field(min_length=1, title="Auth token")
    """Signs what Twilio sends to us. Without an API key it signs in to the API as well."""
    api_sid: str = Field("", pattern=r"^(SK[0-9a-fA-F]{32})?$", title="API key SID (optional)")
    api_secret: SecretStr = Field(SecretStr(""), title="API key secret (optional)")
    api_origin: Annotated[str, AfterValidator(origin)] = Field(API, title="Address of the API")
    """Another region's, such as https://api.dublin.ie1.twilio.com, or a stand-in's."""

    @model_validator(mode="after")
    def _whole_key(self) -> Self:
        if bool(self.api_sid) is not bool(self.api_secret.get_secret_value()):
            raise Unfit("An API key is a SID and a secret.", why="whole_key")
        return self

    @property
    def is_twilios(self) -> bool:
        """Whether the API is Twilio's own, in one of its regions, and no stand-in."""
        host = urlsplit(self.api_origin).hostname or ""
        return host == "twilio.com" or host.endswith(".twilio.com")

    @property
    def credentials(self) -> tuple[str, str]:
        """Name and password for the API."""
        if self.api_sid:
            return self.api_sid, self.api_secret.get_secret_value()
        return self.account_sid, self.auth_token.get_secret_value()


class TwilioSettings(TwilioCredentials):
    """What every account of messages needs besides."""

    opt_out: Literal["twilio", "hub"] = Field("twilio", title="Who acts on STOP")
    """`twilio`: Twilio's own list counts, so CANCEL, END, QUIT stop messages as well, and YES starts them again."""
