"""A call comes in: its caller, conversation, line in the timeline and plan, in one transaction."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec.structs import replace

from channels.contract import CallArrived
from crm_core.calls import actions
from crm_core.calls.rules.call import Call, CallPlan
from crm_core.calls.rules.signals import Begun
from crm_core.contacts.resolving import KnownIdentity, resolve
from crm_core.conversations import timeline
from crm_core.conversations.opening import Opened, Wanted, flush, open_or_continue
from crm_core.conversations.rows import conversation_value, entry_value
from crm_core.store.transaction import Tx
from crm_core.words.addresses import EXTERNAL, TEL, WHATSAPP, Address, display
from crm_core.words.clock import MINUTE
from crm_core.words.events import EntryAdded
from crm_core.words.text import one_line
from crm_core.words.values import (
    AuthorKind,
    CallState,
    Direction,
    EntryDetails,
    EntryKind,
    LegRole,
    LegState,
    LegValue,
)
from hub.desk import strangers
from hub.desk.calls import moving, plans
from hub.desk.calls.aftercall import HIDDEN
from hub.desk.inbound import SPAM, Source
from hub.desk.machine import language_of

_LATE: Final = 60 * MINUTE


def take(tx: Tx, source: Source, event: CallArrived) -> Call:
    """Store a call that comes in, once for each name of the provider, and let it begin."""
    known = actions.known(tx, source.account_id, event.external_id)
    if known is not None:
        return known
    identity = _caller(tx, event)
    opened = open_or_continue(tx, [_wanted(source, event, identity)])[0]
    strangers.open_leads(tx, [_stranger(source, event, identity, opened)])
    language = language_of(tx, identity) or event.sender_facts.get("language", "")
    plan = plans.plan(source.manner, source.queue_id, language, tx.now, calling=source.calling)
    started = max(tx.now - _LATE, min(event.at, tx.now))
    call = made(tx, source, identity, opened, direction=Direction.IN, line=event.called, plan=plan)
    leg = LegValue(
        id=tx.new_id(), role=LegRole.CUSTOMER, state=LegState.CONNECTED, address=call.number, name=call.who,
        external_id=event.external_id, made_at=started, since=started, connected_at=started,
    )  # fmt: skip
    plan = replace(plan, may_call_back=plans.may_call_back(source.calling, call.number))
    call = replace(call, external_id=event.external_id, started_at=started, since=started, legs=[leg], plan=plan)
    begin(tx, opened, call)
    return moving.settle(tx, call, Begun(), event.at)


# house: parameters because a call is somebody's, by an account, in a conversation, one way or the other
def made(
    tx: Tx,
    source: Source,
    identity: KnownIdentity,
    opened: Opened,
    *,
    direction: Direction,
    line: str,
    plan: CallPlan,
) -> Call:
    """A call that begins now. Not stored yet."""
    is_number = identity.address.scheme in (TEL, WHATSAPP)
    return Call(
        id=tx.new_id(),
        entry_id=tx.new_id(),
        conversation_id=opened.row["id"],
        account_id=source.account_id,
        channel=source.kind,
        direction=direction,
        state=CallState.RINGING,
        who=identity.shown_name,
        number=identity.address.value if is_number else "",
        line=one_line(line, most=60),
        contact_id=identity.contact_id,
        identity_id=identity.id,
        queue_id=source.queue_id,
        started_at=tx.now,
        since=tx.now,
        plan=plan,
        announces=source.manner is not None and source.manner.calls.announce_listening,
    )


def begin(tx: Tx, opened: Opened, call: Call) -> None:
    """Store a new call with its line in the timeline, and its conversation as it is in hand."""
    row = opened.row
    row["preview"] = row["preview"] or call.number or call.who
    row["queue_id"] = row["queue_id"] or call.queue_id
    opened.noted(tx.now, call.entry_id)
    flush(tx, [opened])
    entry = _line(tx, call)
    timeline.store(tx, [entry])
    tx.record(EntryAdded(entry=entry_value(entry), conversation=conversation_value(row)))
    actions.add(tx, call)


def _line(tx: Tx, call: Call) -> dict[str, Any]:
    by_contact = call.direction is Direction.IN
    leg = next((leg for leg in call.legs if leg.agent_id is not None), None)
    return timeline.new_entry(
        tx,
        id=call.entry_id,
        conversation_id=call.conversation_id,
        kind=EntryKind.CALL,
        direction=call.direction,
        author_kind=AuthorKind.CONTACT if by_contact else AuthorKind.AGENT,
        author_id=call.identity_id if by_contact else (leg.agent_id if leg else call.agent_id),
        author_name=call.who if by_contact else (leg.name if leg else ""),
        account_id=call.account_id,
        channel=call.channel,
        identity_id=call.identity_id,
        details=msgspec.to_builtins(EntryDetails(call=moving.line_of(call))),
    )


def _caller(tx: Tx, event: CallArrived) -> KnownIdentity:
    address = event.sender or Address(EXTERNAL, f"{HIDDEN}{event.external_id}"[:200])
    facts = {one_line(k, most=40): one_line(v, most=500) for k, v in event.sender_facts.items()}
    name = one_line(event.sender_name, most=80)
    if event.sender is None:
        name = name or "Hidden number"
    elif event.sender.scheme == TEL and not name:
        name = ""
    return resolve(tx, address, name, facts)


def _wanted(source: Source, event: CallArrived, identity: KnownIdentity) -> Wanted:
    # A call changes neither where answers in writing go nor who is written to.
    return Wanted(identity, source.account_id, source.kind, event.thread or "", automatic=True)


def _stranger(source: Source, event: CallArrived, identity: KnownIdentity, opened: Opened) -> strangers.Newcomer:
    words = display(identity.address) if event.sender is not None else ""
    return strangers.Newcomer(
        identity,
        opened,
        source.kind,
        words,
        asks=event.sender is not None and identity.state != SPAM,
        facts=event.sender_facts,
        queue_id=source.queue_id,
    )
