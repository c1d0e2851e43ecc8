"""Contacts with their identities, and colleagues."""

from __future__ import annotations

from crm_core.words.clock import Moment
from crm_core.words.values.marks import Activity, ContactKind, Role, Value


class IdentityValue(Value, frozen=True, kw_only=True):
    id: int
    scheme: str
    value: str
    display: str
    name: str = ""
    contact_id: int | None = None
    verified: bool = False
    is_primary: bool = False
    is_shared: bool = False
    """Several people use it (a reception, `info@`): it never says who somebody is."""
    label: str = ""
    last_seen: Moment | None = None
    facts: dict[str, str] = {}
    """What the channel knows of them: the page they are on, their browser, language."""


class ContactValue(Value, frozen=True, kw_only=True):
    id: int
    kind: ContactKind
    name: str
    company: str = ""
    title: str = ""
    language: str = ""
    timezone: str = ""
    owner_id: int | None = None
    note: str = ""
    tags: list[str] = []
    fields: dict[str, str] = {}
    identities: list[IdentityValue] = []
    """Of those that were merged into this one, too."""
    root_id: int | None = None
    """The contact it was merged into; none while it stands for itself."""
    created_at: Moment
    version: int = 1


class AgentValue(Value, frozen=True, kw_only=True):
    """A colleague as everybody may see them."""

    id: int
    name: str
    role: Role
    activity: Activity
    reason: str = ""
    activity_since: Moment
    missed_offer: bool = False
    """They let an offer run out and have to say that they are back."""
    present: bool = False
    queues: list[int] = []
    skills: dict[str, int] = {}
    units_used: int = 0
    units_total: int = 100
    idle_since: Moment = 0
    """Since when nothing was given to them or taken from them; the longest idle is offered first."""
    wrap_up_until: Moment | None = None
    call_device: str = "browser"
    """How calls reach them: browser, phone (their own telephone, `call_number`), or off."""
    call_number: str = ""
    language: str = "en"
    disabled: bool = False
    version: int = 1
