"""What of a message that failed another way carries, and the line that says what stayed behind."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from channels.contract import Capabilities
from crm_core.conversations import actions
from crm_core.store.transaction import Tx
from crm_core.words.values import Author, AuthorKind, EntryDetails, EntryValue, Pressable
from hub.desk.ways import Directory

LEFT_BEHIND: Final = "left_behind"
"""The notice that names what another way did not carry."""
_GAP: Final = re.compile(r"\{\{(\w+)\}\}")
_SYSTEM: Final = Author(kind=AuthorKind.SYSTEM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What of a message goes along. `left` names what does not, as people call it: addresses, files."""

    text: str
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    template: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    buttons: tuple[Pressable, ...] = ()
    html_file_id: int | None = None
    left: tuple[str, ...] = ()


def kept(entry: EntryValue, directory: Directory, account_id: int) -> Kept:
    """What of an entry the account carries, but for its files.

    Whom it was forwarded to is kept whatever the account carries: it must never go to somebody else instead.
    Buttons that it does not carry are lines of the text.
    """
    details = entry.details or EntryDetails()
    line = directory.get(account_id)
    carries = Capabilities() if line is None else line.capabilities
    is_known = bool(details.template) and details.template in {t.id for t in carries.templates}
    buttons = tuple(details.buttons)
    text = entry.text if is_known else words_of(entry, directory)
    are_carried = len(buttons) <= carries.buttons and bool(text.strip())
    copies = tuple(n.value for n in [*details.cc, *details.bcc])
    return Kept(
        text=text if are_carried else "\n".join(part for part in (text, as_lines(buttons)) if part.strip()),
        to=tuple(n.value for n in details.to),
        cc=tuple(n.value for n in details.cc) if carries.copies else (),
        bcc=tuple(n.value for n in details.bcc) if carries.copies else (),
        template=details.template if is_known else "",
        variables=details.variables if is_known else {},
        buttons=buttons if are_carried else (),
        html_file_id=details.html_file_id if carries.html else None,
        left=() if carries.copies else copies,
    )


def words_of(entry: EntryValue, directory: Directory) -> str:
    """What an entry says in plain words: an approved text that has none beside it, with its gaps filled."""
    details = entry.details
    if entry.text.strip() or details is None or not details.template or entry.account_id is None:
        return entry.text
    line = directory.get(entry.account_id)
    shapes = () if line is None else line.capabilities.templates
    text = next((shape.text for shape in shapes if shape.id == details.template), "")
    return _GAP.sub(lambda gap: details.variables.get(gap[1], ""), text)


def as_lines(buttons: Sequence[Pressable]) -> str:
    """What buttons say and where they lead, a line each, for a way that carries none."""
    return "\n".join(f"• {b.text}: {b.url}" if b.url else f"• {b.text}" for b in buttons)


def left_behind(tx: Tx, conversation_id: int, what: Sequence[str]) -> None:
    """Say in the timeline what the other way did not carry, if anything."""
    if what:
        actions.add_notice(tx, conversation_id, LEFT_BEHIND, {"what": ", ".join(what)[:500]}, by=_SYSTEM)
