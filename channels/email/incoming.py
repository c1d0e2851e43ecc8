"""What a mail that was read means for the hub, as events. Pure: files were kept before."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

import phonenumbers

from channels.contract import ChannelEvent, DeliveryReported, MessageArrived, Original, ReachChanged
from channels.email.mail import Bounce, BounceKind, Named, ParsedMail
from channels.email.settings import EmailSettings
from channels.email.threading_ import (
    Tokens,
    conversation_of,
    incoming_id,
    read_own_id,
    short_id,
    thread_of,
    without_token,
)
from channels.email.trust import is_vouched_for
from crm_core.words import addresses
from crm_core.words.addresses import NOWHERE, Address
from crm_core.words.clock import DAY, Moment
from crm_core.words.content import Content, DeliveryStatus, ExternalId, FileRef, ReachState, Recipient
from crm_core.words.errors import Invalid
from crm_core.words.text import MAX_MESSAGE, one_line, storable

NOBODY: Final = "unknown@sender.invalid"
"""Stands for a sender who gave no address that can be answered."""
_MOST_RECIPIENTS: Final = 500
_MOST_SIGNATURE: Final = 2_000
_MOST_MENTIONS: Final = 5
_PICTURE: Final = re.compile(r"""\bsrc=(["'])cid:([^"'<>]{1,300})\1""", re.IGNORECASE)

_STATUSES: Final = {
    BounceKind.FAILED: DeliveryStatus.FAILED,
    BounceKind.DELIVERED: DeliveryStatus.DELIVERED,
    BounceKind.RELAYED: DeliveryStatus.SENT,
    BounceKind.EXPANDED: DeliveryStatus.SENT,
    BounceKind.DELAYED: DeliveryStatus.SENT,
    BounceKind.READ: DeliveryStatus.READ,
}
_GONE: Final = frozenset({"no_such_user", "no_such_host", "suspended"})
"""Reasons for which nothing we write later would arrive either."""
_REASONS: Final = {
    "no_such_user": "There is no such mailbox.",
    "no_such_host": "The address's domain does not exist or takes no mail.",
    "mailbox_full": "The recipient's mailbox is full.",
    "too_large": "The mail was too large for the recipient's server.",
    "blocked": "The recipient's server refuses mail from us.",
    "spam": "The recipient's server took it for spam.",
    "policy": "The recipient's server does not accept it by its rules.",
    "network": "The recipient's server could not be reached.",
    "expired": "The recipient's server could not be reached for days.",
    "loop": "The mail went round in circles.",
    "suspended": "The mailbox was closed.",
    "rate_limited": "The recipient's server takes no more mail at the moment.",
    "complaint": "The recipient reported it as spam.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A mail that was read, with all that is known of it."""

    mail: ParsedMail
    original: Original
    settings: EmailSettings
    tokens: Tokens
    loop_key: str
    files: Sequence[FileRef] = ()
    """Of its attachments, in their order."""
    pictures: Mapping[str, FileRef] = field(default_factory=dict)
    """By Content-ID, in lower case."""
    problem: str = ""
    region: str = ""
    """The house's country (ISO 3166 alpha-2), in which numbers without a country code are read."""

    @property
    def recipients(self) -> list[str]:
        """Everybody it was sent to, as far as anybody says so; the envelope first."""
        envelope = self.original.facts.get("recipients", "").split()
        named = [person.address for person in (*self.mail.to, *self.mail.cc, *self.mail.bcc)]
        return [address for address in (*envelope, *self.mail.delivered_to, *named) if address]


def events(arrival: Arrival) -> list[ChannelEvent]:
    """A message, or what a report says of one of ours; nothing for our own mail coming back."""
    bounce = arrival.mail.bounce
    if bounce is not None:
        reported = _reported(arrival, bounce)
        if reported:
            return reported
    if _is_our_own(arrival):
        return []
    return [_message(arrival)]


def is_kept_out(arrival: Arrival) -> bool:
    """Whether its attachments would be kept for nothing: it becomes no message."""
    return not any(isinstance(event, MessageArrived) for event in events(arrival))


# --- reports --------------------------------------------------------------------------------------


def _reported(arrival: Arrival, bounce: Bounce) -> list[ChannelEvent]:
    """What a report says of a mail of ours; empty when it is about no mail of ours, whatever it claims."""
    message_id = bounce.original_message_id or bounce.original_headers.get("message-id", "").strip(" <>\t")
    ours = read_own_id(message_id, arrival.settings.domain)
    status = _STATUSES.get(bounce.kind)
    conversation_id = None if ours is None else arrival.tokens(ours.token)
    if ours is None or status is None or conversation_id is None:
        return []
    # Whoever has a mail of ours can write a report that bears its token, with any number and recipient in it.
    at, reason, recipient = arrival.original.at, _reason(bounce), _address(bounce.recipient)
    told: list[ChannelEvent] = [
        DeliveryReported(
            external_id=ExternalId(message_id.lower()),
            status=status,
            at=at,
            reason=reason,
            delivery=ours.delivery,
            conversation_id=conversation_id,
            recipient=recipient,
            raw=arrival.original.file,
        )
    ]
    if bounce.kind is BounceKind.FAILED and bounce.is_permanent and bounce.reason in _GONE and recipient is not None:
        gone = ReachChanged(
            address=recipient,
            state=ReachState.BOUNCED,
            at=at,
            reason=reason or "",
            delivery=ours.delivery,
            conversation_id=conversation_id,
        )
        told.append(gone)
    return told


def _reason(bounce: Bounce) -> str | None:
    if bounce.kind not in (BounceKind.FAILED, BounceKind.DELAYED):
        return None
    words = _REASONS.get(bounce.reason, "The recipient's server did not take it.")
    if bounce.kind is BounceKind.DELAYED:
        words = "It has not arrived yet; the mail server keeps trying."
    if bounce.recipient:
        words = f"{one_line(bounce.recipient, most=120)}: {words}"
    said = one_line(storable(bounce.diagnostic), most=200)
    return f"{words} ({said})" if said else words


# --- messages -------------------------------------------------------------------------------------


def _is_our_own(arrival: Arrival) -> bool:
    """Our own mail come back. A From of ours alone is no sign of it: that anybody can write."""
    if arrival.loop_key in arrival.mail.loops:
        return True
    ours = read_own_id(arrival.mail.message_id, arrival.settings.domain)
    return ours is not None and arrival.tokens(ours.token) is not None


def _message(arrival: Arrival) -> MessageArrived:
    mail, settings, original = arrival.mail, arrival.settings, arrival.original
    external_id = incoming_id(mail.message_id, original.body)
    writer = _writer(arrival, external_id)
    sender = writer.address
    answered = [ExternalId(short_id(message_id)) for message_id in mail.in_reply_to]
    before = [ExternalId(short_id(message_id)) for message_id in reversed(mail.references)]
    return MessageArrived(
        external_id=external_id,
        thread=thread_of(mail, external_id),
        sender=sender,
        sender_name=writer.name,
        sender_facts=_facts(mail, sender),
        content=_content(arrival),
        sent_at=_sent_at(mail, original.at),
        known_as=ExternalId(short_id(mail.message_id)) if mail.message_id else None,
        in_reply_to=answered[0] if answered else None,
        references=tuple(dict.fromkeys([*answered, *before])),
        conversation_id=conversation_of(mail, recipients=arrival.recipients, own=settings.own, tokens=arrival.tokens),
        mentions=_mentions(arrival, sender),
        # Mail from nobody, by its envelope, is a report of some machine (RFC 5321, 4.5.5).
        automatic=mail.automatic or mail.bounce is not None or original.facts.get("return_path") == "",
        unverified=_is_unverified(arrival, writer),
        raw=original.file,
    )


@dataclass(frozen=True, slots=True)
class _Writer:
    """Who a mail is from. `is_claimed`: by its From, so that our mail server may have checked it."""

    address: Address
    name: str
    is_claimed: bool = True


def _writer(arrival: Arrival, external_id: ExternalId) -> _Writer:
    """Who it says it is from; where that is nobody who can be answered, who it says is to be answered.

    A form on a web page writes in our own name: the visitor is in Reply-To. What names nobody is a stranger of its
    own, or all who come that way would be one person.
    """
    mail, own = arrival.mail, arrival.settings.own
    name = next((person.name for person in (*mail.from_, *_some(mail.sender)) if person.name), "")
    claimed = _first(person.address for person in mail.from_)
    if claimed is not None and claimed.value not in own:
        return _Writer(claimed, one_line(name, most=120))
    for person in mail.reply_to:
        wanted = _address(without_token(person.address, own)[0])
        if wanted is not None and wanted.value not in own:
            return _Writer(wanted, one_line(person.name or name, most=120), is_claimed=False)
    if claimed is None:
        envelope = mail.return_path or arrival.original.facts.get("return_path", "")
        sent = _first([*(person.address for person in _some(mail.sender)), envelope])
        if sent is not None and sent.value not in own:
            return _Writer(sent, one_line(name, most=120))
    shown = NOBODY if claimed is None else claimed.value
    return _Writer(Address(NOWHERE, shown, external_id.rpartition("|")[2]), one_line(name, most=120), is_claimed=False)


def _some(person: Named | None) -> list[Named]:
    return [] if person is None else [person]


def _first(raw: Iterable[str]) -> Address | None:
    return next((found for one in raw if (found := _address(one)) is not None), None)


def _is_unverified(arrival: Arrival, writer: _Writer) -> bool:
    server = arrival.settings.authserv_id
    return not writer.is_claimed or (
        bool(server)
        and not is_vouched_for(arrival.mail.authentication_results, authserv_id=server, sender=writer.address.value)
    )


def _facts(mail: ParsedMail, sender: Address) -> dict[str, str]:
    answer_to = next((found.value for person in mail.reply_to if (found := _address(person.address))), "")
    facts = {"reply_to": "" if answer_to == sender.value else answer_to, "list": one_line(mail.list_id, most=200)}
    return {name: value for name, value in facts.items() if value}


def _content(arrival: Arrival) -> Content:
    mail = arrival.mail
    text, is_cut = _bounded(mail.trimmed if mail.trimmed.strip() or mail.folded.strip() else mail.text)
    folded, folded_is_cut = _bounded(mail.folded)
    to = _people(mail.to, arrival.settings.own)
    known = frozenset(person.value for person in to)
    return Content(
        text=text,
        folded=folded,
        html=None if mail.html is None else _with_pictures(storable(mail.html), arrival.pictures),
        subject=one_line(mail.subject, most=500),
        files=tuple(arrival.files),
        to=to,
        cc=_people(mail.cc, arrival.settings.own | known),
        problem=arrival.problem or ("cut" if is_cut or folded_is_cut else None),
    )


def _bounded(text: str) -> tuple[str, bool]:
    whole = storable(text)
    return (whole, False) if len(whole) <= MAX_MESSAGE else (whole[: MAX_MESSAGE - 1] + "…", True)


def _with_pictures(markup: str, pictures: Mapping[str, FileRef]) -> str:
    """Pictures by our own files; one that is not in this mail is nowhere."""

    def named(found: re.Match[str]) -> str:
        content_id = html.unescape(found[2]).lower()
        picture = pictures.get(content_id) or pictures.get(unquote(content_id))
        return f'src="hub-file:{picture.id}"' if picture is not None else 'src="about:blank"'

    return _PICTURE.sub(named, markup)


def _people(named: Iterable[Named], but: frozenset[str]) -> tuple[Recipient, ...]:
    found: dict[str, Recipient] = {}
    for person in named:
        address = _address(without_token(person.address, but)[0])
        if address is not None and address.value not in but and len(found) < _MOST_RECIPIENTS:
            found.setdefault(address.value, Recipient(address.value, one_line(person.name, most=120)))
    return tuple(found.values())


def _mentions(arrival: Arrival, sender: Address) -> tuple[Address, ...]:
    """Where else they say they are: a Reply-To, and numbers of a signature, local ones where the country is known."""
    mail = arrival.mail
    found: dict[Address, None] = {}
    for person in mail.reply_to[:_MOST_MENTIONS]:
        address = _address(person.address)
        if address is not None and address != sender:
            found.setdefault(address)
    if not mail.automatic:
        for match in phonenumbers.PhoneNumberMatcher(_signature(mail), arrival.region or None):
            number = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
            found.setdefault(Address(addresses.TEL, number))
    return tuple(found)[:_MOST_MENTIONS]


def _signature(mail: ParsedMail) -> str:
    """What of the folded text is not quoted: up to the first line of somebody else's."""
    lines = mail.folded[:_MOST_SIGNATURE].split("\n")
    end = next((n for n, line in enumerate(lines) if line.startswith(">") or _is_quoting(line)), len(lines))
    return "\n".join(lines[:end])


def _is_quoting(line: str) -> bool:
    flat = line.strip()
    return flat.endswith((":", "：")) or (flat.startswith("-----") and flat.endswith("-----"))


def _sent_at(mail: ParsedMail, came_at: Moment) -> Moment:
    """What the mail says, as far as that can be: not after it came, not a week before."""
    if mail.date is None or not came_at - 7 * DAY <= mail.date <= came_at:
        return came_at
    return mail.date


def _address(raw: str) -> Address | None:
    try:
        return addresses.email(raw) if raw else None
    except Invalid:
        return None
