"""Whether a way still stands open: asked again when words leave, and before a machine writes any.

What stands against it may have come after the words: they were to leave later, or waited for their account.
"""

from __future__ import annotations

from channels.contract import Capabilities
from crm_core.contacts import queries as contacts
from crm_core.contacts import reach
from crm_core.store.transaction import Tx
from crm_core.words.clock import HOUR, Moment
from crm_core.words.content import ReachState
from crm_core.words.values import EntryDetails, EntryValue
from hub.desk.ways import NO_WAY_BACK, STANDING, Way, WayState, Why


# house: parameters because a way is an identity and an account, and what it carries and what goes by it decide
def against(
    tx: Tx,
    identity_id: int,
    account_id: int,
    carries: Capabilities,
    *,
    has_template: bool = False,
    unheard: Moment = 0,
) -> Why:
    """What stands against a way now. `unheard`: since when they count as heard of whom nothing was."""
    if contacts.address_of(tx, identity_id).scheme in NO_WAY_BACK:
        return Why.NO_ADDRESS
    known = reach.way(tx, identity_id, account_id)
    standing = STANDING[ReachState.OK if known is None else known.state]
    if standing is not Why.NOTHING or has_template or carries.window_hours is None:
        return standing
    heard_at = unheard if known is None or known.heard_at is None else known.heard_at
    return Why.NOTHING if tx.now < heard_at + carries.window_hours * HOUR else Why.WINDOW


def must_still_go(tx: Tx, entry: EntryValue, carries: Capabilities) -> None:
    """Raises Invalid, in words for the agent and with `why`, for a message that may not leave any more."""
    if entry.identity_id is None or entry.account_id is None:
        return
    has_template = bool((entry.details or EntryDetails()).template)
    way = (entry.identity_id, entry.account_id)
    # Whoever never wrote there was allowed to be written to when the words were: the window counts from then.
    why = against(tx, *way, carries, has_template=has_template, unheard=entry.at)
    state = WayState.OPEN if why is Why.NOTHING else WayState.CLOSED
    Way(
        identity=contacts.identity(tx, entry.identity_id),
        account_id=entry.account_id,
        channel=entry.channel or "",
        account_name="",
        state=state,
        why=why,
    ).must_be_open(has_template=has_template)


def is_open(tx: Tx, identity_id: int, account_id: int, carries: Capabilities) -> bool:
    """Whether a machine may write freely by a way now."""
    return against(tx, identity_id, account_id, carries) is Why.NOTHING
