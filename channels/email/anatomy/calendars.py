"""Invitations (RFC 5545, 5546): the first event of a calendar, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from channels.email.mail import Calendar
from crm_core.words.text import one_line, storable

_MOST: Final = 256 * 1024
_MOST_ATTENDEES: Final = 50
_AROUND: Final = frozenset({"", "VCALENDAR", "VTIMEZONE", "STANDARD", "DAYLIGHT", "VALARM"})
"""Components that hold, or belong to, what a calendar is about, and are none of it themselves (RFC 5545, 3.6)."""
_ESCAPES: Final = (("\\n", "\n"), ("\\N", "\n"), ("\\,", ","), ("\\;", ";"), ("\\\\", "\\"))


class _Line(NamedTuple):
    name: str
    parameters: dict[str, str]
    value: str


def calendar_of(text: str, method: str = "") -> Calendar | None:
    """The first event; None for a text that holds none. `method` is what the part's header says."""
    said: dict[str, _Line] = {}
    attendees: list[str] = []
    inside: list[str] = []
    is_event = False
    for line in _lines(text[:_MOST]):
        if line.name == "BEGIN":
            inside.append(line.value.strip().upper()[:20])
            is_event = is_event or _is_entry(inside[-1])
        elif line.name == "END":
            ended = inside.pop() if inside else ""
            if _is_entry(ended):
                break
        elif inside and inside[-1] == "VCALENDAR" and line.name == "METHOD":
            method = line.value.strip() or method
        elif inside and _is_entry(inside[-1]):
            if line.name == "ATTENDEE" and len(attendees) < _MOST_ATTENDEES:
                attendees.append(_person(line))
            else:
                said.setdefault(line.name, line)
    if not is_event:
        return None
    begins = said.get("DTSTART")
    ends = said.get("DTEND") or said.get("DUE")
    return Calendar(
        method=one_line(method.upper(), most=20),
        summary=_plain(said, "SUMMARY", 300),
        start="" if begins is None else _when(begins),
        end="" if ends is None else _when(ends),
        location=_plain(said, "LOCATION", 300),
        organizer=_person(said["ORGANIZER"]) if "ORGANIZER" in said else "",
        attendees=attendees,
        description=storable(_unescaped(said["DESCRIPTION"].value))[:4_000] if "DESCRIPTION" in said else "",
        is_all_day=begins is not None and len(begins.value.strip()) == 8,
    )


def _is_entry(component: str) -> bool:
    """Whether a component is an event, a task, or a stretch of busy time."""
    return component not in _AROUND


def in_words(calendar: Calendar) -> str:
    """The invitation as lines of text."""
    until = calendar.end
    if until and until[:10] == calendar.start[:10] and len(until) > 11:
        until = until[11:16]
    when = " – ".join(w for w in (calendar.start, until) if w)
    rows = (
        ("Invitation" if calendar.method != "CANCEL" else "Cancelled", calendar.summary),
        ("When", when),
        ("Where", calendar.location),
        ("Organizer", calendar.organizer),
        ("Attendees", ", ".join(calendar.attendees[:20])),
    )
    return "\n".join(f"{name}: {value}" for name, value in rows if value)


def _lines(text: str) -> Iterator[_Line]:
    whole: list[str] = []
    for raw in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if raw[:1] in (" ", "\t") and whole:
            whole.append(raw[1:])
            continue
        if whole:
            yield _line("".join(whole))
        whole = [raw]
    if whole:
        yield _line("".join(whole))


def _line(text: str) -> _Line:
    at, is_quoted = 0, False
    while at < len(text) and (is_quoted or text[at] != ":"):
        is_quoted ^= text[at] == '"'
        at += 1
    head, value = text[:at], text[at + 1 :]
    name, *rest = head.split(";")
    parameters = {}
    for parameter in rest[:20]:
        key, _, said = parameter.partition("=")
        parameters[key.strip().upper()] = said.strip().strip('"')
    return _Line(name.strip().upper(), parameters, value)


def _unescaped(value: str) -> str:
    for escaped, said in _ESCAPES:
        value = value.replace(escaped, said)
    return value


def _plain(said: dict[str, _Line], name: str, most: int) -> str:
    return one_line(_unescaped(said[name].value), most=most) if name in said else ""


def _person(line: _Line) -> str:
    value = line.value.strip()
    address = value[7:] if value.lower().startswith("mailto:") else value
    name = line.parameters.get("CN", "")
    return one_line(f"{name} <{address}>" if name and name != address else address, most=200)


def _when(line: _Line) -> str:
    """`20260301T093000` as `2026-03-01 09:30`, its zone after it."""
    value = line.value.strip()
    day, _, hour = value.partition("T")
    if len(day) != 8 or not day.isdigit():
        return one_line(value, most=40)
    said = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    if len(hour) >= 4 and hour[:4].isdigit():
        zone = "UTC" if hour.endswith("Z") else line.parameters.get("TZID", "")
        said += f" {hour[:2]}:{hour[2:4]}" + (f" {one_line(zone, most=60)}" if zone else "")
    return said
