"""What a mail server keeps: mailboxes, their folders, and the mails in them. All of it in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from crm_core.words.clock import Clock, Moment

INBOX: Final = "INBOX"


@dataclass(slots=True)
class Kept:
    """One mail in a folder."""

    uid: int
    raw: bytes = field(repr=False)
    came_at: Moment
    flags: set[str] = field(default_factory=set)
    """As the server writes them, such as `\\Seen`."""


class Folder:
    """One folder. UIDs ascend, and are worth something as long as `validity` is the same (RFC 3501, 2.3.1.1)."""

    def __init__(self, validity: int, clock: Clock, *, first_uid: int = 1) -> None:
        self.validity = validity
        self.next_uid = first_uid
        self.mails: list[Kept] = []
        """In the order of their UIDs."""
        self._clock = clock
        self._watchers: set[Callable[[], None]] = set()

    # house: parameters because a mail that is laid here from elsewhere has its own time and flags
    def add(self, raw: bytes, *, came_at: Moment | None = None, flags: frozenset[str] = frozenset()) -> Kept:
        """Lay a mail here, as if it had come then."""
        kept = Kept(self.next_uid, raw, self._clock() if came_at is None else came_at, set(flags))
        self.next_uid += 1
        self.mails.append(kept)
        self._changed()
        return kept

    def remove(self, uids: set[int]) -> None:
        """Take mails away, for good."""
        self.mails = [kept for kept in self.mails if kept.uid not in uids]
        self._changed()

    def mail(self, uid: int) -> Kept | None:
        """The mail with this UID."""
        return next((kept for kept in self.mails if kept.uid == uid), None)

    def renumber(self, validity: int) -> None:
        """All UIDs are worth nothing any more: the mails get others."""
        self.validity = validity
        for number, kept in enumerate(self.mails, 1):
            kept.uid = number
        self.next_uid = len(self.mails) + 1

    def watch(self, changed: Callable[[], None]) -> None:
        """Call it after each mail that comes or goes, until `unwatch`."""
        self._watchers.add(changed)

    def unwatch(self, changed: Callable[[], None]) -> None:
        """Call it no more."""
        self._watchers.discard(changed)

    def _changed(self) -> None:
        for changed in list(self._watchers):
            changed()


class Mailbox:
    """One user's folders, by their names as IMAP writes them."""

    def __init__(self, user: str, password: str, clock: Clock, *, first_uid: int = 1) -> None:
        self.user = user
        self.password = password
        self.tokens: set[str] = set()
        """Access tokens that are good for XOAUTH2."""
        self.folders: dict[str, Folder] = {}
        self._clock = clock
        self._first_uid = first_uid
        self.inbox = self.make(INBOX)

    def make(self, name: str) -> Folder:
        """A folder, a new one unless it is there."""
        if name not in self.folders:
            self.folders[name] = Folder(len(self.folders) + 1, self._clock, first_uid=self._first_uid)
        return self.folders[name]

    def folder(self, name: str) -> Folder | None:
        """The folder with this name; INBOX in any spelling."""
        return self.folders.get(INBOX if name.upper() == INBOX else name)
