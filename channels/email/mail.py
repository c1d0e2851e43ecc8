"""What a mail says once it is read: plain values, the same in the hub and in the process that reads."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from crm_core.words.clock import Moment


class Named(msgspec.Struct, frozen=True):
    """One mailbox of an address header.

    `address` is empty where the header names somebody without an address, or writes it so that two readers could
    disagree about whose it is; then nothing may be concluded from it.
    """

    name: str
    address: str


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the mail: its bytes as they were before the mail's own encoding."""

    name: str
    """Safe to show and to save: one line, no folder, no bidi or zero-width characters; never empty."""
    type: str
    """What the mail claims, lower case (`image/png`). A claim: the hub looks at the bytes."""
    content: bytes
    sha256: str
    is_named: bool = True
    """The name comes from the mail; otherwise it was made up."""
    inline: bool = False
    """Meant to be seen within the text."""
    content_id: str = ""
    """What `cid:` addresses in the HTML call it; without the angle brackets."""


class BounceKind(StrEnum):
    """What a report says of the mail it is about."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"
    READ = "read"
    COMPLAINT = "complaint"
    """The receiver pressed "spam" (RFC 5965)."""


class Bounce(msgspec.Struct, frozen=True, kw_only=True):
    """A report about a mail that somebody sent, by a mail system."""

    kind: BounceKind
    status: str = ""
    """Enhanced status code of RFC 3463, such as `5.1.1`; empty when the report has none."""
    is_permanent: bool = False
    recipient: str = ""
    """The address that the report is about."""
    diagnostic: str = ""
    """What the other mail system said, in its words, at most 1,000 characters."""
    reason: str = "unknown"
    """no_such_user | no_such_host | mailbox_full | too_large | blocked | spam | policy | network | expired | loop |
    suspended | rate_limited | complaint | unknown."""
    original_message_id: str = ""
    """Message-ID of the mail it is about, without angle brackets."""
    original_headers: dict[str, str] = {}
    """Some headers of that mail by lower-case name: from, to, subject, date, message-id, x-switchboard-…"""


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation, or an answer to one (RFC 5546)."""

    method: str = ""
    """REQUEST, REPLY, CANCEL, PUBLISH …"""
    summary: str = ""
    start: str = ""
    """As people read it, with its zone: `2026-03-01 09:30 Europe/Kyiv`."""
    end: str = ""
    location: str = ""
    organizer: str = ""
    attendees: list[str] = []
    description: str = ""
    is_all_day: bool = False


class ParsedMail(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of one mail. Nothing in it is trusted: it says what the mail says."""

    from_: list[Named] = []
    sender: Named | None = None
    reply_to: list[Named] = []
    to: list[Named] = []
    cc: list[Named] = []
    bcc: list[Named] = []
    subject: str = ""
    date: Moment | None = None
    """What the mail claims, not when it came."""
    message_id: str = ""
    """Without angle brackets; at most 998 characters."""
    in_reply_to: list[str] = []
    references: list[str] = []
    text: str = ""
    """All the words, plain, quotes and signature included."""
    trimmed: str = ""
    """What is new in it; the whole text where that cannot be told."""
    folded: str = ""
    """What of the text only repeats or signs."""
    html: str | None = None
    """Harmless: no scripts, styles sheets or forms; pictures are `cid:` of an attachment, or wait in
    `data-remote-src` without being fetched."""
    attachments: list[Attached] = []
    list_id: str = ""
    auto_submitted: str = ""
    precedence: str = ""
    return_path: str | None = None
    """None: the header is not there; empty: the null path of reports."""
    loops: list[str] = []
    """Values of our own X-Switchboard-Loop."""
    x_loop: list[str] = []
    delivered_to: list[str] = []
    """Delivered-To, X-Original-To, Envelope-To, in that order."""
    authentication_results: list[str] = []
    """Of anybody who wrote one, forged ones among them: only our own server's `authserv-id` counts."""
    automatic: bool = False
    """Written by a machine, so never answered by one."""
    bounce: Bounce | None = None
    calendar: Calendar | None = None
    defects: list[str] = []
    """Codes of what was broken and had to be guessed, each once, in order of meeting."""
