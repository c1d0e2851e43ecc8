"""What an administrator sets for a mailbox."""

from __future__ import annotations

from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from channels.contract.trusted import Certificates
from crm_core.words import addresses
from crm_core.words.errors import Invalid, Unfit

Security = Literal["tls", "starttls", "none"]
MEBIBYTE: Final = 1024 * 1024


def _address(raw: str) -> str:
    try:
        return addresses.email(raw).value
    except Invalid as error:
        raise Unfit.by(error) from error


def _host(raw: str) -> str:
    host = raw.strip().rstrip(".").lower()
    if any(c.isspace() or c in "/@:?#\\\"'<>" for c in host) or len(host) > 253:
        raise Unfit("A host looks like mail.example.com, without a port.", why="host_like")
    return host


def _secure_url(raw: str) -> str:
    if raw and (urlsplit(raw).scheme not in {"https", "http"} or not urlsplit(raw).hostname):
        raise Unfit(
            "An address for tokens looks like {like}.", why="address_like", like="https://login.example.com/token"
        )
    return raw


def _one_line(raw: str) -> str:
    if any(ord(c) < 32 or ord(c) == 127 for c in raw):
        raise Unfit("This has to be one line without control characters.", why="one_line")
    return raw.strip()


MailAddress = Annotated[str, AfterValidator(_address)]
Host = Annotated[str, Field(max_length=253), AfterValidator(_host)]
Line = Annotated[str, Field(max_length=400), AfterValidator(_one_line)]
Port = Annotated[int, Field(ge=1, le=65_535)]


class EmailSettings(BaseModel):
    """One mailbox: whose it is, how mail comes in, and how it goes out."""

    model_config = ConfigDict(extra="forbid")

    address: MailAddress = Field(description="The mailbox's own address: agents write from it, customers write to it.")
    name: Line = Field("", description="The name that stands before the address.")
    aliases: list[MailAddress] = Field(
        [], max_length=100, description="Other addresses whose mail comes here; never shown as recipients."
    )
    signature: str = Field(
        "", max_length=20_000, description="HTML below what agents write, such as your name and opening hours."
    )

    incoming: Literal["imap", "listener", "none"] = Field(
        "imap", description="Fetch mail from a mailbox, take it from your mail server by SMTP or LMTP, or only send."
    )
    auth: Literal["password", "xoauth2"] = Field(
        "password", description="Sign in by password, or by OAuth as Google and Microsoft want it."
    )
    username: Line = Field("", description="The name to sign in with; empty for the address.")
    password: SecretStr = Field(SecretStr(""), description="The password, or an app password of the provider.")
    oauth_url: Annotated[str, AfterValidator(_secure_url)] = Field(
        "", max_length=500, description="Where access tokens are fetched, such as https://oauth2.googleapis.com/token."
    )
    oauth_client_id: Line = Field("", description="The client ID of your application at the provider.")
    oauth_client_secret: SecretStr = Field(
        SecretStr(""), description="The application's secret; some providers want none."
    )
    oauth_refresh_token: SecretStr = Field(
        SecretStr(""), description="The refresh token that the mailbox's owner has granted."
    )
    oauth_scope: Line = Field("", description="The scope to ask for, where the provider wants it told each time.")

    imap_host: Host = Field("", description="The server that mail is fetched from.")
    imap_port: Port = Field(993, description="993 with TLS, 143 with STARTTLS.")
    imap_security: Security = Field("tls", description="How the connection is encrypted; none only within a machine.")
    folders: list[Line] = Field(
        ["INBOX"], min_length=1, max_length=5, description="The folders whose mail is fetched, each by its full name."
    )
    history_days: int = Field(
        0, ge=0, le=365, description="Days of old mail that are fetched at the first start; 0 for new mail only."
    )
    after: Literal["keep", "seen", "move"] = Field(
        "keep", description="What becomes of a mail that was fetched: left as it is, marked as read, or moved away."
    )
    move_to: Line = Field("", description="The folder that fetched mail is moved to.")
    authserv_id: Line = Field(
        "",
        description="Your mail server's name in Authentication-Results headers, by which senders are checked. "
        "Without it anybody can write in the name of your customers: a From is believed as it stands.",
    )

    listener_host: Host = Field("127.0.0.1", description="The network address to listen on for your mail server.")
    listener_port: Port = Field(2525, description="The port to listen on; mailboxes may share one.")
    listener_protocol: Literal["smtp", "lmtp"] = Field("smtp", description="What your mail server speaks to us.")

    smtp_host: Host = Field("", description="The server that mail is sent by; empty: this mailbox only receives.")
    smtp_port: Port = Field(587, description="587 with STARTTLS, 465 with TLS.")
    smtp_security: Security = Field(
        "starttls", description="How the connection is encrypted; none only within a machine."
    )
    smtp_sign_in: bool = Field(True, description="Sign in before sending; off for a server that trusts this machine.")
    smtp_username: Line = Field("", description="Another name to send with; empty for the one above.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Another password to send with; empty for the above.")
    plus_addressing: bool = Field(
        False, description="Answers come to name+code@domain: safer threading where your server delivers such mail."
    )
    max_file_bytes: int = Field(
        20 * MEBIBYTE, ge=0, le=100 * MEBIBYTE, description="The largest file that is sent, in bytes; 0 for none."
    )
    certificates: Certificates = Field(
        "", max_length=100_000, description="Certificates in PEM of your own authority, if your servers use one."
    )

    @model_validator(mode="after")
    def _is_whole(self) -> EmailSettings:
        if self.incoming == "imap" and not self.imap_host:
            raise Unfit("Name the server that mail is fetched from.", why="imap_missing")
        if self.after == "move" and not self.move_to:
            raise Unfit("Name the folder that fetched mail is moved to.", why="folder_missing")
        if self.auth == "xoauth2" and not (self.oauth_url and self.oauth_client_id):
            raise Unfit("OAuth needs the address for tokens and a client ID.", why="oauth_missing")
        return self

    @property
    def sign_in_name(self) -> str:
        """The name to fetch mail with."""
        return self.username or self.address

    @property
    def domain(self) -> str:
        """The domain of the mailbox's address, in ASCII."""
        return self.address.rpartition("@")[2]

    @property
    def own(self) -> frozenset[str]:
        """Every address that is this mailbox."""
        return frozenset({self.address, *self.aliases})


def identity(settings: EmailSettings) -> dict[str, str]:
    """What makes it this mailbox and no other: UIDs and places in folders count within it alone."""
    if settings.incoming != "imap":
        return {"address": settings.address}
    return {"address": settings.address, "imap_host": settings.imap_host, "username": settings.sign_in_name}
