"""A call as the rules know it: what is shown of it, and the plan by which it is answered."""

from __future__ import annotations

from typing import Final

import msgspec

from crm_core.words.values import Value, WaitingStep
from crm_core.words.values.calls import (
    CallState,
    CallValue,
    LegMode,
    LegRole,
    LegState,
    LegValue,
    PromptValue,
)

SECOND: Final = 1_000
NEVER: Final = 2**53 - 1

QUEUE, VOICEMAIL, CALLBACK, HANG_UP, NUMBER, PRIORITY, WIDEN = (
    "queue", "voicemail", "callback", "hang_up", "number", "priority", "widen",
)  # fmt: skip
"""What a menu's key, the hours or a step of waiting lead to."""
REPLACED: Final = "replaced"
"""Why a leg ended whose agent came back on another one."""
RECORDING, LISTENING = "recording", "listening"
"""Codes of what a contact is told while they speak with somebody."""


class MenuChoice(Value, frozen=True, kw_only=True):
    """What a key of the menu does: `then` is queue, voicemail, callback, number or hang_up."""

    digit: str
    label: str = ""
    then: str = QUEUE
    queue_id: int | None = None
    number: str = ""


class CallPlan(Value, frozen=True, kw_only=True):
    """How one call is answered: taken from the account's and the queue's settings when it comes, and kept."""

    language: str = "en"
    opening: list[PromptValue] = []
    """Said before anything else, in order."""
    menu: list[MenuChoice] = []
    menu_prompt: PromptValue | None = None
    menu_rounds: int = 2
    then: str = QUEUE
    """Where the call goes after the opening, and when the menu was not understood."""
    queue_id: int | None = None
    record: bool = False
    """Recorded from the first words on, without anybody asking for it."""
    may_record: bool = True
    """False where who is recorded shall be told so, and the line has no words for it."""
    recording_prompt: PromptValue | None = None
    """Said to the contact before anything is recorded, unless they have heard it in this call; none: nobody is told."""
    takes_voicemail: bool = True
    voicemail_prompt: PromptValue | None = None
    most_voicemail: int = 120_000
    goodbye: PromptValue | None = None
    offers_callback: bool = False
    """`*` in line: the caller is called back and keeps the place."""
    may_call_back: bool = True
    """Whether the line may call the caller's number at all."""
    dials_numbers: bool = True
    """Whether an agent's own telephone can be in the call: the line calls numbers."""
    callback_prompt: PromptValue | None = None
    wait_prompt: PromptValue | None = None
    """Said when the agent's side was lost, and while a device is called."""
    listening_prompt: PromptValue | None = None
    """Said to the contact when a supervisor joins, if they are told."""
    steps: list[WaitingStep] = []
    no_agents: str = VOICEMAIL
    """What happens when nobody of the queue is at work: queue (wait all the same), voicemail, callback, hang_up."""
    wrap_up: int = 30_000
    wrap_up_mode: str = "timeout"
    disposition: str = ""
    """What a forced wrap-up ends with, where its agent said nothing."""
    music_file_id: int | None = None
    connect: int = 20_000
    """How long an agent's device may take to answer."""
    lost: int = 30_000
    """How long an agent's device may be gone before somebody else is asked."""
    ring: int = 60_000
    """How long a number that is called may ring."""


class Announcement(Value, frozen=True, kw_only=True):
    """Something that the contact is still to be told while they speak with somebody.

    `recording`: they are recorded from then on, by the wish of `agent_id`, if anybody's. `listening`: the supervisor
    `agent_id` is there.
    """

    code: str
    agent_id: int | None = None


class Call(CallValue, frozen=True, kw_only=True):
    """A call with all that the rules need to move it on."""

    plan: CallPlan = CallPlan()
    prompts: list[PromptValue] = []
    """Still to be said, after the one that plays."""
    after_prompts: str = ""
    """What comes when everything was said."""
    prompt_seq: int = 0
    menu_round: int = 0
    steps_done: int = 0
    joined_at: int = 0
    """When the call joined the queue it is in; 0: it never was in one."""
    moved_queues: int = 0
    """How often a step of waiting sent it to another queue."""
    prompt_at: int = 0
    """Since when the prompt that plays does."""
    number_then: str = ""
    """A number outside that the caller is put through to, by a menu or a step."""
    notices: list[Announcement] = []
    """Still to be said, one after the other, once the contact speaks with somebody and nothing else is said."""
    knows_recording: bool = False
    """The contact was told in this call that they are recorded."""
    known_listeners: list[int] = []
    """Supervisors in the call of whom the contact was told, or is about to be."""
    sought: int = 0
    """Until when a recording that is awaited may arrive; 0: none is."""


_SHOWN: Final = CallValue.__struct_fields__


def shown(call: Call) -> CallValue:
    """What consoles see of a call."""
    return CallValue(**{name: getattr(call, name) for name in _SHOWN})


def stored(call: Call) -> dict[str, object]:
    """The whole call as JSON-able data."""
    data: dict[str, object] = msgspec.to_builtins(call)
    return data


def restored(data: object) -> Call:
    """The call back from what was stored. Raises msgspec.ValidationError for anything else."""
    return msgspec.convert(data, Call)


def is_over(call: CallValue) -> bool:
    """Whether the contact's side is over: nothing at the provider is ours any more."""
    return call.state in (CallState.WRAP_UP, CallState.ENDED)


def living(call: CallValue) -> list[LegValue]:
    """Legs that are not over."""
    return [leg for leg in call.legs if leg.state is not LegState.ENDED]


def leg(call: CallValue, leg_id: int | None) -> LegValue | None:
    """A leg by its id; the contact's newest one for none. None when there is no such leg."""
    if leg_id is None:
        return next((leg for leg in reversed(call.legs) if leg.role is LegRole.CUSTOMER), None)
    return next((leg for leg in call.legs if leg.id == leg_id), None)


def leg_of(call: CallValue, agent_id: int, *roles: LegRole) -> LegValue | None:
    """The living leg of an agent."""
    wanted = roles or (LegRole.AGENT, LegRole.SUPERVISOR)
    return next((leg for leg in living(call) if leg.agent_id == agent_id and leg.role in wanted), None)


def on_the_phone(call: CallValue) -> frozenset[int]:
    """Agents whose device is in the call, or on its way into it: to speak, to advise or to listen."""
    legs = () if is_over(call) else living(call)
    return frozenset(leg.agent_id for leg in legs if leg.agent_id is not None and leg.state is not LegState.INVITED)


def may_be_written_by(call: CallValue, agent_id: int) -> bool:
    """Whether an agent may say what came of a call: who has it, and who spoke in it, also who handed it on.

    The console asks the same of the same value (`mayWriteDown` in `phone/states.ts`).
    """
    spoke = [leg for leg in call.legs if leg.role is LegRole.AGENT and leg.mode is LegMode.TALK]
    mine = [leg for leg in spoke if leg.agent_id == agent_id and leg.connected_at is not None]
    return call.agent_id == agent_id or bool(mine)


def has_spoken(call: CallValue, leg: LegValue) -> bool:
    """Whether somebody was connected on this leg, or on those that it took the place of after a refresh."""
    if leg.connected_at is not None:
        return True
    known = [one for one in call.legs if one.agent_id == leg.agent_id and one.role is leg.role and one.id != leg.id]
    for one in reversed(known):
        if leg.agent_id is None or one.reason != REPLACED:
            return False
        if one.connected_at is not None:
            return True
    return False
