"""Signing in and out, oneself, one's sessions and tokens, and tickets for the socket."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import hdrs

from crm_core.staff import actions, queries, sessions
from crm_core.staff.sessions import SessionFacts
from crm_core.store.transaction import Tx
from crm_core.words.errors import Invalid, NotSignedIn
from crm_core.words.permissions import Actor, Permission
from crm_core.words.values import AgentValue
from hub.api.agents import shown_agent
from hub.api.authentication import COOKIE
from hub.api.call import Call
from hub.api.models.sessions import (
    Credentials,
    MadeToken,
    Me,
    MySettings,
    NewToken,
    PasswordChange,
    Session,
    SocketTicket,
    Visit,
)
from hub.api.models.shapes import ListOf
from hub.auth.gate import From
from hub.desk import staffing


async def sign_in(call: Call, body: Credentials) -> Me:
    """Sign in with e-mail address and password.

    The session comes as a cookie. Wrong address and wrong password are answered the same, in the same time;
    too many failures for one address or from one network are slowed down (429).
    """
    where = From(call.peer, call.request.headers.get(hdrs.USER_AGENT, ""), call.request.cookies.get(COOKIE, ""))
    signed_in, call.cookie = await call.house.gate.sign_in(body.email, body.password, where)
    return await _me(call, signed_in.actor)


async def visit(call: Call) -> Visit:
    """Who is signed in in this browser, if anybody is. Asking is no mistake, as it would be at `/me`."""
    return Visit(me=await _me(call, call.signed_in.actor) if call.signed_in else None)


async def sign_out(call: Call) -> None:
    """End this session, or this token; its sockets are closed."""
    await call.do(staffing.sign_out, call.actor.agent_id, _session_id(call))
    call.cookie = ""


async def me(call: Call) -> Me:
    """Who I am and what I may do."""
    return await _me(call, call.actor)


async def change_me(call: Call, body: MySettings) -> Me:
    """Change my settings."""
    await call.do(
        actions.change_agent,
        call.actor,
        call.actor.agent_id,
        actions.AgentChange(language=body.language, name=body.name),
    )
    return await _me(call, call.actor)


async def change_password(call: Call, body: PasswordChange) -> None:
    """Change my password. My other sessions and tokens end."""
    await call.house.gate.change_password(call.actor, body.old_password, body.new_password)


async def my_sessions(call: Call) -> ListOf[Session]:
    """My open browser sessions and tokens, newest first."""
    return _listed(await call.read(sessions.sessions, call.actor.agent_id), call)


async def end_session(call: Call, session_id: int) -> None:
    """End one of my sessions or tokens; its sockets are closed."""
    await call.do(sessions.end_session, call.actor.agent_id, session_id)


async def end_other_sessions(call: Call) -> None:
    """End all my sessions and tokens but this one."""
    await call.do(sessions.end_all_sessions, call.actor.agent_id, except_id=_session_id(call))


async def my_tokens(call: Call) -> ListOf[Session]:
    """My API tokens, without their secrets."""
    found = await call.read(sessions.sessions, call.actor.agent_id)
    return _listed([each for each in found if each.kind == "token"], call)


async def end_token(call: Call, token_id: int) -> None:
    """Revoke one of my API tokens."""
    await call.do(sessions.end_session, call.actor.agent_id, token_id)


async def make_token(call: Call, body: NewToken) -> MadeToken:
    """Make an API token that acts as me. Its text is shown in this answer only."""
    if body.expires_at is not None and body.expires_at <= call.house.clock():
        raise Invalid("The token would have run out already.")
    facts, token = await call.house.db.write(
        sessions.open_session, call.actor.agent_id, "token", label=body.label, expires_at=body.expires_at
    )
    return MadeToken.model_validate(
        {
            "id": facts.id,
            "label": facts.label,
            "token": token,
            "created_at": facts.created_at,
            "expires_at": facts.expires_at,
        }
    )


async def make_socket_ticket(call: Call) -> SocketTicket:
    """A ticket with which the console's socket opens."""
    signed_in = call.signed_in
    if signed_in is None:
        raise NotSignedIn
    ticket = call.house.tickets.make(
        call.actor.agent_id, signed_in.session.id, from_browser=signed_in.session.kind == "browser"
    )
    return SocketTicket(ticket=ticket)


def _session_id(call: Call) -> int:
    if call.signed_in is None:
        raise NotSignedIn
    return call.signed_in.session.id


def _listed(found: Sequence[SessionFacts], call: Call) -> ListOf[Session]:
    this = _session_id(call)
    return ListOf[Session](
        items=[Session.model_validate(each).model_copy(update={"is_this": each.id == this}) for each in found]
    )


async def _me(call: Call, actor: Actor) -> Me:
    value, email = await call.read(_myself, actor.agent_id)
    return Me(
        agent=shown_agent(call.house, value),
        email=email,
        permissions=[permission for permission in Permission if actor.may(permission)],
        session_id=actor.session_id or 0,
    )


def _myself(tx: Tx, agent_id: int) -> tuple[AgentValue, str]:
    return queries.agent(tx, agent_id), queries.secrets_of(tx, agent_id).email
