"""Whom an answer goes to: where its writer wants it, and who else would have an answer to all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crm_core.accounts import queries as accounts
from crm_core.conversations import timeline
from crm_core.store.transaction import Tx
from crm_core.words.values import Direction, EntryDetails, EntryKind, EntryValue, Named

_MOST_LOOKED_AT = 50
"""Messages back to which an answer is looked for."""


@dataclass(frozen=True, slots=True)
class Letters:
    """The newest messages that came in a conversation, oldest first, and which addresses are ours."""

    entries: tuple[EntryValue, ...]
    ours: frozenset[str]

    def subject(self, otherwise: str) -> str:
        """What the newest words that people wrote are about; `otherwise` where none say so. A machine's note is not."""
        told = (e.details.subject for e in reversed(self.entries) if e.details is not None and not e.details.automatic)
        return next(filter(None, told), otherwise)

    def wanted_at(self, identity_id: int) -> list[Named]:
        """Where the last words of an identity want their answer (RFC 5322, 3.6.2); empty for where they came from.

        Never at an address of ours. Anybody can write that: an agent sees it and decides.
        """
        last = next((e for e in reversed(self.entries) if e.identity_id == identity_id), None)
        return self._others([] if last is None or last.details is None else last.details.answer_to)

    def on_copy(self) -> list[Named]:
        """Everybody named by the newest message that named somebody, but ourselves."""
        newest = next((e.details for e in reversed(self.entries) if _names_people(e)), None)
        return [] if newest is None else self._others(_people(newest))

    def have_wanted(self, addresses: Iterable[str]) -> bool:
        """Whether some message wanted its answer at each of these, which are some."""
        wanted = {n.value for e in self.entries if e.details is not None for n in e.details.answer_to}
        given = set(addresses)
        return bool(given) and given <= wanted

    def _others(self, people: Iterable[Named]) -> list[Named]:
        return list({p.value: p for p in people if p.value not in self.ours}.values())


def letters(tx: Tx, conversation_id: int) -> Letters:
    """What came in a conversation, as far as answers look back."""
    newest = timeline.newest(tx, [conversation_id], most=_MOST_LOOKED_AT, kinds=[EntryKind.MESSAGE])
    return Letters(tuple(e for e in newest if e.direction is Direction.IN), own_addresses(tx))


def own_addresses(tx: Tx) -> frozenset[str]:
    """Every address by which mail reaches an account of ours, in small letters."""
    found: set[str] = set()
    for account in accounts.accounts(tx):
        aliases = account.settings.get("aliases")
        named = [account.settings.get("address"), *(aliases if isinstance(aliases, list) else [])]
        found |= {str(one).lower() for one in named if one}
    return frozenset(found)


def _names_people(entry: EntryValue) -> bool:
    return entry.details is not None and bool(_people(entry.details))


def _people(details: EntryDetails) -> list[Named]:
    return [*details.answer_to, *details.to, *details.cc]
