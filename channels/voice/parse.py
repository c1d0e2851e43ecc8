"""What Twilio says about calls. Pure.

Twilio reports `CallStatus`, for calls of ours with a `SequenceNumber` and a `Timestamp` (RFC 2822, whole seconds).
Hidden callers come as words or as numbers that nobody has.
Source: Twilio's "TwiML request parameters", "Voice status callbacks" and its help page on anonymous callers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from channels.contract import CallArrived, NotUnderstood
from channels.twilio.forms import Form, form_of_payload, number_in
from crm_core.words.addresses import Address, phone
from crm_core.words.calls import LegAnswered, LegEnded, LegLost, LegRinging
from crm_core.words.clock import Moment
from crm_core.words.content import ExternalId
from crm_core.words.errors import Invalid
from crm_core.words.text import one_line
from crm_core.words.values.calls import EndedBy

CLIENT: Final = "client:"
MOST_HEADERS: Final = 10
_SID: Final = re.compile(r"[A-Za-z0-9]{10,64}")
_HEADER: Final = re.compile(r"SipHeader_[A-Za-z0-9-]{1,40}")
_HIDDEN: Final = frozenset({"+266696687", "+7378742883", "+2562533", "+8656696", "+86282452253"})
"""ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN and UNAVAILABLE, as they are dialled on a keypad."""
_ENDS: Final[Mapping[str, str]] = {
    "completed": "hung_up",
    "busy": "busy",
    "no-answer": "no_answer",
    "failed": "failed",
    "canceled": "cancelled",
}
IN_PROGRESS: Final = "in-progress"
_ANSWERED: Final = frozenset({IN_PROGRESS, "answered"})


def call_of(form: Form) -> str:
    """The call's name at Twilio. Raises NotUnderstood without one."""
    sid = form.get("CallSid", "")
    if not _SID.fullmatch(sid):
        raise NotUnderstood("Twilio reported something that is no call.")
    return sid


def caller_of(raw: str) -> Address | None:
    """Who calls; none for a hidden number, and for one that makes no sense."""
    if raw in _HIDDEN or not raw.startswith("+"):
        return None
    with suppress(Invalid):
        return phone(raw)
    return None


def arrived(form: Form, at: Moment) -> CallArrived:
    """A call that came in. Raises NotUnderstood when it has no name."""
    return CallArrived(
        external_id=ExternalId(call_of(form)),
        sender=caller_of(form.get("From", "")),
        called=one_line(form.get("To", ""), most=100),
        at=at,
        sender_name=one_line(form.get("CallerName", ""), most=120),
        sender_facts=facts_of(form),
    )


def facts_of(form: Form) -> Mapping[str, str]:
    """Where the caller's number is at home, who forwarded the call, and headers of SIP, which anybody can write."""
    known = {"city": "FromCity", "state": "FromState", "country": "FromCountry", "forwarded_from": "ForwardedFrom"}
    said = {name: one_line(form.get(key, ""), most=80) for name, key in known.items()}
    headers = [name for name in sorted(form) if _HEADER.fullmatch(name)][:MOST_HEADERS]
    said |= {name.removeprefix("SipHeader_"): one_line(form[name], most=200) for name in headers}
    if caller_of(form.get("From", "")) is None and form.get("From", "").startswith("sip:"):
        said["sip"] = one_line(form["From"], most=200)
    return {name: value for name, value in said.items() if value}


def is_over(status: str) -> bool:
    """Whether a call with this status is over."""
    return status in _ENDS


def ended(status: str, *, leg_id: int | None = None, detail: str = "") -> LegEnded:
    """The end of a leg, by Twilio's word for it."""
    reason = _ENDS[status]
    by = EndedBy.NOBODY if reason == "failed" else EndedBy.SYSTEM if reason == "cancelled" else None
    return LegEnded(leg_id=leg_id, reason=reason, by=by, detail=detail)


def leg_signal(status: str, sid: str, leg_id: int, to: str) -> LegRinging | LegAnswered | LegLost | LegEnded | None:
    """What a status of a leg of ours means; none for nothing new.

    An agent hangs up by telling the hub. A browser whose call ends otherwise was closed, reloaded or lost its
    network, and may come back.
    """
    if status == "ringing":
        return LegRinging(leg_id=leg_id, external_id=sid)
    if status in _ANSWERED:
        return LegAnswered(leg_id=leg_id, external_id=sid)
    if status == "completed" and to.startswith(CLIENT):
        return LegLost(leg_id=leg_id)
    return ended(status, leg_id=leg_id) if status in _ENDS else None


def key_of(form: Form) -> str:
    """The name of what a status says: each call ends once, all else is told apart by its number."""
    status = form.get("CallStatus", "")
    if is_over(status):
        return f"{call_of(form)}:ended"
    return f"{call_of(form)}:{form.get('SequenceNumber', '')}:{status}"


def moment_of(form: Form) -> Moment | None:
    """When it happened, by Twilio's clock; none where it does not say, or nonsense."""
    return _moment(form.get("Timestamp", ""))


def recorded(form: Form) -> Moment:
    """How long a recording is, in ms; 0 where it does not say."""
    return (number_in(form.get("RecordingDuration"), most_digits=7) or 0) * 1_000


def recording_ended(form: Form) -> Moment | None:
    """When a recording ended; none where it does not say when it began."""
    began = _moment(form.get("RecordingStartTime", ""))
    return None if began is None else began + recorded(form)


def _moment(raw: str) -> Moment | None:
    if not raw or len(raw) > 60:
        return None
    for reading in (parsedate_to_datetime, datetime.fromisoformat):
        with suppress(ValueError, TypeError, OverflowError):
            found = reading(raw.replace("Z", "+00:00"))
            return int(found.replace(tzinfo=found.tzinfo or UTC).timestamp()) * 1_000
    return None


def duration_of(form: Form) -> int:
    """How long a call was, in ms; 0 where it does not say."""
    return (number_in(form.get("CallDuration"), most_digits=7) or 0) * 1_000


def digit_of(form: Form) -> str:
    """The key that was pressed; empty for none."""
    digits = form.get("Digits", "")[:1]
    return digits if digits and digits in "0123456789*#" else ""


def explained(payload: bytes) -> Mapping[str, Any]:
    """One stored payload, a form or JSON, in the hub's words, for `hub parse voice`. Never raises for a genuine one."""
    try:
        form = form_of_payload(payload)
        sid = call_of(form)
    except NotUnderstood as error:
        return {"kind": "unknown", "defects": [str(error)]}
    status = form.get("CallStatus", "")
    if form.get("RecordingSid"):
        return {
            "kind": "recording",
            "id": form["RecordingSid"],
            "call": sid,
            "status": form.get("RecordingStatus", ""),
            "duration": number_in(form.get("RecordingDuration")),
            "defects": [],
        }
    event = arrived(form, 0)
    return {
        "kind": "status" if "SequenceNumber" in form else "call",
        "id": sid,
        "from": event.sender.value if event.sender else None,
        "name": event.sender_name,
        "to": event.called,
        "status": status,
        "over": is_over(status),
        "key": key_of(form),
        "at": moment_of(form),
        "pressed": digit_of(form),
        "facts": dict(event.sender_facts),
        "defects": [],
    }
