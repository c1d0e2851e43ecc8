"""`hub user`: the people of this hub."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated

import cyclopts
import uvloop
from cyclopts import Parameter

from crm_core.staff import queries as staff
from crm_core.staff.actions import AgentChange, NewAgent, add_agent, change_agent, enable_agent
from crm_core.staff.sessions import open_session
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.clock import HOUR
from crm_core.words.errors import HubError, NotFound
from crm_core.words.values import Role
from crm_core.work.queues import queues
from hub.auth.passwords import Passwords, acceptable
from hub.commands.database import brought_up, with_database
from hub.commands.settings import configured
from hub.config import Settings
from hub.desk.staffing import disable

user = cyclopts.App(name="user", help="People of yours: agents, supervisors, administrators.")


@user.command(name="add")
def user_add(
    name: str,
    email: str,
    *,
    role: Role = Role.AGENT,
    queue: Annotated[list[str] | None, Parameter(negative=())] = None,
    no_password: bool = False,
) -> None:
    """Add a person, ask for their password, and print a one-time sign-in link.

    Parameters
    ----------
    name
        As colleagues and contacts see it.
    email
        What they sign in with.
    role
        agent, supervisor or administrator.
    queue
        The name of a queue they serve; may be given several times.
    no_password
        Let them in by the link only; they choose a password themselves.
    """
    settings = configured()
    password = None if no_password or not sys.stdin.isatty() else _asked_password()
    hashed = None if password is None else Passwords().hash_now(acceptable(password))

    async def add(db: Database) -> str:
        ids = await db.read(_queues_named, queue or [])
        new = NewAgent(name=name, email=email, role=role, password_hash=hashed, queues=ids)
        agent = await db.write(add_agent, None, new)
        return await _link(db, settings, agent.id)

    brought_up(settings)
    link = uvloop.run(with_database(settings, add))
    print(f"{name} <{email}> is {role.value}. They sign in once, within a day, at\n{link}")


@user.command(name="list")
def user_list() -> None:
    """Everybody, with role and state."""
    for agent in uvloop.run(with_database(configured(), lambda db: db.read(_everybody))):
        print("\t".join(agent))


@user.command(name="link")
def user_link(email: str) -> None:
    """Print a one-time sign-in link for somebody."""
    settings = configured()

    async def make(db: Database) -> str:
        return await _link(db, settings, await db.read(_agent_id, email))

    print(uvloop.run(with_database(settings, make)))


@user.command(name="role")
def user_role(email: str, role: Role) -> None:
    """Give somebody another role."""

    async def change(db: Database) -> None:
        await db.write(change_agent, None, await db.read(_agent_id, email), AgentChange(role=role))

    uvloop.run(with_database(configured(), change))
    print(f"{email} is {role.value} now.")


@user.command(name="disable")
def user_disable(email: str) -> None:
    """Lock somebody out at once; what they wrote stays. `hub user enable` takes it back."""

    async def change(db: Database) -> None:
        await db.write(disable, None, await db.read(_agent_id, email))

    uvloop.run(with_database(configured(), change))
    print(f"{email} cannot sign in any more.")


@user.command(name="enable")
def user_enable(email: str) -> None:
    """Let somebody in again."""

    async def change(db: Database) -> None:
        await db.write(enable_agent, None, await db.read(_agent_id, email))

    uvloop.run(with_database(configured(), change))
    print(f"{email} can sign in again.")


def _asked_password() -> str:
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Again: "):
        raise HubError("The passwords differ. Nobody was added.")
    return first


async def _link(db: Database, settings: Settings, agent_id: int) -> str:
    expires_at = db.clock() + settings.sign_in_link_hours * HOUR
    _, secret = await db.write(open_session, agent_id, "link", expires_at=expires_at)
    return f"{settings.public_url}/sign-in/{secret}"


def _agent_id(tx: Tx, email: str) -> int:
    found = staff.secrets_by_email(tx, email)
    if found is None:
        raise NotFound(f"Nobody has the e-mail address {email}.")
    return found.agent_id


def _queues_named(tx: Tx, names: list[str]) -> list[int]:
    known = {q.name.casefold(): q.id for q in queues(tx) if not q.archived}
    missing = [n for n in names if n.casefold() not in known]
    if missing:
        raise NotFound(f"There is no queue {missing[0]!r}. There are: {', '.join(sorted(known)) or 'none yet'}.")
    return [known[n.casefold()] for n in names]


def _everybody(tx: Tx) -> list[tuple[str, str, str]]:
    rows = []
    for agent in staff.agents(tx):
        email = staff.secrets_of(tx, agent.id).email
        rows.append((agent.name, email, "disabled" if agent.disabled else agent.role.value))
    return rows
