"""The file of call records: a row for each call, ids and names side by side."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from aiohttp import web

from crm_core.calls import queries
from crm_core.calls.queries import CallListing
from crm_core.contacts import queries as contacts
from crm_core.staff import queries as staff
from crm_core.store.transaction import Tx
from crm_core.words.clock import as_text
from crm_core.words.errors import HubError
from crm_core.words.permissions import Actor
from crm_core.words.values import CallValue, KeptState, LegMode, TransferValue
from crm_core.work import queues
from hub.api.call import Call
from hub.api.models.calls import Exporting

_FIELDS: Final = (
    "id", "direction", "state", "outcome", "who", "contact_id", "contact", "number", "line", "queue_id", "queue",
    "agent_id", "agent", "agent_ids", "agents", "started_at", "answered_at", "ended_at", "ring", "wait", "talk", "hold",
    "wrap_up", "ended_by", "disposition", "note", "transfers", "transfer_chain", "recordings", "cost", "external_id",
)  # fmt: skip
_SPANS: Final = ("ring", "wait", "talk", "hold", "wrap_up")
_NUMBERS: Final = ("number", "line")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Names:
    """What agents, queues and contacts are called, by their ids."""

    agents: Mapping[int, str]
    queues: Mapping[int, str]
    contacts: Mapping[int, str]


async def export(call: Call, query: Exporting) -> web.StreamResponse:
    """Call records as CSV, all that are asked for: times in UTC, durations in whole seconds, names beside the ids."""
    pages = _pages(call, query)
    first = await anext(pages)
    headers = {"Content-Disposition": 'attachment; filename="calls.csv"', "Content-Type": "text/csv; charset=utf-8"}
    response = web.StreamResponse(headers=headers)
    await response.prepare(call.request)
    await response.write(_table([_FIELDS, *first]))
    try:
        async for rows in pages:
            await response.write(_table(rows))
    except HubError as error:
        # A file without its last chunk is a failed download, not a short list.
        log.warning("a file of call records broke off", code=error.code)
        if call.request.transport is not None:
            call.request.transport.abort()
        return response
    await response.write_eof()
    return response


async def _pages(call: Call, query: Exporting) -> AsyncIterator[list[list[str]]]:
    cursor: str | None = None
    while True:
        wanted = CallListing(**query.model_dump(), cursor=cursor, limit=queries.MOST)
        rows, cursor = await call.read(_page, call.actor, wanted)
        yield rows
        if cursor is None:
            return


def _page(tx: Tx, actor: Actor, wanted: CallListing) -> tuple[list[list[str]], str | None]:
    page = queries.page(tx, actor, wanted)
    known = sorted({one.contact_id for one in page.items if one.contact_id is not None})
    names = _Names(
        agents={agent.id: agent.name for agent in staff.agents(tx)},
        queues={queue.id: queue.name for queue in queues.queues(tx)},
        contacts={contact.id: contact.name for contact in contacts.get_many(tx, known)},
    )
    return [[_cell(name, _said(one, name, names)) for name in _FIELDS] for one in page.items], page.next_cursor


def _table(rows: Iterable[Sequence[str]]) -> bytes:
    table = io.StringIO()
    csv.writer(table).writerows(rows)
    return table.getvalue().encode()


def _said(call: CallValue, name: str, names: _Names) -> str:
    match name:
        case "contact":
            return names.contacts.get(call.contact_id or 0, "")
        case "queue":
            return names.queues.get(call.queue_id or 0, "")
        case "agent":
            return names.agents.get(call.agent_id or 0, "")
        case "agent_ids":
            return " ".join(map(str, _speakers(call)))
        case "agents":
            return "; ".join(names.agents.get(agent_id, str(agent_id)) for agent_id in _speakers(call))
        case "transfers":
            return str(len(call.transfers))
        case "transfer_chain":
            return "; ".join(_handed(one, names) for one in call.transfers)
        case "recordings":
            return str(sum(1 for one in call.recordings if one.state is KeptState.STORED))
    value = getattr(call, name)
    if value is None:
        return ""
    if name in _SPANS:
        return str(round(value / 1000))
    return as_text(value) if name.endswith("_at") else str(value)


def _speakers(call: CallValue) -> list[int]:
    """Agents who spoke with the contact, in the order in which they came; who only listened or advised did not."""
    spoke = [
        leg.agent_id
        for leg in call.legs
        if leg.agent_id is not None and leg.connected_at is not None and leg.mode in (LegMode.TALK, LegMode.BARGE)
    ]
    return list(dict.fromkeys(spoke))


def _handed(one: TransferValue, names: _Names) -> str:
    """Who handed the call to whom, and how: `Ann > Ben (attended, done)`."""
    by = names.agents.get(one.by_agent_id, str(one.by_agent_id))
    if one.to_agent_id is not None:
        to = names.agents.get(one.to_agent_id, str(one.to_agent_id))
    elif one.to_queue_id is not None:
        to = names.queues.get(one.to_queue_id, str(one.to_queue_id))
    else:
        to = one.to_number
    return f"{by} > {to} ({', '.join(word for word in (one.kind.value, one.result) if word)})"


def _cell(name: str, text: str) -> str:
    # A spreadsheet would read these as a formula (OWASP: CSV injection). A number begins with a plus and means it.
    is_formula = text[:1] in ("=", "@", "\t", "\r") or (text[:1] in "+-" and name not in _NUMBERS)
    return f"'{text}" if text and is_formula else text
