"""One connection: its greeting, its commands, and what it is told meanwhile (RFC 3501, RFC 2177)."""

from __future__ import annotations

import asyncio
import binascii
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from hmac import compare_digest
from typing import Final

import structlog

from channels.simulators.imap.folders import Folder, Mailbox
from channels.simulators.imap.view import View
from channels.simulators.imap.words import Bad, Gone, No, Word, line_of, quoted, text, texts, words_of

CAPABILITIES: Final = b"IMAP4rev1 LITERAL+ SASL-IR AUTH=PLAIN AUTH=XOAUTH2 IDLE UIDPLUS MOVE UNSELECT"
_FLAGS: Final = rb"(\Answered \Flagged \Deleted \Seen \Draft)"
_BY_UID: Final = frozenset({"FETCH", "SEARCH", "STORE", "COPY", "MOVE", "EXPUNGE"})

log = structlog.get_logger(__name__)


class Session:
    """One client."""

    def __init__(
        self, mailboxes: Mapping[str, Mailbox], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._mailboxes = mailboxes
        self._reader = reader
        self._writer = writer
        self._mailbox: Mailbox | None = None
        self._view: View | None = None
        """The folder that is open."""
        self._is_read_only = False
        self._is_idle = False
        self._is_over = False

    async def run(self) -> None:
        """Serve until the client goes."""
        try:
            self._say(b"* OK [CAPABILITY " + CAPABILITIES + b"] Ready.")
            while not self._is_over:
                await self._writer.drain()
                await self._turn()
            await self._writer.drain()
        except (Gone, OSError):
            pass
        except Exception as error:
            # Whatever one client brings about, the others go on.
            log.error("an IMAP session failed", exc_info=error)
            self._say(b"* BYE Something went wrong here.")
        finally:
            self._leave_folder()
            self._writer.close()

    async def _turn(self) -> None:
        tag = b"*"
        try:
            words = await words_of(self._reader, self._invite)
            if not words:
                return
            tag = text(words[0]).encode()
            done = await self._command([*words[1:]])
            self._say(tag + b" OK " + done)
        except No as refusal:
            self._say(tag + b" NO " + str(refusal).encode())
        except Bad as error:
            self._say(tag + b" BAD " + str(error).encode())

    async def _command(self, words: list[Word]) -> bytes:
        """Do it; what stands behind the OK. Raises No, Bad, Gone."""
        if not words:
            raise Bad("There is no command.")
        name = text(words.pop(0)).upper()
        by_uid = name == "UID"
        if by_uid:
            name = text(words.pop(0)).upper() if words else ""
            if name not in _BY_UID:
                raise Bad("This is not done by UID.")
        try:
            done = await self._do(name, words, by_uid=by_uid)
        except IndexError as error:
            raise Bad("Something is missing.") from error
        # A command by numbers must not change what the numbers mean (RFC 3501, 7.4.1).
        if self._view is not None and (by_uid or name not in ("FETCH", "STORE", "SEARCH")):
            self._view.tell_changes()
        return done

    async def _do(self, name: str, words: list[Word], *, by_uid: bool) -> bytes:
        match name:
            case "CAPABILITY":
                self._say(b"* CAPABILITY " + CAPABILITIES)
                return b"Those."
            case "NOOP" | "CHECK":
                return b"Nothing done."
            case "LOGOUT":
                self._say(b"* BYE Until soon.")
                self._is_over = True
                return b"Bye."
            case "LOGIN":
                return self._by_password(text(words[0]), text(words[1]))
            case "AUTHENTICATE":
                return await self._authenticate(words)
        if self._mailbox is None:
            raise No("Sign in first.")
        about: Mapping[str, Callable[[Mailbox, list[Word]], bytes]] = {
            "SELECT": self._select,
            "EXAMINE": self._examine,
            "STATUS": self._status,
            "LIST": self._list,
            "CREATE": self._create,
            "APPEND": self._append,
        }
        if name in about:
            return about[name](self._mailbox, words)
        if self._view is None:
            raise No("Select a folder first.")
        if name == "IDLE":
            return await self._idle(self._view)
        if name in ("CLOSE", "UNSELECT"):
            return self._close(self._view, expunge=name == "CLOSE" and not self._is_read_only)
        return self._view.do(name, words, self._mailbox, by_uid=by_uid)

    # --- signing in -------------------------------------------------------------------------------

    async def _authenticate(self, words: list[Word]) -> bytes:
        mechanism = text(words[0]).upper()
        if mechanism not in ("PLAIN", "XOAUTH2"):
            raise No("This way of signing in is not offered.")
        if len(words) > 1:
            first = text(words[1])
        else:
            await self._invite()
            first = (await line_of(self._reader)).decode("ascii", "replace")
        try:
            said = b64decode(first, validate=True).decode()
        except (binascii.Error, ValueError) as error:
            raise Bad("This is not base 64.") from error
        if mechanism == "PLAIN":
            parts = said.split("\0")
            if len(parts) != 3:
                raise Bad("PLAIN says two names and a password.")
            return self._by_password(parts[1], parts[2])
        return await self._by_token(said)

    def _by_password(self, user: str, password: str) -> bytes:
        mailbox = self._mailboxes.get(user.lower())
        if mailbox is None or not mailbox.password or not compare_digest(mailbox.password.encode(), password.encode()):
            raise No("[AUTHENTICATIONFAILED] The name or the password is wrong.")
        self._mailbox = mailbox
        return b"[CAPABILITY " + CAPABILITIES + b"] Signed in."

    async def _by_token(self, said: str) -> bytes:
        """A refusal is explained, and the client has to say that it heard (XOAUTH2)."""
        fields = dict(part.partition("=")[::2] for part in said.split("\1") if part)
        mailbox = self._mailboxes.get(fields.get("user", "").lower())
        if mailbox is None or fields.get("auth", "").removeprefix("Bearer ") not in mailbox.tokens:
            self._say(b"+ " + b64encode(json.dumps({"status": "400", "schemes": "bearer"}).encode()))
            await self._writer.drain()
            await line_of(self._reader)
            raise No("[AUTHENTICATIONFAILED] The token is not good.")
        self._mailbox = mailbox
        return b"[CAPABILITY " + CAPABILITIES + b"] Signed in."

    # --- folders ----------------------------------------------------------------------------------

    def _select(self, mailbox: Mailbox, words: list[Word]) -> bytes:
        return self._opened(mailbox, words, is_read_only=False)

    def _examine(self, mailbox: Mailbox, words: list[Word]) -> bytes:
        return self._opened(mailbox, words, is_read_only=True)

    def _opened(self, mailbox: Mailbox, words: list[Word], *, is_read_only: bool) -> bytes:
        self._leave_folder()
        folder = _folder(mailbox, words[0])
        self._view, self._is_read_only = View(folder, self._say, is_read_only=is_read_only), is_read_only
        folder.watch(self._news)
        self._say(b"* FLAGS " + _FLAGS)
        self._say(b"* OK [PERMANENTFLAGS " + _FLAGS + b"] Kept.")
        self._say(b"* %d EXISTS" % len(folder.mails))
        self._say(b"* 0 RECENT")
        self._say(b"* OK [UIDVALIDITY %d] The same as long as UIDs are." % folder.validity)
        self._say(b"* OK [UIDNEXT %d] The next." % folder.next_uid)
        return b"[READ-ONLY] Opened." if is_read_only else b"[READ-WRITE] Opened."

    def _status(self, mailbox: Mailbox, words: list[Word]) -> bytes:
        folder = _folder(mailbox, words[0])
        known = {
            "MESSAGES": len(folder.mails),
            "RECENT": 0,
            "UIDNEXT": folder.next_uid,
            "UIDVALIDITY": folder.validity,
            "UNSEEN": sum(r"\Seen" not in kept.flags for kept in folder.mails),
        }
        asked = [item.upper() for item in texts(words[1])]
        if not set(asked) <= known.keys():
            raise Bad("This is not known of folders.")
        said = " ".join(f"{item} {known[item]}" for item in asked)
        self._say(b"* STATUS " + quoted(text(words[0])) + f" ({said})".encode())
        return b"Told."

    def _list(self, mailbox: Mailbox, words: list[Word]) -> bytes:
        """All of them for a pattern that ends in a wildcard, else the one."""
        pattern = text(words[1])
        for name in mailbox.folders:
            is_meant = name.startswith(pattern[:-1]) if pattern.endswith(("*", "%")) else name == pattern
            if is_meant:
                self._say(b'* LIST () "/" ' + quoted(name))
        return b"Listed."

    def _create(self, mailbox: Mailbox, words: list[Word]) -> bytes:
        if mailbox.folder(text(words[0])) is not None:
            raise No("[ALREADYEXISTS] It is there.")
        mailbox.make(text(words[0]))
        return b"Made."

    def _append(self, mailbox: Mailbox, words: list[Word]) -> bytes:
        """APPEND folder [(flags)] ["date"] literal. The date is taken for now."""
        folder, raw = _folder(mailbox, words[0]), words[-1]
        if isinstance(raw, list) or len(words) < 2:
            raise Bad("There is no mail.")
        flags = next((texts(word) for word in words[1:-1] if isinstance(word, list)), [])
        kept = folder.add(raw, flags=frozenset(flags))
        return b"[APPENDUID %d %d] Kept." % (folder.validity, kept.uid)

    # --- what is told ------------------------------------------------------------------------------

    async def _idle(self, view: View) -> bytes:
        """Tell what comes until the client has heard enough."""
        await self._invite()
        self._is_idle = True
        try:
            view.tell_changes()
            await self._writer.drain()
            if (await line_of(self._reader)).upper() != b"DONE":
                raise Bad("An IDLE ends with DONE.")
        finally:
            self._is_idle = False
        return b"Enough."

    def _news(self) -> None:
        if self._is_idle and self._view is not None:
            self._view.tell_changes()

    def _close(self, view: View, *, expunge: bool) -> bytes:
        self._leave_folder()
        if expunge:
            view.expunge()
        return b"Closed."

    def _leave_folder(self) -> None:
        if self._view is not None:
            self._view.folder.unwatch(self._news)
        self._view = None

    async def _invite(self) -> None:
        self._say(b"+ Go on.")
        await self._writer.drain()

    def _say(self, line: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(line + b"\r\n")


def _folder(mailbox: Mailbox, name: Word) -> Folder:
    folder = mailbox.folder(text(name))
    if folder is None:
        raise No("[NONEXISTENT] There is no such folder.")
    return folder
