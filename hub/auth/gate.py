"""Who is there: signing in by password or link, and whom a secret lets in. The only place that decides it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from crm_core.staff import actions, queries, sessions
from crm_core.staff.sessions import PREFIXES, Kind, SessionFacts, SignedIn, hash_of
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.clock import DAY, HOUR, MINUTE, SECOND, Clock, Moment
from crm_core.words.errors import Denied, Gone, NotSignedIn, StoreUnavailable
from crm_core.words.permissions import Actor, Permission
from crm_core.words.text import folded, storable
from hub.auth.passwords import Passwords
from hub.auth.throttle import Throttle, peer_key
from hub.config import Settings

_LONGEST: Final = 128
_WRONG: Final = "The e-mail address or the password is wrong."


@dataclass(frozen=True, slots=True)
class From:
    """Where a sign-in comes from: the peer's network address, and what its browser calls itself."""

    peer: str
    label: str = ""
    instead_of: str = ""
    """The secret of the session this browser had before; it ends."""


class Gate:
    """Signs people in and out. One per process: its limits are kept in memory."""

    def __init__(self, db: Database, settings: Settings, clock: Clock, passwords: Passwords | None = None) -> None:
        self.passwords = passwords or Passwords()
        self._db = db
        self._settings = settings
        self._clock = clock
        # Failures only: a right password gives its try back.
        self._by_address = Throttle(clock, most=10, every=90 * SECOND)
        self._by_peer = Throttle(clock, most=30, every=20 * SECOND)
        self._by_agent = Throttle(clock, most=5, every=3 * MINUTE)

    async def who(self, secret: str, *, kind: Kind) -> SignedIn | None:
        """Whom a browser session or token lets in right now; none when it ended, ran out, or its agent is disabled."""
        if not secret.startswith(PREFIXES[kind]) or len(secret) > _LONGEST:
            return None
        found = await self._db.read(sessions.session_of, hash_of(secret))
        if found is None or self._is_idle_too_long(found.session):
            return None
        await self._mark_seen(found.session)
        return found

    async def sign_in(self, email: str, password: str, where: From) -> tuple[SignedIn, str]:
        """A new browser session, and its secret.

        Raises NotSignedIn, in the same words and after the same work whether the address, the password or
        neither is known; TooMany after too many failures from one peer or for one address.
        """
        email = storable(email.strip())
        peer, address = peer_key(where.peer), folded(email)[:254]
        self._by_peer.take(peer)
        self._by_address.take(address)
        known = await self._db.read(queries.secrets_by_email, email)
        stored = known.password_hash if known is not None and not known.disabled else None
        right = await self.passwords.matches(stored, password)
        if known is None or stored is None or not right:
            raise NotSignedIn(_WRONG)
        self._by_peer.give_back(peer)
        self._by_address.give_back(address)
        if self.passwords.is_outdated(stored):
            fresh = await self.passwords.rehash(password)
            await self._db.write(actions.change_agent, None, known.agent_id, actions.AgentChange(password_hash=fresh))
        return await self._db.write(_open, known.agent_id, where, self._ends())

    async def sign_in_by_link(self, secret: str, where: From) -> str:
        """A new browser session's secret for a one-time link, which is used up. Raises Gone, TooMany."""
        peer = peer_key(where.peer)
        self._by_peer.take(peer)
        if not secret.startswith(PREFIXES["link"]) or len(secret) > _LONGEST:
            raise Gone("This sign-in link was used already or has run out.", why="link_used")
        made = await self._db.write(_use_link, hash_of(secret), where, self._ends())
        self._by_peer.give_back(peer)
        return made

    async def change_password(self, actor: Actor, old: str, new: str) -> None:
        """Set the actor's password; every other session and token of theirs ends.

        Raises Denied for a wrong old one, Invalid for an unacceptable new one, TooMany after five failures.
        """
        key = str(actor.agent_id)
        self._by_agent.take(key)
        known = await self._db.read(queries.secrets_of, actor.agent_id)
        if not await self.passwords.matches(known.password_hash, old):
            raise Denied("The old password is wrong.", why="old_password")
        self._by_agent.give_back(key)
        fresh = await self.passwords.hash(new, not_like=(known.name, known.email))
        await self._db.write(_set_password, actor, fresh)

    async def make_link(self, actor: Actor, agent_id: int) -> tuple[str, Moment]:
        """A one-time sign-in link for an agent (its whole address) and when it runs out. Raises Denied, NotFound."""
        actor.must(Permission.CONFIGURE)
        ends = self._clock() + self._settings.sign_in_link_hours * HOUR
        secret = await self._db.write(_make_link, agent_id, ends)
        return f"{self._settings.public_url}/sign-in/{secret}", ends

    def close(self) -> None:
        """Let the threads end."""
        self.passwords.close()

    def _ends(self) -> Moment:
        return self._clock() + self._settings.session_days * DAY

    def _is_idle_too_long(self, session: SessionFacts) -> bool:
        if session.kind != "browser":
            return False
        last = session.last_seen_at or session.created_at
        return self._clock() - last >= self._settings.session_idle_hours * HOUR

    async def _mark_seen(self, session: SessionFacts) -> None:
        last = session.last_seen_at
        if last is not None and self._clock() - last < sessions.SEEN_EVERY:
            return
        try:
            await self._db.write(sessions.mark_seen, session.id)
        except StoreUnavailable:
            # Reading goes on while the database takes no writes; the next request marks it.
            return


def _open(tx: Tx, agent_id: int, where: From, ends: Moment) -> tuple[SignedIn, str]:
    if where.instead_of:
        before = sessions.session_of(tx, hash_of(where.instead_of))
        if before is not None and before.session.kind == "browser":
            sessions.end_session(tx, before.actor.agent_id, before.session.id)
    facts, secret = sessions.open_session(tx, agent_id, "browser", label=where.label, expires_at=ends)
    actor = queries.actor_of(tx, agent_id, facts.id)
    if actor is None:
        raise NotSignedIn(_WRONG)
    return SignedIn(actor, facts), secret


def _use_link(tx: Tx, secret_hash: str, where: From, ends: Moment) -> str:
    return _open(tx, sessions.use_link(tx, secret_hash), where, ends)[1]


def _set_password(tx: Tx, actor: Actor, fresh: str) -> None:
    actions.change_agent(tx, actor, actor.agent_id, actions.AgentChange(password_hash=fresh))
    sessions.end_all_sessions(tx, actor.agent_id, except_id=actor.session_id)


def _make_link(tx: Tx, agent_id: int, ends: Moment) -> str:
    return sessions.open_session(tx, agent_id, "link", label="one-time link", expires_at=ends)[1]
