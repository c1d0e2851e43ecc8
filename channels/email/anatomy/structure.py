"""The tree of parts (RFC 2045, 2046), built level by level with a queue: no depth of nesting is a depth of calls."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field

from channels.email.anatomy.headers import Headers, split_block
from channels.email.anatomy.limits import MOST_DEPTH, MOST_PARTS, Defects
from channels.email.anatomy.parameters import Valued, valued
from channels.email.anatomy.transfer import transferred

_TYPE = re.compile(r"[!-.0-~]{1,127}/[!-~]{1,127}")


@dataclass(slots=True)
class Part:
    """One part: its headers, and the place of its body in the raw mail."""

    raw: bytes = field(repr=False)
    headers: Headers
    start: int
    end: int
    depth: int
    type: str
    """Lower case, always with a slash."""
    parameters: dict[str, str]
    disposition: Valued
    inside: str = ""
    """The type of the multipart it stands in; empty for the whole mail."""
    children: list[Part] = field(default_factory=list)

    @property
    def main(self) -> str:
        return self.type.partition("/")[0]

    @property
    def is_multipart(self) -> bool:
        return self.main == "multipart"

    @property
    def charset(self) -> str:
        return self.parameters.get("charset", "")

    @property
    def file_name(self) -> str:
        """What the mail calls it; empty where it has no name."""
        return self.disposition.parameters.get("filename") or self.parameters.get("name", "")

    @property
    def content_id(self) -> str:
        return self.headers.text("content-id").strip("<> \t")[:998]

    def content(self, defects: Defects) -> bytes:
        """The body, its transfer encoding taken off."""
        encoding = self.headers.flat("content-transfer-encoding")
        body = self.raw[self.start : self.end]
        return transferred(body, encoding, defects)


def tree(raw: bytes, defects: Defects) -> Part:
    """The whole mail as a tree of at most 500 parts, 50 deep; the rest stays in the part it stands in, noted."""
    root = _part(raw, 0, len(raw), _Place("", 0, "text/plain"), defects)
    waiting = deque([root])
    count = 1
    while waiting:
        parent = waiting.popleft()
        if not parent.is_multipart:
            continue
        if parent.depth + 1 >= MOST_DEPTH:
            defects.note("too_deep")
            _as_leaf(parent)
            continue
        room = MOST_PARTS - count
        spans = _spans(parent, room, defects)
        if not spans:
            defects.note("parts_missing")
            _as_leaf(parent)
            continue
        default = "message/rfc822" if parent.type == "multipart/digest" else "text/plain"
        place = _Place(parent.type, parent.depth + 1, default, root.headers.charset)
        parent.children = [_part(raw, start, end, place, defects) for start, end in spans]
        count += len(spans)
        waiting.extend(parent.children)
    return root


@dataclass(frozen=True, slots=True)
class _Place:
    inside: str
    depth: int
    default: str
    charset: str = ""


def _part(raw: bytes, start: int, end: int, place: _Place, defects: Defects) -> Part:
    headers, body = split_block(raw, start, end, defects)
    headers.charset = place.charset or _charset_within(headers, raw, body, end)
    said = valued(headers.bare("content-type"), defects)
    kind = said.value
    if not kind:
        kind = place.default
    elif not _TYPE.fullmatch(kind):
        defects.note("content_type_broken")
        kind = "text/plain" if kind.partition("/")[0] in ("", "text") else "application/octet-stream"
    disposition = valued(headers.bare("content-disposition"), defects)
    return Part(raw, headers, min(body, end), end, place.depth, kind, said.parameters, disposition, place.inside)


def _as_leaf(part: Part) -> None:
    """A multipart whose parts are not read is shown as the text it is, at the top, or kept as a file."""
    part.type = "text/plain" if part.depth == 0 or part.depth + 1 < MOST_DEPTH else "application/octet-stream"


def _spans(part: Part, room: int, defects: Defects) -> list[tuple[int, int]]:
    """Where the parts of a multipart begin and end; where its boundary is not found, by one that looks like one."""
    boundary = part.parameters.get("boundary", "").encode("utf-8", "replace").rstrip()
    spans = _between(part, boundary, room, defects) if boundary else []
    if spans:
        return spans
    guess = _guessed_boundary(part)
    if guess or not boundary:
        defects.note("boundary_missing")
    return _between(part, guess, room, defects) if guess else []


def _between(part: Part, boundary: bytes, room: int, defects: Defects) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    opened: int | None = None
    at = part.start
    mark = b"--" + boundary
    while (found := _delimiter(part, mark, at)) is not None:
        line, at, is_last = found
        if opened is not None:
            if len(spans) >= room:
                defects.note("too_many_parts")
                return spans
            spans.append((opened, max(opened, line)))
        opened = None if is_last else at
    if opened is not None and len(spans) < room:
        defects.note("boundary_end_missing")
        spans.append((opened, part.end))
    return spans


def _delimiter(part: Part, mark: bytes, at: int) -> tuple[int, int, bool] | None:
    """The next delimiter line: where what stands before it ends, where the next part begins, whether it closes."""
    raw, end = part.raw, part.end
    while (found := raw.find(mark, at, end)) >= 0:
        after = found + len(mark)
        if found == part.start or raw[found - 1 : found] in (b"\n", b"\r"):
            is_last = raw.startswith(b"--", after)
            rest = after + 2 if is_last else after
            while raw[rest : rest + 1] in (b" ", b"\t"):
                rest += 1
            if rest >= end or raw[rest : rest + 1] in (b"\r", b"\n"):
                line = found
                if line > part.start and raw[line - 1 : line] == b"\n":
                    line -= 1
                if line > part.start and raw[line - 1 : line] == b"\r":
                    line -= 1
                following = rest + 2 if raw.startswith(b"\r\n", rest) else rest + 1
                return line, min(following, end), is_last
        at = after
    return None


def _guessed_boundary(part: Part) -> bytes:
    """The first line of the body that begins with two hyphens and something, as long as it comes again."""
    at = part.start
    for _ in range(20):
        close = part.raw.find(b"\n", at, part.end)
        if close < 0:
            return b""
        line = part.raw[at:close].strip()
        if line.startswith(b"--") and 4 < len(line) < 200 and part.raw.find(line, close, part.end) >= 0:
            return line[2:]
        at = close + 1
    return b""


def _charset_within(headers: Headers, raw: bytes, body: int, end: int) -> str:
    """The charset that the mail says of its own text: bare letters in its headers are mostly of the same."""
    whole = headers.first("content-type") or b""
    for place in (whole, raw[body : min(end, body + 65_536)]):
        at = place.lower().find(b"charset=")
        if at >= 0:
            said = place[at + 8 : at + 60].split(b"\n")[0].split(b";")[0]
            return said.strip(b"\"' \r\t").decode("ascii", "ignore")
    return ""
