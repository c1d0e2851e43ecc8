"""What ties mails together: names of messages, reply tokens in addresses and Message-IDs. Pure.

Anybody can write a Message-ID or a References header. Only a token is proof, and even that only of the conversation:
who may join it is the hub's to say.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from channels.email.mail import ParsedMail
from crm_core.words.content import ExternalId, ThreadKey

MOST_ID: Final = 250
"""Characters of a Message-ID that is kept as it is; a longer one is known by its digest."""
_DIGEST_CHARACTERS: Final = 32
_PASSING: Final = re.compile(rb"(?:received|delivered-to|return-path|x-[!-9;-~]*)\s*:", re.IGNORECASE)
_END_OF_HEADER: Final = re.compile(rb"\r?\n\r?\n")
_ID: Final = re.compile(r"[!-;=?-~]{1,250}")
_OWN: Final = re.compile(r"([a-z0-9]{20,64})\.([1-9][0-9]{0,15})@([a-z0-9.-]+)")

Tokens = Callable[[str], int | None]
"""The conversation of a genuine token."""


@dataclass(frozen=True, slots=True)
class OwnId:
    """A Message-ID that we wrote."""

    token: str
    delivery: int


def own_id(token: str, delivery: int, domain: str) -> str:
    """The Message-ID of a delivery, without angle brackets: known before it is sent, and nobody's guess."""
    return f"{token}.{delivery}@{domain}"


def read_own_id(message_id: str, domain: str) -> OwnId | None:
    """The parts of a Message-ID in our shape; whether its token is genuine is not looked at."""
    found = _OWN.fullmatch(message_id.lower())
    return OwnId(found[1], int(found[2])) if found and found[3] == domain else None


def plus_address(address: str, token: str) -> str:
    """The address with a token in it."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{token}@{domain}"


def without_token(address: str, own: frozenset[str]) -> tuple[str, str]:
    """An address of ours without its token, and the token; any other as it is, with none."""
    local, _, domain = address.lower().rpartition("@")
    bare, plus, token = local.partition("+")
    plain = f"{bare}@{domain}"
    return (plain, token) if plus and plain in own else (address.lower(), "")


def conversation_of(mail: ParsedMail, *, recipients: Iterable[str], own: frozenset[str], tokens: Tokens) -> int | None:
    """The conversation of the first genuine token: in an address it was sent to, else in what it answers."""
    for address in recipients:
        token = without_token(address, own)[1]
        found = tokens(token) if token else None
        if found is not None:
            return found
    domains = {address.rpartition("@")[2] for address in own}
    for message_id in [*mail.in_reply_to, *reversed(mail.references)]:
        for domain in domains:
            ours = read_own_id(message_id, domain)
            found = tokens(ours.token) if ours else None
            if found is not None:
                return found
    return None


def content_digest(raw: bytes) -> str:
    """Names a mail by what it says: the same however often it was handed on, another for any other mail."""
    end = _END_OF_HEADER.search(raw)
    header, body = (raw[: end.start()], raw[end.end() :]) if end else (raw, b"")
    digest = hashlib.sha256()
    is_passing = False
    for line in header.replace(b"\r\n", b"\n").split(b"\n"):
        if not line.startswith((b" ", b"\t")):
            is_passing = _PASSING.match(line) is not None
        if not is_passing:
            digest.update(line + b"\n")
    digest.update(b"\n" + body.replace(b"\r\n", b"\n").rstrip(b"\n"))
    return digest.hexdigest()[:_DIGEST_CHARACTERS]


def incoming_id(message_id: str, raw: bytes) -> ExternalId:
    """The name of a mail that came: Message-ID, `|`, digest. A known Message-ID on another mail is another message."""
    return ExternalId(f"{short_id(message_id)}|{content_digest(raw)}")


def short_id(message_id: str) -> str:
    """A Message-ID as it is kept: storable, without `|`, and not endless."""
    if len(message_id) <= MOST_ID and "|" not in message_id and message_id.isprintable():
        return message_id
    return "sha256:" + hashlib.sha256(message_id.encode("utf-8", "replace")).hexdigest()


def written_id(external_id: str) -> str:
    """The Message-ID of a message for a header of ours; empty when it had none or one that must not be repeated."""
    message_id = external_id.partition("|")[0]
    return message_id if _ID.fullmatch(message_id) and not message_id.startswith("sha256:") else ""


def thread_of(mail: ParsedMail, external_id: ExternalId) -> ThreadKey:
    """The thread: the first mail it says it belongs to, else itself."""
    root = [*mail.references[:1], *mail.in_reply_to[:1], mail.message_id][0]
    return ThreadKey(f"mail:{short_id(root) if root else external_id}")
