"""Agents: who they are, what they serve and what they do."""

from __future__ import annotations

from crm_core.staff import actions, queries
from crm_core.store.transaction import Tx
from crm_core.words.paging import Page
from crm_core.words.permissions import Actor
from crm_core.words.values import AgentValue
from crm_core.work.loads import Load, loads
from hub.api.call import Call
from hub.api.models.agents import (
    ActivityChange,
    Agent,
    AgentChange,
    LedgerListing,
    NewAgent,
    Queues,
    SignInLink,
    Span,
)
from hub.api.models.shapes import ListOf, PageOf
from hub.desk import staffing
from hub.keys import House


async def listed(call: Call) -> ListOf[Agent]:
    """All agents, also the disabled ones: their names stand in old timelines."""
    values, held = await call.read(_everybody)
    return ListOf[Agent](
        items=[_loaded(shown_agent(call.house, value), held.get(value.id, Load())) for value in values]
    )


async def get(call: Call, agent_id: int) -> Agent:
    """One agent."""
    value, load = await call.read(_somebody, agent_id)
    return _loaded(shown_agent(call.house, value), load)


async def add(call: Call, body: NewAgent) -> Agent:
    """Add an agent. They are offline at first."""
    passwords = call.house.gate.passwords
    secret = None if body.password is None else await passwords.hash(body.password, not_like=(body.name, body.email))
    new = actions.NewAgent(
        name=body.name,
        email=body.email,
        role=body.role,
        password_hash=secret,
        language=body.language,
        skills=body.skills,
        units=body.units,
        queues=body.queues,
    )
    return await call.write(lambda value: shown_agent(call.house, value), actions.add_agent, call.actor, new)


async def change(call: Call, agent_id: int, body: AgentChange) -> Agent:
    """Change an agent."""
    wanted = actions.AgentChange(**body.model_dump())
    return await call.write(
        lambda value: shown_agent(call.house, value), actions.change_agent, call.actor, agent_id, wanted
    )


async def disable(call: Call, agent_id: int) -> Agent:
    """Lock an agent out at once: their sessions, tokens and sockets end. What they wrote stays."""
    return await call.write(lambda value: shown_agent(call.house, value), staffing.disable, call.actor, agent_id)


async def enable(call: Call, agent_id: int) -> Agent:
    """Let a disabled agent in again. They sign in anew."""
    return await call.write(lambda value: shown_agent(call.house, value), actions.enable_agent, call.actor, agent_id)


async def set_queues(call: Call, agent_id: int, body: Queues) -> Agent:
    """Let an agent serve exactly these queues."""
    return await call.write(
        lambda value: shown_agent(call.house, value), actions.set_queues, call.actor, agent_id, body.queues
    )


async def set_activity(call: Call, agent_id: int, body: ActivityChange) -> Agent:
    """Say what an agent does now: oneself, or anybody for who watches agents."""
    return await call.write(
        lambda value: shown_agent(call.house, value),
        staffing.set_activity,
        call.actor,
        agent_id,
        body.activity,
        body.reason,
    )


async def ledger(call: Call, agent_id: int, query: LedgerListing) -> PageOf[Span]:
    """What an agent did, newest first: oneself, or anybody for who watches agents."""
    return PageOf[Span].model_validate(await call.read(_ledger, call.actor, agent_id, query))


async def make_link(call: Call, agent_id: int) -> SignInLink:
    """A one-time sign-in link for an agent, shown in this answer only."""
    url, ends = await call.house.gate.make_link(call.actor, agent_id)
    return SignInLink.model_validate({"url": url, "expires_at": ends})


def _ledger(tx: Tx, actor: Actor, agent_id: int, query: LedgerListing) -> Page[queries.Span]:
    page = queries.ledger(tx, actor, agent_id, cursor=query.cursor, limit=query.limit)
    queries.row(tx, agent_id)
    return page


def _everybody(tx: Tx) -> tuple[list[AgentValue], dict[int, Load]]:
    return queries.agents(tx), loads(tx)


def _somebody(tx: Tx, agent_id: int) -> tuple[AgentValue, Load]:
    return queries.agent(tx, agent_id), loads(tx, [agent_id]).get(agent_id, Load())


def _loaded(shown: Agent, load: Load) -> Agent:
    """With what routing counts: also a call that an agent only advises in or listens to."""
    return shown.model_copy(update={"units_used": load.units, "on_phone": load.on_phone})


def shown_agent(house: House, value: AgentValue) -> Agent:
    """An agent with what only this moment knows: whether they have a console open."""
    shown = Agent.model_validate(value)
    return shown.model_copy(update={"present": house.presence.is_present(value.id)})
