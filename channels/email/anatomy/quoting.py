"""What of a text is new: quotes and signatures folded away, line by line, without searching back and forth.

No regular expression runs over strangers' text here; every line is looked at a fixed number of times.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from channels.email.anatomy import phrases

_LONGEST: Final = 400
"""Characters of a line that introduces a quote, its continuations included."""
_CONTINUED: Final = 3
_HEADER_LINES: Final = 9
_SIGNATURE_LINES: Final = 20
_FOOTER_LINES: Final = 8
_RULES: Final = frozenset("-_=*—–~ ")


class Folded(NamedTuple):
    """The new words, and what was folded away."""

    trimmed: str
    folded: str


class _Segment(NamedTuple):
    """Lines `start` up to `end`: somebody's own words or a quote."""

    start: int
    end: int
    is_quote: bool


def fold(text: str, subject: str = "") -> Folded:
    """Part a reply from what it repeats. A forwarded mail is the message and stays; so does a text of quotes only."""
    lines = text.replace("\r\n", "\n").split("\n")
    segments = _segments(lines, is_forward=_is_forward(subject))
    kept, signature = _kept(lines, segments)
    said = [line for segment in kept for line in lines[segment.start : segment.end]]
    trimmed = _tidy(said[: len(said) - signature])
    if not trimmed.strip():
        return Folded(_tidy(lines), "")
    left_out = {n for s in kept for n in range(s.start, s.end)}
    if signature:
        left_out -= set(sorted(left_out)[-signature:])
    return Folded(trimmed, _tidy([line for n, line in enumerate(lines) if n not in left_out]))


def _tidy(lines: Sequence[str]) -> str:
    return "\n".join(lines).strip("\n").rstrip()


def _kept(lines: list[str], segments: list[_Segment]) -> tuple[list[_Segment], int]:
    """The segments that are shown, and how many lines at their end are a signature."""
    kept = list(segments)
    signature = 0
    while kept:
        last = kept[-1]
        if last.is_quote or not _tidy(lines[last.start : last.end]).strip():
            kept.pop()
            continue
        own = lines[last.start : last.end]
        begins = _signature_at(own)
        if begins is None:
            break
        if not _tidy(own[:begins]).strip() and len(kept) > 1:
            # A signature below the quote: what counts is above it.
            kept.pop()
            continue
        signature = len(own) - begins
        break
    own_segments = [s for s in kept if not s.is_quote and _tidy(lines[s.start : s.end]).strip()]
    if len(own_segments) == 1:
        # An answer below the quote: the quote above it says nothing new.
        return own_segments, signature
    return kept, signature


def _segments(lines: list[str], *, is_forward: bool) -> list[_Segment]:
    made: list[_Segment] = []
    at = own = 0
    while at < len(lines):
        if _forwards(lines[at]):
            break
        begins, until = _quote_at(lines, at, is_forward=is_forward)
        if until <= at:
            at += 1
            continue
        if begins > own:
            made.append(_Segment(own, begins, is_quote=False))
        made.append(_Segment(max(begins, own), until, is_quote=True))
        at = own = until
    if own < len(lines):
        made.append(_Segment(own, len(lines), is_quote=False))
    return made


def _quote_at(lines: list[str], at: int, *, is_forward: bool) -> tuple[int, int]:
    """Where a quote that is found at this line begins and ends; an end of 0 where none is."""
    line = lines[at]
    if _is_quoted(line):
        return at, _after_quoted(lines, at)
    begins = _attribution(lines, at)
    if begins is not None:
        following = _next_said(lines, at + 1)
        if following < len(lines) and _is_quoted(lines[following]):
            return begins, _after_quoted(lines, following)
        if not is_forward and following < len(lines):
            return begins, len(lines)
        return at, 0
    if is_forward:
        return at, 0
    if _separates(lines, at) or _is_header_block(lines, at):
        return at, len(lines)
    return at, 0


def _is_quoted(line: str) -> bool:
    return line[:4].lstrip().startswith((">", "&gt;"))


def _after_quoted(lines: list[str], at: int) -> int:
    """Past the lines that begin with `>`, blank lines between them and short remains of broken lines included."""
    end = at + 1
    while end < len(lines):
        if _is_quoted(lines[end]):
            end += 1
            continue
        following = end if lines[end].strip() else _next_said(lines, end)
        if following < len(lines) and following - end <= 3 and _is_quoted(lines[following]) and following > end:
            end = following
            continue
        break
    return end


def _next_said(lines: list[str], at: int) -> int:
    """The next line that is not blank, looked for no further than eight lines."""
    stop = min(len(lines), at + 8)
    while at < stop and not lines[at].strip():
        at += 1
    return at if at < stop else len(lines)


def _attribution(lines: list[str], at: int) -> int | None:
    """The first line of an introduction that ends at this one: `On Monday, 3 March, Olena wrote:`."""
    last = lines[at].strip().strip("*_ ").lower()
    if not last or len(last) > _LONGEST or last[-1] not in ":：道\u202c":
        return None
    last = last.rstrip("\u202c\u200e\u200f ")
    has_verb = last.endswith(phrases.ATTRIBUTION_ENDS) or _ends_with_verb_and_name(last)
    following = _next_said(lines, at + 1)
    is_before_quote = following < len(lines) and _is_quoted(lines[following])
    if not has_verb:
        if last.endswith((">:", "):")) and "@" in last and _has_digit(last) and len(last) < 250:
            return at
        return at if is_before_quote and ("@" in last or _has_date(last)) else None
    begins = _begin_of_attribution(lines, at)
    return at if begins is None and is_before_quote and "@" in last else begins


def _begin_of_attribution(lines: list[str], at: int) -> int | None:
    """Where an introduction that ends with a verb begins; none when nothing before it looks like one."""
    said = ""
    for begins in range(at, max(-1, at - _CONTINUED - 1), -1):
        line = lines[begins].strip().strip("*_ ").lower()
        said = line + " " + said
        if not line or len(said) > _LONGEST or _is_quoted(lines[begins]):
            return None
        if _begins_attribution(line) and (_has_digit(said) or "@" in said):
            return begins
    return None


def _ends_with_verb_and_name(line: str) -> bool:
    """`Am 3. März schrieb Olena Koval <o@x.org>:`, `Op 3 mrt schreef Jan:`, `Dne … odesílatel X napsal:`."""
    return any(verb in line for verb in (" schrieb ", " schreef ", " skrev ", " scrisse ", " пише ", " пишет "))


def _begins_attribution(line: str) -> bool:
    return line.startswith(phrases.ATTRIBUTION_STARTS) or _has_digit(line[:40])


def _has_digit(text: str) -> bool:
    return any(c.isdigit() for c in text)


def _has_date(text: str) -> bool:
    """A day and a year or a time: at least four digits among a few separators."""
    return sum(c.isdigit() for c in text) >= 4 and any(c in text for c in "./:-年,")


def _inner(line: str) -> str:
    """What stands between the hyphens of a separating line, lower case; empty if there are no hyphens."""
    bare = line.strip()
    if len(bare) > 120 or bare[:2].strip("-_=*—–~") or len(bare) < 4:
        return ""
    return bare.strip("-_=*—–~ :>").lower()


def _separates(lines: list[str], at: int) -> bool:
    """`-----Original Message-----`, or a rule with the header of a mail below it."""
    bare = lines[at].strip()
    if not bare:
        return False
    if _inner(bare) in phrases.ORIGINAL:
        return True
    if len(bare) >= 3 and all(c in _RULES for c in bare):
        following = _next_said(lines, at + 1)
        return following < len(lines) and _is_header_block(lines, following)
    return False


def _forwards(line: str) -> bool:
    bare = line.strip()
    if not bare or len(bare) > 150:
        return False
    inner = bare.strip("-_=*—–~ >").lower()
    if bare[0] in "-_=*—–~":
        return inner.startswith(phrases.FORWARDED)
    return inner.endswith((":", "：")) and inner.rstrip(":： ") in phrases.FORWARDED


def _is_forward(subject: str) -> bool:
    bare = subject.strip().lower()
    for _ in range(5):
        if bare.startswith(phrases.FORWARD_SUBJECTS):
            return True
        prefix, colon, rest = bare.partition(":")
        if not colon or len(prefix) > 6:
            return False
        bare = rest.strip()
    return False


def _is_header_block(lines: list[str], at: int) -> bool:
    """`From: … Sent: … To: … Subject: …` in one of the languages: three kinds of four within a few lines."""
    if _kind_of(lines[at]) is None:
        return False
    kinds: set[str] = set()
    for line in lines[at : at + _HEADER_LINES]:
        kind = _kind_of(line)
        if kind is not None:
            kinds.add(kind)
    return len(kinds) >= 3 and "from" in kinds


_KINDS: Final = (
    ("from", phrases.FROM),
    ("date", phrases.DATED),
    ("to", phrases.ADDRESSED),
    ("subject", phrases.SUBJECTS),
)


def _kind_of(line: str) -> str | None:
    bare = line.strip().lstrip("*|> \t")[:60]
    for colon in (":", "："):
        name, found, _ = bare.partition(colon)
        if found and len(name) <= 20:
            said = name.strip("* \t\xa0").lower()
            return next((kind for kind, names in _KINDS if said in names), None)
    return None


def _signature_at(own: list[str]) -> int | None:
    """Where a signature begins in somebody's own words: after `-- `, or what a device says at the end."""
    said = [n for n, line in enumerate(own) if line.strip()]
    for n in reversed(said[-_SIGNATURE_LINES:]):
        if own[n].rstrip("\r ") in ("--", "—", "-- ", "__") or own[n].rstrip() in ("*--*", "___"):
            return n
    for n in said[-_FOOTER_LINES:]:
        if n != said[-1] and len(own[n].strip()) >= 40 and not own[n].strip().strip("_"):
            # The footer of a mailing list.
            return n
    begins: int | None = None
    for n in reversed(said[-3:]):
        if not _is_device_line(own[n]):
            break
        begins = n
    return begins


def _is_device_line(line: str) -> bool:
    bare = line.strip().strip("*_<>[]()- ").lower()
    if not bare or len(bare) > 120:
        return False
    begins = next((phrase for phrase in phrases.SENT_FROM if bare.startswith(phrase)), None)
    if begins is None:
        return False
    # "Sent from my desk, it is easier there" is a sentence.
    rest = bare[len(begins) :]
    return len(rest.split()) <= 9 and (any(d in bare for d in phrases.DEVICES)) and not rest.endswith((".", "!"))
