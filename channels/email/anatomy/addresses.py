"""Mailboxes of address headers (RFC 5322 with its obsolete forms), in one pass and without recursion."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from channels.email.anatomy.encoded_words import decoded, unfolded
from channels.email.anatomy.limits import MOST_ADDRESS_BYTES, MOST_ADDRESSES, Defects
from channels.email.mail import Named
from crm_core.words.text import one_line, storable

MOST_NAME: Final = 200
MOST_ADDRESS: Final = 320
"""Characters of an address: 64 before the `@`, 255 after it (RFC 5321, 4.5.3.1)."""

_SPACE = " \t\n\r"


@dataclass(slots=True)
class _Mailbox:
    """What was read of one mailbox so far."""

    words: list[str] = field(default_factory=list)
    """Phrase, in pieces; each decoded on its own when it was quoted."""
    comments: list[str] = field(default_factory=list)
    angle: str | None = None
    is_ambiguous: bool = False
    after_space: bool = False

    def add(self, text: str) -> None:
        if self.after_space and self.words:
            self.words.append(" ")
        self.words.append(text)
        self.after_space = False


def mailboxes(text: str, defects: Defects) -> list[Named]:
    """Everybody a header names, in order; groups are opened, their names dropped.

    `text` has encoded words still in it: they are read after the commas, which they may contain. An address that
    two readers could take for different people (`alice@x(<bob@evil>)`) is left out, its words kept as the name.
    """
    if len(text) > MOST_ADDRESS_BYTES:
        defects.note("addresses_cut")
        text = text[:MOST_ADDRESS_BYTES]
    return _Reading(text, defects).all()


class _Reading:
    """One pass over a header."""

    def __init__(self, text: str, defects: Defects) -> None:
        self._text = text
        self._defects = defects
        self._at = 0
        self._box = _Mailbox()
        self._found: list[Named] = []

    def all(self) -> list[Named]:
        while self._at < len(self._text) and len(self._found) < MOST_ADDRESSES:
            self._step(self._text[self._at])
        if self._at < len(self._text):
            self._defects.note("addresses_cut")
        self._flush()
        return self._found

    def _step(self, letter: str) -> None:
        if letter == '"':
            self._box.add(decoded(self._quoted(), self._defects))
        elif letter == "(":
            self._comment()
        elif letter == "<":
            self._angle()
        elif letter in ",;":
            self._flush()
            self._at += 1
        elif letter == ":" and self._names_a_group():
            self._box = _Mailbox()
            self._at += 1
        elif letter in _SPACE:
            self._box.after_space = True
            self._at += 1
        else:
            self._atom()

    def _names_a_group(self) -> bool:
        return self._box.angle is None and not any("@" in word for word in self._box.words)

    def _atom(self) -> None:
        start = self._at
        if self._text.startswith("=?", start):
            # An encoded word is one atom, whatever stands in it: writers forget to encode commas and brackets.
            end = self._text.find("?=", self._text.find("?", start + 2, start + 80) + 3, start + 1000)
            if end > start + 5:
                self._at = end + 2
                self._box.add(self._text[start : self._at])
                return
        at = start + 1
        while at < len(self._text) and self._text[at] not in '"(<,;:' and self._text[at] not in _SPACE:
            at += 1
        self._at = at
        self._box.add(self._text[start:at])

    def _quoted(self) -> str:
        at = self._at + 1
        said: list[str] = []
        while at < len(self._text) and self._text[at] != '"':
            if self._text[at] == "\\" and at + 1 < len(self._text):
                at += 1
            said.append(self._text[at])
            at += 1
        self._at = at + 1
        quoted = "".join(said)
        if self._text.startswith("@", self._at):
            # "john doe"@example.com: a local part, its quotes belong to it.
            return f'"{quoted}"'
        return quoted

    def _comment(self) -> None:
        at, depth = self._at, 0
        said: list[str] = []
        while at < len(self._text):
            letter = self._text[at]
            if letter == "\\" and at + 1 < len(self._text):
                at += 1
                said.append(self._text[at])
            elif letter == "(":
                depth += 1
                said.append("(")
            elif letter == ")":
                depth -= 1
                said.append(")")
                if depth == 0:
                    break
            else:
                said.append(letter)
            at += 1
        self._at = at + 1
        comment = "".join(said)[1:].removesuffix(")")
        if depth > 0:
            self._defects.note("address_comment_open")
        if "@" in comment and any("@" in word for word in self._box.words):
            self._box.is_ambiguous = True
        self._box.comments.append(comment)
        self._box.after_space = True

    def _angle(self) -> None:
        """`<…>`; quotes and comments within it hide a closing bracket."""
        at, depth = self._at + 1, 0
        is_quoted = False
        said: list[str] = []
        comment: list[str] = []
        while at < len(self._text):
            letter = self._text[at]
            if is_quoted or letter == '"':
                said.append(letter)
                if letter == "\\" and at + 1 < len(self._text):
                    at += 1
                    said.append(self._text[at])
                elif letter == '"':
                    is_quoted = not is_quoted
            elif letter == "(":
                depth += 1
            elif letter == ")" and depth:
                depth -= 1
                comment.append(" ")
            elif depth:
                comment.append(letter)
            else:
                if letter == ">":
                    break
                if letter == "<":
                    self._box.is_ambiguous |= "@" in said
                    said.clear()
                elif letter not in _SPACE:
                    said.append(letter)
            at += 1
        if at >= len(self._text):
            self._defects.note("address_bracket_open")
        self._at = at + 1
        if self._box.angle is not None and "@" in self._box.angle:
            self._box.is_ambiguous = True
        self._box.angle = "".join(said)
        if comment:
            self._box.comments.append("".join(comment).strip())
        self._box.after_space = True

    def _flush(self) -> None:
        box, self._box = self._box, _Mailbox()
        name, address = "".join(box.words), ""
        if box.angle is not None:
            address = box.angle
            if address.startswith("@") and ":" in address:
                address = address.partition(":")[2]
            if address.lower().startswith("mailto:"):
                address = address[7:].partition("?")[0]
        elif "@" in name:
            name, address = _apart(name)
        if box.is_ambiguous:
            self._defects.note("address_ambiguous")
            name, address = f"{name} {address}".strip(), ""
        if address and not _is_address(address):
            self._defects.note("address_broken")
            name, address = name or address, ""
        name = _named(decoded(name, self._defects), decoded(" ".join(box.comments), self._defects))
        if name or address:
            self._found.append(Named(one_line(name, most=MOST_NAME), address))


def _named(phrase: str, comments: str) -> str:
    """The name, with what stands in comments behind it, as people do who write their place there."""
    name = phrase.strip().strip("'")
    said = " ".join(comments.split())
    return f"{name} ({said})" if name and said else name or said


def _apart(words: str) -> tuple[str, str]:
    """`John j@x.org` without brackets: the word with the `@` is the address; spaces around the `@` are mended."""
    pieces = words.split()
    if len(pieces) == 1 or words.startswith('"'):
        return "", words.strip()
    holders = [p for p in pieces if "@" in p]
    if len(holders) == 1 and not holders[0].startswith("@") and not holders[0].endswith(("@", ".")):
        rest = [p for p in pieces if p is not holders[0]]
        if not any(p.startswith(".") for p in rest):
            return " ".join(rest), holders[0]
    return "", "".join(pieces) if len(holders) == 1 else words


def _is_address(address: str) -> bool:
    """One local part and one domain, no spaces or control characters outside quotes."""
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain or len(address) > MOST_ADDRESS or storable(address) != address:
        return False
    is_quoted = local.startswith('"') and local.endswith('"') and len(local) > 1
    if "@" in local and not is_quoted:
        return False
    return all(c.isprintable() and c not in '<>()[]," ;' for c in domain.strip("[]")) and (
        unfolded(local).isprintable() if is_quoted else all(c.isprintable() and c not in "<>,; " for c in local)
    )
