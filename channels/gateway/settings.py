"""How one gateway wants to be asked, and how it reports. Everything that can be wrong is said when it is saved."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from channels.gateway.shapes import form_shape, json_shape, path_of, placeholders
from crm_core.words.addresses import phone
from crm_core.words.errors import Invalid, Unfit
from crm_core.words.texting import HELP_TEXT

PLACEHOLDERS: Final = frozenset({"to", "from", "text", "id", "secret"})
MOST_TEXT: Final = 10_000


def _url(raw: str) -> str:
    text = raw.strip()
    parts = urlsplit(text)
    if parts.scheme not in {"https", "http"} or not parts.hostname or "@" in parts.netloc:
        raise Unfit("The address looks like {like}.", why="address_like", like="https://gateway.example/send")
    if "{" in parts.netloc:
        raise Unfit("The host of the address cannot be filled in.", why="host_filled")
    if parts.scheme == "http" and not _is_private(parts.hostname):
        raise Unfit("Without https the message and the password could be read on the way.", why="needs_https")
    _known(text)
    return text


def _is_private(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost"


def _known(template: str) -> str:
    strange = placeholders(template) - PLACEHOLDERS
    if strange:
        raise Unfit(
            "{word} is no word that can be filled in; these are: {{to}} {{from}} {{text}} {{id}}",
            why="no_such_word",
            word=f"{{{min(strange)}}}",
        )
    return template


def _path(raw: str) -> str:
    path_of(raw)
    return raw.strip()


def _header(raw: str) -> str:
    name, colon, value = raw.partition(":")
    if not colon or not name.strip() or not all(c.isascii() and (c.isalnum() or c in "-_") for c in name.strip()):
        raise Unfit("A header looks like X-Name: value.", why="header_like")
    if any(c in value for c in "\r\n\0"):
        raise Unfit("A header is one line.", why="one_line")
    return f"{name.strip()}: {value.strip()}"


def _sender(raw: str) -> str:
    text = raw.strip()
    try:
        return phone(text).value if text.startswith("+") else text
    except Invalid as error:
        raise Unfit("The sender is no phone number.", why="no_phone") from error


Template = Annotated[str, AfterValidator(_known)]
Path = Annotated[str, AfterValidator(_path)]
"""Where something stands in a report: names and numbers joined by dots, such as `messages.0.id`."""
Status = Literal["sent", "delivered", "read", "failed"]


class GatewaySettings(BaseModel):
    """A gateway account's settings. Templates say `{to} {from} {text} {id} {secret}`; each word is quoted as needed."""

    model_config = ConfigDict(extra="forbid")

    sender: Annotated[str, AfterValidator(_sender)] = Field(min_length=1, max_length=40, title="Sender")
    """What `{from}` says: a number or a name."""
    region: str = Field("", pattern=r"^([A-Z]{2})?$", title="Country of local numbers")
    """ISO 3166; reads numbers that come without a country code."""
    url: Annotated[str, AfterValidator(_url)] = Field(title="Address to send to")
    method: Literal["POST", "GET", "PUT"] = Field("POST", title="Method")
    body_kind: Literal["json", "form", "none"] = Field("json", title="Body")
    body: Template = Field(
        '{"to": "{to}", "from": "{from}", "text": "{text}"}', max_length=5_000, title="Body template"
    )
    headers: list[Annotated[str, AfterValidator(_header)]] = Field([], max_length=20, title="Headers")
    number_kind: Literal["+380441234567", "380441234567"] = Field("+380441234567", title="Numbers are written")
    auth: Literal["none", "basic", "bearer", "header"] = Field("none", title="Signs in by")
    auth_name: str = Field("", max_length=200, title="User, or name of the header")
    auth_secret: SecretStr = Field(SecretStr(""), title="Password, token or key")
    """Also what `{secret}` says, for gateways that want it in the address or the body."""
    success: list[int] = Field([200, 201, 202], min_length=1, max_length=10, title="Statuses of success")
    answer_id: Path = Field("", title="Message id in the answer")
    """Empty: the gateway gives none, and receipts are told apart by `{id}`."""
    answer_error: Path = Field("", title="Error in the answer")
    """For gateways that answer 200 to everything: where their error stands, if there is one."""
    recognises_id: bool = Field(False, title="Recognises {id}")
    """The gateway sends a message with the same `{id}` only once, so that a doubtful send may be repeated."""
    help_text: str = Field(HELP_TEXT, min_length=1, max_length=600, title="Answer to HELP")
    """`{name}` is the account's name."""
    max_text: int = Field(1_000, ge=70, le=MOST_TEXT, title="Longest text")

    check: Literal["header", "query", "path", "hmac"] = Field("path", title="Reports are checked by")
    check_name: str = Field("", pattern=r"^[A-Za-z0-9_-]{0,60}$", title="Name of the header or parameter")
    check_secret: SecretStr = Field(min_length=12, title="Secret of reports")
    check_digest: Literal["sha256-hex", "sha256-base64", "sha1-hex", "sha1-base64"] = Field("sha256-hex", title="HMAC")
    in_list: Path = Field("", title="List of messages in a report")
    """Empty: a report is one message."""
    in_id: Path = Field("id", title="Id")
    in_from: Path = Field("from", title="Sender")
    in_to: Path = Field("to", title="Recipient")
    in_text: Path = Field("text", title="Text")
    in_time: Path = Field("time", title="Time")
    """Seconds or milliseconds since 1970, or ISO 8601; other times are taken for now."""
    receipt_id: Path = Field("id", title="Id in a receipt")
    receipt_ref: Path = Field("", title="Our {id} in a receipt")
    receipt_status: Path = Field("status", title="Status in a receipt")
    receipt_reason: Path = Field("", title="Reason in a receipt")
    statuses: dict[str, Status] = Field(
        {"delivered": "delivered", "delivrd": "delivered", "sent": "sent", "failed": "failed", "undeliv": "failed"},
        max_length=60,
        title="Their statuses in our words",
    )
    reply: str = Field("OK", max_length=500, title="Answer to reports")

    @model_validator(mode="after")
    def _fits_together(self) -> GatewaySettings:
        if self.body_kind == "json":
            json_shape(self.body)
        elif self.body_kind == "form":
            form_shape(self.body)
        if self.body_kind != "none" and self.method == "GET":
            raise Unfit("A GET has no body: choose another method, or put everything into the address.", why="get_body")
        said = placeholders(self.url) | (placeholders(self.body) if self.body_kind != "none" else set())
        if not {"to", "text"} <= said:
            raise Unfit("The address or the body must say {{to}} and {{text}}.", why="says_to_and_text")
        if self.auth in ("basic", "header") and not self.auth_name:
            raise Unfit("Signing in needs a name.", why="sign_in_name")
        if any(ord(c) < 32 for c in self.auth_name + self.auth_secret.get_secret_value()):
            raise Unfit("Names and secrets are one line.", why="one_line")
        if self.check in ("header", "query", "hmac") and not self.check_name:
            raise Unfit("Checking reports needs the name of the header or parameter.", why="check_name")
        return self
