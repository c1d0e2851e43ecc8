"""Trees of stalwart's mail parser, in our terms.

Their model and ours differ in these points, and each is mapped, not waved through:

* Their `.json` was made from the mail with line feeds; the mails here have CRLF. We read the mail with line feeds.
* Letters that they could not read are U+FFFD; there ours may be any letter, since we guess the charset.
* They leave uuencoded bodies as they are; here they are decoded, line by line, before bytes are compared.
* A DOS path as a name: they drop its backslashes, we drop its folder.
* Uuencoded files in the midst of a text stay in their text; ours are attachments. Theirs are counted by `begin` lines.
* A mail within a mail is a tree to them; it is compared by name and type.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from channels.email.anatomy.names import safe_name
from channels.email.mail import Attached, ParsedMail


@dataclass(frozen=True)
class ExpectedFile:
    name: str
    type: str
    content: bytes | None


class Tree:
    """The expected tree of one mail."""

    def __init__(self, path: Path) -> None:
        self._parts: list[dict[str, Any]] = json.loads(path.read_text())["parts"]
        self._attachments: list[int] = json.loads(path.read_text())["attachments"]

    def people(self, field: str) -> list[tuple[str, str]]:
        value = _field(self._parts[0], field)
        if not isinstance(value, dict):
            return []
        said = value["Address"]
        everybody = said["List"] if "List" in said else [p for g in said["Group"] for p in g["addresses"]]
        return [(p["name"] or "", p["address"] or "") for p in everybody]

    def subject(self) -> str:
        value = _field(self._parts[0], "subject")
        return value["Text"] if isinstance(value, dict) else ""

    def files(self) -> list[ExpectedFile]:
        return [*(self._file(n) for n in self._attachments), *self._wrapped()]

    def _file(self, number: int) -> ExpectedFile:
        part = self._parts[number]
        [(kind, said)] = part["body"].items()
        declared, parameters = _valued(part, "content_type")
        _, disposition = _valued(part, "content_disposition")
        default = {"Text": "text/plain", "Html": "text/html", "Message": "message/rfc822"}.get(kind, "text/plain")
        content = bytes(said) if isinstance(said, list) else None
        return ExpectedFile(
            name=disposition.get("filename") or parameters.get("name", ""),
            type=declared or default,
            content=None if content is None else unwrapped(content),
        )

    def _wrapped(self) -> Iterator[ExpectedFile]:
        for part in self._parts:
            for begin in re.finditer(r"(?m)^begin [0-7]{3} (\S+)$", str(part["body"].get("Text", ""))):
                yield ExpectedFile(begin[1], "application/octet-stream", None)


def unwrapped(content: bytes) -> bytes:
    """A uuencoded body decoded; any other as it is."""
    begin = re.search(rb"(?m)^begin [0-7]{3} \S+\r?\n", content)
    if begin is None:
        return content
    said = b""
    for line in content[begin.end() :].splitlines():
        if line == b"end":
            break
        if line.strip(b"`"):
            said += binascii.a2b_uu(line.ljust(61)[: ((line[0] - 32) & 63) * 4 // 3 + 5])
    return said


def same_words(expected: str, found: str) -> bool:
    """Equal, where a letter that they could not read may be any."""
    pattern = "".join(".+?" if c == "\ufffd" else re.escape(c) for c in expected)
    return re.fullmatch(pattern, found, re.DOTALL) is not None


def same_people(expected: list[tuple[str, str]], found: list[tuple[str, str]]) -> bool:
    return len(expected) == len(found) and all(
        address == their_address and same_words(name, their_name)
        for (name, address), (their_name, their_address) in zip(expected, found, strict=True)
    )


def same_files(expected: list[ExpectedFile], mail: ParsedMail) -> bool:
    return len(expected) == len(mail.attachments) and all(
        _same_file(e, a) for e, a in zip(expected, mail.attachments, strict=True)
    )


def _same_file(expected: ExpectedFile, found: Attached) -> bool:
    name = found.name if found.is_named else ""
    is_named_so = same_words(safe_name(expected.name), name) or (":" in expected.name and expected.name.endswith(name))
    return is_named_so and expected.type == found.type and expected.content in (None, found.content)


def _field(part: dict[str, Any], name: str) -> Any:
    return next((h["value"] for h in reversed(part["headers"]) if h["name"] == name), None)


def _valued(part: dict[str, Any], name: str) -> tuple[str, dict[str, str]]:
    value = _field(part, name)
    if not isinstance(value, dict):
        return "", {}
    said = value["ContentType"]
    kind = "/".join(p for p in (said["c_type"], said["c_subtype"]) if p).lower()
    return kind, {a["name"]: a["value"] for a in said["attributes"] or []}
