"""Reports of mail systems: RFC 3464, 8098 and 5965 first, then the sentences of those that have a form of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from channels.email.anatomy import bounce_words
from channels.email.anatomy.encoded_words import unfolded
from channels.email.anatomy.headers import Headers, split_block
from channels.email.anatomy.limits import MOST_ID, Defects
from channels.email.anatomy.structure import Part
from channels.email.mail import Bounce, BounceKind, Named
from crm_core.words.text import one_line

_STATUS: Final = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY: Final = re.compile(r"(?<![\d.-])([45]\d\d)[ \-](?=\S)")
_ADDRESS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_MESSAGE_ID: Final = re.compile(r"(?im)^[> \t]*message-id:\s*<?([^\s<>]{3,998})>?")
_READ_BYTES: Final = 64 * 1024
_KEPT: Final = ("from", "to", "subject", "date", "message-id")
_ACTIONS: Final = {
    "failed": BounceKind.FAILED,
    "failure": BounceKind.FAILED,
    "delayed": BounceKind.DELAYED,
    "delivered": BounceKind.DELIVERED,
    "relayed": BounceKind.RELAYED,
    "expanded": BounceKind.EXPANDED,
}
_BY_CODE: Final = {
    "1.1": "no_such_user", "1.0": "no_such_user", "1.2": "no_such_host", "1.3": "no_such_user", "1.6": "no_such_user",
    "1.10": "no_such_host", "2.0": "no_such_user", "2.1": "suspended", "2.2": "mailbox_full", "2.3": "too_large",
    "3.4": "too_large", "4.1": "network", "4.2": "network", "4.4": "no_such_host", "4.6": "loop", "4.7": "expired",
    "7.1": "policy",
}  # fmt: skip
"""The subject and detail of RFC 3463."""


class Letter(NamedTuple):
    """What of the mail the reading of sentences needs."""

    root: Part
    senders: list[Named]
    subject: str
    text: str


class _Original(NamedTuple):
    message_id: str
    headers: dict[str, str]


def bounce_of(letter: Letter, defects: Defects) -> Bounce | None:
    """What a report says; None for a mail that is none."""
    parts = list(_leaves(letter.root))
    for part in parts:
        if part.type in {"message/feedback-report", "message/disposition-notification"}:
            return _answered(part, _original(parts, letter, defects), letter, defects)
    if letter.subject.lower().startswith("complaint about message from") and parts[-1].type == "message/rfc822":
        return _answered(parts[-1], _original(parts, letter, defects), letter, defects)
    for part in parts:
        if part.type in {"message/delivery-status", "message/global-delivery-status"}:
            found = _reported(part, parts, letter, defects)
            if found is not None:
                return found
    if not _looks_like_report(letter, parts):
        return None
    return _in_sentences(letter, parts, defects)


def _leaves(part: Part) -> Iterator[Part]:
    if not part.children:
        yield part
    for child in part.children:
        yield from _leaves(child)


def _reported(part: Part, parts: list[Part], letter: Letter, defects: Defects) -> Bounce | None:
    """RFC 3464: the worst of what is said of each recipient."""
    best: Headers | None = None
    for block in _blocks(part.content(defects)[:_READ_BYTES]):
        if block.first("action") is None and block.first("final-recipient") is None and block.first("status") is None:
            continue
        if best is None or (_kind(best) is not BounceKind.FAILED and _kind(block) is BounceKind.FAILED):
            best = block
    if best is None:
        return None
    kind = _kind(best)
    said = unfolded(best.bare("diagnostic-code"))
    diagnostic = said.partition(";")[2].strip() if ";" in said[:30] else said
    status_said = _STATUS.search(best.flat("status"))
    status = status_said[1] if status_said else ""
    if status.endswith(".0.0") or not status:
        better = _STATUS.search(diagnostic)
        status = better[1] if better else status
    recipient = _typed(best, "final-recipient") or _typed(best, "original-recipient")
    original = _original(parts, letter, defects)
    return Bounce(
        kind=kind,
        status=status,
        is_permanent=kind is BounceKind.FAILED and not status.startswith("4"),
        recipient=recipient or _recipient(letter, original),
        diagnostic=one_line(diagnostic, most=1_000),
        reason=_reason(status, diagnostic or letter.text[:4_000]),
        original_message_id=original.message_id,
        original_headers=original.headers,
    )


def _blocks(content: bytes) -> list[Headers]:
    """The groups of fields of a report."""
    made: list[Headers] = []
    at = 0
    while at < len(content) and len(made) < 100:
        headers, following = split_block(content, at, len(content), Defects())
        if headers.fields:
            made.append(headers)
        at = max(following, at + 1)
    return made


def _kind(block: Headers) -> BounceKind:
    action = block.flat("action").split(" ")[0].split("(")[0].strip(";. ")
    if action in _ACTIONS:
        return _ACTIONS[action]
    status = block.flat("status")
    if status.startswith("2"):
        return BounceKind.DELIVERED
    return BounceKind.DELAYED if status.startswith("4") else BounceKind.FAILED


def _typed(block: Headers, name: str) -> str:
    """The address of `rfc822; somebody@example.org`."""
    said = unfolded(block.bare(name))
    address = _ADDRESS.search(said.partition(";")[2] or said)
    return address[0] if address else ""


def _answered(part: Part, original: _Original, letter: Letter, defects: Defects) -> Bounce:
    """A receipt that somebody opened the mail, or a complaint about it."""
    fields = _blocks(part.content(defects)[:_READ_BYTES])
    block = fields[0] if fields else part.headers
    is_complaint = part.type != "message/disposition-notification"
    recipient = _typed(block, "original-rcpt-to" if is_complaint else "final-recipient")
    return Bounce(
        kind=BounceKind.COMPLAINT if is_complaint else BounceKind.READ,
        recipient=recipient or _recipient(letter, original),
        diagnostic=one_line(unfolded(block.bare("feedback-type" if is_complaint else "disposition")), most=200),
        reason="complaint" if is_complaint else "unknown",
        original_message_id=unfolded(block.bare("original-message-id")).strip("<> ")[:MOST_ID] or original.message_id,
        original_headers=original.headers,
    )


def _original(parts: list[Part], letter: Letter, defects: Defects) -> _Original:
    """The mail that is reported about: as a part, or in the text below the report."""
    for part in parts:
        if part.type in {"message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers"}:
            content = part.content(defects)[: 4 * _READ_BYTES]
            headers, _ = split_block(content, 0, len(content), Defects())
            if headers.fields:
                return _Original(headers.text("message-id").strip("<> ")[:MOST_ID], _some(headers))
    found = list(_MESSAGE_ID.finditer(letter.text[: 4 * _READ_BYTES]))
    return _Original(found[-1][1] if found else "", _quoted_headers(letter.text))


def _some(headers: Headers) -> dict[str, str]:
    names = [f.name for f in headers.fields if f.name in _KEPT or f.name.startswith("x-switchboard-")]
    return {name: one_line(headers.text(name), most=998) for name in names[:30]}


def _quoted_headers(text: str) -> dict[str, str]:
    said: dict[str, str] = {}
    for line in text[: 4 * _READ_BYTES].splitlines():
        name, colon, value = line.strip("> \t").partition(":")
        if colon and name.lower() in _KEPT:
            said.setdefault(name.lower(), one_line(value, most=998))
    return said


def _looks_like_report(letter: Letter, parts: list[Part]) -> bool:
    """By whom and about what, and at least one sentence of failure or a code with the original beside it."""
    headers = letter.root.headers
    senders = " ".join(f"{s.name} {s.address}" for s in letter.senders).lower()
    is_daemon = any(word in senders for word in bounce_words.DAEMONS) or not letter.senders
    is_null = headers.flat("return-path") in {"<>", "<mailer-daemon>"} or headers.flat("x-failed-recipients") != ""
    subject = letter.subject.lower()
    says_so = any(word in subject for word in bounce_words.SUBJECTS)
    is_report = letter.root.type == "multipart/report" and "delivery-status" in letter.root.parameters.get(
        "report-type", ""
    )
    if headers.first("in-reply-to") is not None and not (is_daemon or is_null or is_report):
        return False
    words = letter.text[:_READ_BYTES].lower()
    has_failure = any(phrase in words for phrase in bounce_words.FAILURES)
    has_code = _REPLY.search(words) is not None or _STATUS.search(words) is not None
    has_original = (
        any(p.type in {"message/rfc822", "text/rfc822-headers"} for p in parts)
        or _MESSAGE_ID.search(words) is not None
        or any(phrase in words for phrase in bounce_words.ORIGINALS)
    )
    is_sure = has_code or is_report or "daemon" in senders or headers.first("x-failed-recipients") is not None
    if headers.flat("auto-submitted").startswith("auto-replied") and not is_sure:
        # An automatic answer in words of its own: somebody's notice, not the report of a mail system.
        return False
    signs = is_daemon + is_null + says_so + is_report
    proofs = has_failure + has_code + has_original
    return headers.flat("x-failed-recipients") != "" or (signs >= 2 and proofs >= 1) or (signs == 1 and proofs >= 2)


def _in_sentences(letter: Letter, parts: list[Part], defects: Defects) -> Bounce:
    original = _original(parts, letter, defects)
    words = letter.text[:_READ_BYTES]
    lower = words.lower()
    status_said = _STATUS.search(words)
    status = status_said[1] if status_said else ""
    reply = _REPLY.search(words)
    is_delay = any(phrase in lower[:4_000] for phrase in bounce_words.DELAYS) and not status.startswith("5")
    is_transient = status.startswith("4") or (not status and reply is not None and reply[1].startswith("4"))
    return Bounce(
        kind=BounceKind.DELAYED if is_delay else BounceKind.FAILED,
        status=status,
        is_permanent=not is_delay and not is_transient,
        recipient=_recipient(letter, original),
        diagnostic=_diagnostic(words),
        reason=_reason(status, words[:4_000]),
        original_message_id=original.message_id,
        original_headers=original.headers,
    )


def _diagnostic(words: str) -> str:
    """The first line that holds a reply code, else the first with a phrase of failure."""
    lines = [line.strip() for line in words.splitlines()[:200]]
    for line in lines:
        if _REPLY.search(line) or _STATUS.search(line):
            return one_line(line, most=1_000)
    for line in lines:
        if any(phrase in line.lower() for phrase in bounce_words.FAILURES):
            return one_line(line, most=1_000)
    return ""


def _recipient(letter: Letter, original: _Original) -> str:
    """Whom the mail did not reach: said by a header, by the mail itself, or the first address in the report."""
    said = _ADDRESS.search(unfolded(letter.root.headers.bare("x-failed-recipients")))
    if said is not None:
        return said[0]
    own = {s.address.lower() for s in letter.senders} | {_bare(original.headers.get("from", ""))}
    own |= {m.lower() for m in _ADDRESS.findall(unfolded(letter.root.headers.bare("to"))[:2_000])}
    for found in _ADDRESS.finditer(letter.text[:8_000]):
        address = found[0].strip(".'=")
        if address.lower() not in own and address.lower() != original.message_id.lower():
            return address
    return _bare(original.headers.get("to", ""))


def _bare(text: str) -> str:
    found = _ADDRESS.search(text)
    return "" if found is None else found[0].lower()


def _reason(status: str, words: str) -> str:
    detail = status.partition(".")[2]
    if detail in _BY_CODE and detail != "7.1":
        return _BY_CODE[detail]
    lower = words.lower()
    for reason, phrases in bounce_words.REASONS:
        if any(phrase in lower for phrase in phrases):
            return reason
    return _BY_CODE.get(detail, "policy" if detail.startswith("7.") else "unknown")
