"""An open folder as one client sees it: its numbers, what it asks of its mails, and what it is told (RFC 3501, 6.4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from channels.simulators.imap.choosing import chosen, members
from channels.simulators.imap.folders import Folder, Kept, Mailbox
from channels.simulators.imap.showing import flags_of, items_of, marks_as_read, shown
from channels.simulators.imap.words import Bad, No, Word, text, texts


class View:
    """One client's folder. Numbers stay until the client is told that they changed."""

    def __init__(self, folder: Folder, say: Callable[[bytes], None], *, is_read_only: bool) -> None:
        self.folder = folder
        self._say = say
        self._is_read_only = is_read_only
        self._uids = [kept.uid for kept in folder.mails]

    def do(self, name: str, words: list[Word], mailbox: Mailbox, *, by_uid: bool) -> bytes:
        """One command about mails; what stands behind the OK. Raises No, Bad."""
        match name:
            case "SEARCH":
                found = chosen(words, self._mails())
                numbers = [str(kept.uid if by_uid else number).encode() for number, kept in found]
                self._say(b" ".join([b"* SEARCH", *numbers]))
                return b"Searched."
            case "FETCH":
                return self._fetch(words, by_uid=by_uid)
            case "STORE":
                return self._store(words, by_uid=by_uid)
            case "COPY":
                return self._copy(words, mailbox, by_uid=by_uid)[1]
            case "MOVE":
                self._must_write()
                gone, told = self._copy(words, mailbox, by_uid=by_uid)
                self._say(b"* OK " + told)
                self.folder.remove({kept.uid for kept in gone})
                return b"Moved."
            case "EXPUNGE":
                self.expunge([kept for _, kept in self._meant(words[0], by_uid=True)] if by_uid else None)
                return b"Expunged."
        raise Bad("This is not spoken here.")

    def expunge(self, meant: Sequence[Kept] | None = None) -> None:
        """Take away what is marked as deleted, of all mails or of these. Raises No."""
        self._must_write()
        mails = self.folder.mails if meant is None else meant
        self.folder.remove({kept.uid for kept in mails if r"\Deleted" in kept.flags})

    def tell_changes(self) -> None:
        """Tell what went and what came; from now on the numbers mean that."""
        there = [kept.uid for kept in self.folder.mails]
        known = set(there)
        for number in range(len(self._uids), 0, -1):
            if self._uids[number - 1] not in known:
                del self._uids[number - 1]
                self._say(b"* %d EXPUNGE" % number)
        if len(there) > len(self._uids):
            self._uids = there
            self._say(b"* %d EXISTS" % len(there))

    def _fetch(self, words: list[Word], *, by_uid: bool) -> bytes:
        items = items_of(texts(words[1]), by_uid=by_uid)
        for number, kept in self._meant(words[0], by_uid=by_uid):
            if marks_as_read(items) and not self._is_read_only:
                kept.flags.add(r"\Seen")
            self._say(shown(number, kept, items))
        return b"Fetched."

    def _store(self, words: list[Word], *, by_uid: bool) -> bytes:
        self._must_write()
        how = text(words[1]).upper()
        flags = {flag for word in words[2:] for flag in texts(word)}
        for number, kept in self._meant(words[0], by_uid=by_uid):
            match how.removesuffix(".SILENT"):
                case "+FLAGS":
                    kept.flags |= flags
                case "-FLAGS":
                    kept.flags -= flags
                case "FLAGS":
                    kept.flags = set(flags)
                case _:
                    raise Bad("Flags are set, added or taken.")
            if not how.endswith(".SILENT"):
                self._say(b"* %d FETCH (UID %d FLAGS %b)" % (number, kept.uid, flags_of(kept.flags)))
        return b"Stored."

    def _copy(self, words: list[Word], mailbox: Mailbox, *, by_uid: bool) -> tuple[list[Kept], bytes]:
        target = mailbox.folder(text(words[1]))
        if target is None:
            raise No("[TRYCREATE] There is no such folder.")
        meant = [kept for _, kept in self._meant(words[0], by_uid=by_uid)]
        made = [target.add(kept.raw, came_at=kept.came_at, flags=frozenset(kept.flags)) for kept in meant]
        if not meant:
            return [], b"Nothing to do."
        return meant, b"[COPYUID %d %b %b] Copied." % (target.validity, _numbers(meant), _numbers(made))

    def _mails(self) -> list[Kept]:
        """As this client numbers them; one that is gone and of which it was not told is empty."""
        known = {kept.uid: kept for kept in self.folder.mails}
        return [known.get(uid) or Kept(uid, b"", 0) for uid in self._uids]

    def _meant(self, said: Word, *, by_uid: bool) -> list[tuple[int, Kept]]:
        known = self._uids if by_uid else range(1, len(self._uids) + 1)
        wanted = members(text(said), known)
        there = {kept.uid for kept in self.folder.mails}
        return [
            (number, kept)
            for number, kept in enumerate(self._mails(), 1)
            if (kept.uid if by_uid else number) in wanted and kept.uid in there
        ]

    def _must_write(self) -> None:
        if self._is_read_only:
            raise No("The folder is opened for reading.")


def _numbers(mails: Sequence[Kept]) -> bytes:
    return b",".join(str(kept.uid).encode() for kept in mails)
