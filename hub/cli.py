"""The command `hub`."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import cyclopts
import uvloop
from cyclopts import Parameter

from crm_core import migrations
from crm_core.staff import queries as staff
from crm_core.staff.actions import AgentChange, NewAgent, add_agent, change_agent, enable_agent
from crm_core.staff.sessions import open_session
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.clock import HOUR
from crm_core.words.errors import HubError, NotFound
from crm_core.words.values import Role
from crm_core.work.queues import queues
from hub import doctor as doctors
from hub.auth.passwords import Passwords, acceptable
from hub.bench.report import bench as run_bench
from hub.config import Settings, SettingsError, described, load_settings
from hub.console import typescript
from hub.demo.show import demo as run_demo
from hub.desk.staffing import disable
from hub.logs import configure
from hub.parsing import explained
from hub.serving import announce, serve

R = TypeVar("R")

TOOL_NODE = 15
"""The node number of short-lived commands, so that their ids never meet those of a running hub."""

app = cyclopts.App(name="hub", help="Switchboard: an omnichannel contact-centre hub.", version_flags=["--version"])
user = cyclopts.App(name="user", help="People of yours: agents, supervisors, administrators.")
app.command(user)


def main() -> None:
    """Run the command line; errors are sentences on standard error, exit code 1."""
    try:
        app()
    except (SettingsError, HubError) as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        print(f"The hub could not go on: {error.strerror or error}", file=sys.stderr)
        sys.exit(1)


@app.command(name="serve")
def serve_command() -> None:
    """Run the hub, with the settings of the HUB_ variables. Stops cleanly on SIGTERM."""
    settings = _settings()
    uvloop.run(serve(settings, announce))


@app.command(name="demo")
def demo_command() -> None:
    """Run the hub with demo people, a sample shop and one-time sign-in links."""
    settings = load_settings({"HUB_LOG_FORMAT": "console", "HUB_LOG_LEVEL": "warning", **os.environ})
    configure(settings)
    uvloop.run(run_demo(settings))


@app.command
def migrate() -> None:
    """Bring the database to the newest version. `hub serve` does it too."""
    settings = _settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    migrations.upgrade(settings.database_url)
    print(f"The database is at version {migrations.current(settings.database_url)}.")


@app.command(name="settings")
def settings_command() -> None:
    """Every setting with its value and what it is for. Secrets are not shown."""
    for name, value, sentence in described(_settings()):
        print(f"{name}={value}\n    {sentence}")


@app.command
def doctor(*, new_epoch: bool = False) -> None:
    """Check the set-up and say in words what is wrong and what to do.

    Parameters
    ----------
    new_epoch
        After a restore from a backup: have every console start afresh.
    """
    settings = _settings()
    if new_epoch:
        uvloop.run(_with_database(settings, lambda db: db.write(doctors.begin_epoch)))
        print("Every console will start afresh when it comes back.")
    findings = uvloop.run(doctors.examine(settings))
    for finding in findings:
        print(finding)
    sys.exit(1 if any(f.is_wrong for f in findings) else 0)


@app.command
def bench(*, json: bool = False, only: str = "", seconds: float = 2.0) -> None:
    """Measure the hub against limits of this machine, measured in the same run.

    Parameters
    ----------
    json
        Print one JSON document.
    only
        Figures to measure, separated by commas.
    seconds
        How long each side of a figure is measured, per round.
    """
    sys.exit(run_bench(wanted=[w for w in only.split(",") if w], seconds=seconds, as_json=json))


@app.command
def parse(kind: str, *files: Path) -> None:
    """Print what stored messages say, one JSON document a line: for asking why a message was read so.

    Parameters
    ----------
    kind
        The channel, such as email.
    files
        A stored message each, as it came.
    """
    try:
        for line in explained(kind, files):
            print(line)
    except HubError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


@app.command
def protocol(*, write: bool = False) -> None:
    """Check that the TypeScript of the protocol is in step with the Python, or write it anew."""
    sys.exit(typescript.main(["--write" if write else "--check"]))


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
    settings = _settings()
    password = None if no_password or not sys.stdin.isatty() else _asked_password()
    hashed = None if password is None else Passwords().hash_now(acceptable(password))

    async def add(db: Database) -> str:
        ids = await db.read(_queues_named, queue or [])
        new = NewAgent(name=name, email=email, role=role, password_hash=hashed, queues=ids)
        agent = await db.write(add_agent, None, new)
        return await _link(db, settings, agent.id)

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    migrations.upgrade(settings.database_url)
    link = uvloop.run(_with_database(settings, add))
    print(f"{name} <{email}> is {role.value}. They sign in once, within a day, at\n{link}")


@user.command(name="list")
def user_list() -> None:
    """Everybody, with role and state."""
    for agent in uvloop.run(_with_database(_settings(), lambda db: db.read(_everybody))):
        print("\t".join(agent))


@user.command(name="link")
def user_link(email: str) -> None:
    """Print a one-time sign-in link for somebody."""
    settings = _settings()

    async def make(db: Database) -> str:
        return await _link(db, settings, await db.read(_agent_id, email))

    print(uvloop.run(_with_database(settings, make)))


@user.command(name="role")
def user_role(email: str, role: Role) -> None:
    """Give somebody another role."""

    async def change(db: Database) -> None:
        await db.write(change_agent, None, await db.read(_agent_id, email), AgentChange(role=role))

    uvloop.run(_with_database(_settings(), change))
    print(f"{email} is {role.value} now.")


@user.command(name="disable")
def user_disable(email: str) -> None:
    """Lock somebody out at once; what they wrote stays. `hub user enable` takes it back."""

    async def change(db: Database) -> None:
        await db.write(disable, None, await db.read(_agent_id, email))

    uvloop.run(_with_database(_settings(), change))
    print(f"{email} cannot sign in any more.")


@user.command(name="enable")
def user_enable(email: str) -> None:
    """Let somebody in again."""

    async def change(db: Database) -> None:
        await db.write(enable_agent, None, await db.read(_agent_id, email))

    uvloop.run(_with_database(_settings(), change))
    print(f"{email} can sign in again.")


def _settings() -> Settings:
    settings = load_settings(os.environ)
    configure(settings)
    return settings


def _asked_password() -> str:
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Again: "):
        raise HubError("The passwords differ. Nobody was added.")
    return first


async def _with_database(settings: Settings, use: Callable[[Database], Awaitable[R]]) -> R:
    db = await Database.open(settings.database_url, node=TOOL_NODE)
    try:
        return await use(db)
    finally:
        await asyncio.shield(db.close())


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


if __name__ == "__main__":
    main()
