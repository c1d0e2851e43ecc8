"""Follows one folder of a mailbox: every mail is handed to the hub once, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog

from channels.contract import Deliver, OriginalArrived, Problem, Tools
from channels.email import uid_sets
from channels.email.anatomy.limits import MOST_BYTES, MOST_HEADER_BYTES
from channels.email.connecting import Trouble
from channels.email.imap import Imap, imap_connection
from channels.email.imap_answers import Folder, Listed
from channels.email.patience import Patience
from channels.email.settings import EmailSettings
from channels.email.tokens import AccessTokens
from channels.together import together
from crm_core.words.clock import DAY, SECOND, Moment, as_datetime
from crm_core.words.content import FileRef
from crm_core.words.errors import StoreUnavailable, TooLarge

_MOST_TRIES: Final = 3
"""Of fetching one mail. After that its header stands for it: a mail that cannot be had must not hold up the others."""
_LONGEST_PAUSE: Final = 60.0
"""Seconds, however often a connection was lost."""
_MOST_IN_VAIN: Final = 3
"""Looks in a row that the server's word caused and that found nothing."""
_NOTHING: Final = b"\r\n"
"""Stands for a mail of which not even the header can be had."""
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Up to where a folder was fetched."""

    uid_validity: int
    last: int

    def __str__(self) -> str:
        return f"{self.uid_validity}:{self.last}"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail that lies among the files and that the hub does not know of yet."""

    key: str
    body: FileRef
    problem: str


@dataclass(frozen=True, slots=True)
class Old:
    """What is not ours although it is there: mail up to this UID that came before this moment."""

    last: int
    before: Moment

    def covers(self, listed: Listed) -> bool:
        return listed.uid <= self.last and listed.came_at is not None and listed.came_at < self.before


class Mailbox:
    """One folder. `follow` is called again after a connection was lost and goes on where it was."""

    def __init__(
        self,
        folder: str,
        settings: EmailSettings,
        tools: Tools,
        *,
        patience: Patience,
        tokens: AccessTokens,
        since: Moment | None = None,
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._tools = tools
        self._patience = patience
        self._tokens = tokens
        # Servers note whole seconds of when a mail came.
        self._since = None if since is None else since // SECOND * SECOND
        self._place = Place(0, 0)
        self._waiting: Fetched | None = None
        """Fetched, but the store was away: it is not fetched again."""
        self._seen: set[int] = set()
        """UIDs that were delivered, or were there before us."""
        self._old = Old(0, 0)
        self._next_sweep: Moment = 0
        self.was_reached = False
        """Whether the folder was open the last time it was followed."""

    async def follow(self, deliver: Deliver) -> None:
        """Hand in what comes until the connection is lost. Raises Trouble, and what `deliver` raises."""
        self.was_reached = False
        async with imap_connection(self._settings, self._tools.peers, self._patience) as imap:
            await self.sign_in(imap)
            found = await imap.open(self._folder)
            await self._find_place(imap, found)
            await self._settle_last(imap)
            self.was_reached = True
            in_vain = 0
            while True:
                uids = await imap.uids("UID", f"{self._place.last + 1}:*")
                # A range with a star always has the last mail in it, however old that is.
                fresh = [uid for uid in uids if uid > self._place.last]
                in_vain = 0 if fresh else in_vain + 1
                await self._hand_in(imap, fresh, deliver)
                self._place = Place(found.uid_validity, max([self._place.last, *uids[-1:]]))
                if self._tools.now() >= self._next_sweep:
                    await self._sweep(imap, deliver)
                # A server that speaks of new mail with every answer must not make us run in circles.
                await imap.wait_for_news(self._patience.poll, at_once=in_vain < _MOST_IN_VAIN)

    async def sign_in(self, imap: Imap) -> None:
        """Sign in as the settings say; an access token that is refused is fetched anew once."""
        if self._settings.auth == "password":
            await imap.sign_in(None)
            return
        was_kept = self._tokens.has_one
        try:
            await imap.sign_in(await self._tokens.get())
        except Trouble as trouble:
            self._tokens.forget()
            if not was_kept or trouble.problem is not Problem.PASSWORD:
                raise
            await imap.sign_in(await self._tokens.get())

    # --- where it left off ------------------------------------------------------------------------

    async def _find_place(self, imap: Imap, found: Folder) -> None:
        noted = await self._tools.cursors.get(self._cursor("imap"))
        old = await self._tools.cursors.get(self._cursor("imap-old")) or "0:0:0"
        validity, last, before = (int(part) for part in old.split(":"))
        if noted is None:
            # What was there before us is not ours, but for the days that the settings ask for; a mailbox that could
            # not be reached at once has what came since it was added.
            days = self._settings.history_days
            added_at = self._tools.now() if self._since is None else self._since
            await self._begin(imap, found, added_at - days * DAY, is_all_old=days == 0 and self._since is None)
        elif int(noted.partition(":")[0]) != found.uid_validity:
            log.warning("a mailbox was numbered anew and is read again", folder=self._folder)
            await self._begin(imap, found, before, is_all_old=False)
        else:
            self._place = Place(found.uid_validity, int(noted.partition(":")[2]))
            self._old = Old(last if validity == found.uid_validity else 0, before)
            await self._remember_seen()

    async def _begin(self, imap: Imap, found: Folder, since: Moment, *, is_all_old: bool) -> None:
        """Begin with the first mail that came since then; the place is noted last, so that a crash begins anew."""
        there = await imap.uids("ALL")
        newest = max(there[-1] if there else 0, (found.next_uid or 1) - 1)
        # The server counts whole days of some zone; the exact moment is looked at when they are listed.
        young = [] if is_all_old else await imap.uids("SINCE", _day(since))
        last = min(young[0] - 1, newest) if young else newest
        self._waiting, self._old = None, Old(newest, since)
        self._place = Place(found.uid_validity, last)
        self._seen = {uid for uid in there if uid <= last}
        await self._note_seen()
        await self._tools.cursors.set(self._cursor("imap-old"), f"{found.uid_validity}:{newest}:{since}")
        await self._tools.cursors.set(self._cursor("imap"), str(self._place))

    # --- handing in -------------------------------------------------------------------------------

    async def _hand_in(self, imap: Imap, uids: Sequence[int], deliver: Deliver) -> None:
        async for listed in imap.listing(uids):
            fetched = None if self._old.covers(listed) else await self._fetched(imap, listed)
            if fetched is not None:
                await self._deliver(fetched, listed, deliver)
                await self._put_away(imap, listed.uid)
            self._seen.add(listed.uid)
        if uids:
            await self._note_seen()

    async def _deliver(self, fetched: Fetched, listed: Listed, deliver: Deliver) -> None:
        place = Place(self._place.uid_validity, max(self._place.last, listed.uid))
        now = self._tools.now()
        # Not the event's own problem: what there is of the mail still says whose it is and where it belongs.
        facts = {"folder": self._folder, "uid": str(listed.uid), "problem": fetched.problem}
        event = OriginalArrived(
            key=fetched.key,
            body=fetched.body,
            at=min(listed.came_at, now) if listed.came_at else now,
            facts={name: value for name, value in facts.items() if value},
            cursor=(self._cursor("imap"), str(place)) if place != self._place else None,
        )
        self._waiting = fetched
        await deliver(event)
        self._waiting = None
        self._place = place

    async def _fetched(self, imap: Imap, listed: Listed) -> Fetched | None:
        """The mail, kept; none when somebody removed it in the meantime."""
        key = f"{self._folder}:{self._place.uid_validity}:{listed.uid}"
        if self._waiting is not None and self._waiting.key == key:
            return self._waiting
        tried = await self._tried(listed.uid)
        problem = "too_large" if listed.size > MOST_BYTES else "not_fetched" if tried >= _MOST_TRIES - 1 else ""
        try:
            raw = _NOTHING if tried >= _MOST_TRIES else await self._raw(imap, listed.uid, whole=not problem)
        except Trouble:
            await self._tools.cursors.set(self._cursor("imap-try"), f"{self._place}:{listed.uid}:{tried + 1}")
            raise
        if raw is None:
            return None
        try:
            return Fetched(key, await self._tools.files.keep("mail.eml", raw), problem)
        except TooLarge:
            header = raw[:MOST_HEADER_BYTES].partition(b"\r\n\r\n")[0]
            return Fetched(key, await self._tools.files.keep("mail.eml", header + b"\r\n\r\n"), "too_large")

    async def _raw(self, imap: Imap, uid: int, *, whole: bool) -> bytes | None:
        return await (imap.mail(uid) if whole else imap.header(uid))

    async def _tried(self, uid: int) -> int:
        """How often in vain, at this place."""
        noted = await self._tools.cursors.get(self._cursor("imap-try"))
        before = f"{self._place}:{uid}:"
        return int(noted.removeprefix(before)) if noted and noted.startswith(before) else 0

    async def _put_away(self, imap: Imap, uid: int) -> None:
        if self._settings.after == "keep":
            return
        if self._settings.after == "seen":
            done = await imap.mark_seen(uid)
        else:
            done = await imap.move(uid, self._settings.move_to)
        if not done:
            log.warning("a fetched mail could not be put away", folder=self._folder, after=self._settings.after)

    async def _settle_last(self, imap: Imap) -> None:
        """Put away the mail that was handed in last, if the connection or the hub went before that."""
        last = self._place.last
        if self._settings.after == "keep" or last in self._seen:
            return
        async for listed in imap.listing([last] if last else []):
            # What was there before us nobody asked to have put away.
            if last > self._old.last or (listed.came_at is not None and listed.came_at >= self._old.before):
                await self._put_away(imap, last)
        self._seen.add(last)

    # --- mail that came out of order --------------------------------------------------------------

    async def _sweep(self, imap: Imap, deliver: Deliver) -> None:
        """Hand in what has a number below the last and was not there before: some servers number so."""
        uids = await imap.uids("ALL")
        lowest = min(self._seen, default=self._place.last)
        late = [uid for uid in uids if lowest < uid <= self._place.last and uid not in self._seen]
        if late:
            log.info("a mailbox had mail with numbers out of order", folder=self._folder, mails=len(late))
            await self._hand_in(imap, late, deliver)
        self._next_sweep = self._tools.now() + self._patience.between_sweeps

    async def _remember_seen(self) -> None:
        noted = await self._tools.cursors.get(self._cursor("imap-seen")) or ""
        validity, _, uids = noted.partition("|")
        if validity == str(self._place.uid_validity):
            self._seen |= uid_sets.from_text(uids)

    async def _note_seen(self) -> None:
        kept = uid_sets.as_text(self._seen)
        self._seen = uid_sets.from_text(kept)
        await self._tools.cursors.set(self._cursor("imap-seen"), f"{self._place.uid_validity}|{kept}")

    def _cursor(self, name: str) -> str:
        return f"{name}:{self._folder}"


async def follow_folders(mailboxes: Sequence[Mailbox], deliver: Deliver, patience: Patience) -> None:
    """Follow all folders, each over a connection of its own, until cancelled or one of them fails for long.

    Raises the first failure as the hub knows it.
    """
    try:
        await together(*(partial(_keep_following, mailbox, deliver, patience) for mailbox in mailboxes))
    except Trouble as trouble:
        raise trouble.as_failure() from trouble


async def _keep_following(mailbox: Mailbox, deliver: Deliver, patience: Patience) -> None:
    """A lost connection is made anew at once: the account stays open for sending meanwhile."""
    tries = 0
    while True:
        began = asyncio.get_running_loop().time()
        try:
            await mailbox.follow(deliver)
        except Trouble as trouble:
            lasted = asyncio.get_running_loop().time() - began
            # One that opens and breaks at once, over and over, does not work either.
            tries = 1 if mailbox.was_reached and lasted > patience.pause * 10 else tries + 1
            if trouble.needs_a_person or tries >= patience.tries:
                raise
            log.info("a mailbox is connected to again", problem=str(trouble.problem), tries=tries)
        except StoreUnavailable as error:
            tries = min(tries + 1, patience.tries)
            log.warning("a mailbox waits for the store", code=error.code)
        await asyncio.sleep(min(patience.pause * 2 ** (tries - 1), _LONGEST_PAUSE))


def _day(moment: Moment) -> str:
    """The day before the moment, as SEARCH wants it: no zone is more than a day away from UTC."""
    day = as_datetime(max(moment - DAY, DAY))
    return f"{day.day:02d}-{_MONTHS[day.month - 1]}-{day.year:04d}"
