"""Which parts are the words of a mail, in which order, and which are files (the algorithm of RFC 8621, 4.1.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from channels.email.anatomy.structure import Part

TEXTS: Final = frozenset(("text/plain", "text/html"))
_SEEN: Final = ("image/", "audio/", "video/")


@dataclass(slots=True)
class Selected:
    """Parts by what they are for. A picture among the words is in `html` and `text` and a file as well."""

    text: list[Part] = field(default_factory=list)
    html: list[Part] = field(default_factory=list)
    files: list[Part] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Frame:
    parts: list[Part]
    kind: str
    in_alternative: bool
    wants_text: bool = True
    wants_html: bool = True


def selected(root: Part) -> Selected:
    """Walk the tree; its depth was limited when it was built."""
    chosen = Selected()
    _walk(_Frame([root], "mixed", in_alternative=False), chosen)
    return chosen


def is_seen(kind: str) -> bool:
    """Whether a part of that type may stand among the words."""
    return kind.startswith(_SEEN)


def _walk(frame: _Frame, chosen: Selected) -> None:
    texts, htmls = len(chosen.text), len(chosen.html)
    wants_text, wants_html = frame.wants_text, frame.wants_html
    for place, part in enumerate(frame.parts):
        if part.is_multipart:
            kind = part.type.partition("/")[2]
            inner = _Frame(
                part.children,
                kind,
                in_alternative=frame.in_alternative or kind == "alternative",
                wants_text=wants_text,
                wants_html=wants_html,
            )
            _walk(inner, chosen)
        elif not _is_inline(part, place, frame.kind):
            chosen.files.append(part)
        elif frame.kind == "alternative":
            _alternative(part, chosen)
        else:
            if frame.in_alternative:
                # Within one alternative, words and HTML never stand in both views.
                wants_html = wants_html and part.type != "text/plain"
                wants_text = wants_text and part.type != "text/html"
            if wants_text:
                chosen.text.append(part)
            if wants_html:
                chosen.html.append(part)
            if part.type not in TEXTS:
                chosen.files.append(part)
    if frame.kind == "alternative" and frame.wants_text and frame.wants_html:
        if texts == len(chosen.text) and htmls != len(chosen.html):
            chosen.text.extend(chosen.html[htmls:])
        if htmls == len(chosen.html) and texts != len(chosen.text):
            chosen.html.extend(chosen.text[texts:])


def _alternative(part: Part, chosen: Selected) -> None:
    if part.type == "text/plain":
        chosen.text.append(part)
    elif part.type == "text/html":
        chosen.html.append(part)
    else:
        chosen.files.append(part)


def _is_inline(part: Part, place: int, kind: str) -> bool:
    if part.disposition.value == "attachment" or (part.type not in TEXTS and not is_seen(part.type)):
        return False
    if place == 0:
        return True
    return kind != "related" and (is_seen(part.type) or not part.file_name)
