"""How a queue deals with calls, as an administrator gives it: checked before it is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

import msgspec

from crm_core.words.clock import HOUR
from crm_core.words.errors import Invalid
from crm_core.words.values import QueueVoice, WaitingStep

WRAP_UP_MODES: Final = ("none", "optional", "timeout", "mandatory", "forced")
NO_AGENTS: Final = ("queue", "voicemail", "callback", "hang_up")
STEPS: Final = ("queue", "priority", "widen", "voicemail", "callback", "number", "hang_up")
MOST_STEPS: Final = 20
LONGEST_STEP: Final = 4 * HOUR
_WHOLE: Final = {
    "offer_seconds": (5, 600),
    "wrap_up_seconds": (0, 3_600),
    "announce_seconds": (0, 3_600),
    "most_waiting": (0, 10_000),
}
_NUMBER: Final = re.compile(r"\+[0-9]{5,15}")


def checked(given: Mapping[str, Any]) -> QueueVoice:
    """The settings of calls; those that are not named are as in a new queue. Raises Invalid, in words."""
    unknown = sorted(given.keys() - set(QueueVoice.__struct_fields__))
    if unknown:
        raise Invalid(f"Calls have no setting {unknown[0][:60]!r}.")
    try:
        voice = msgspec.convert(dict(given), QueueVoice)
    except msgspec.ValidationError as error:
        raise Invalid(f"This is not right for calls: {error}.") from None
    for name, (least, most) in _WHOLE.items():
        if not least <= getattr(voice, name) <= most:
            raise Invalid("The value of {name} is {least} to {most}.", why="between", name=name, least=least, most=most)
    if voice.wrap_up_mode not in WRAP_UP_MODES:
        raise Invalid("There is no such way to wrap up.")
    if voice.wrap_up_mode == "forced" and not voice.disposition.strip():
        raise Invalid("A forced wrap-up needs a disposition to end with.", why="forced_wrap_up")
    if voice.no_agents not in NO_AGENTS:
        raise Invalid("There is no such answer for when nobody is at work.")
    _must_go_on(voice.steps)
    return voice


def _must_go_on(steps: list[WaitingStep]) -> None:
    if len(steps) > MOST_STEPS:
        raise Invalid("A queue has at most {n} steps of waiting.", why="steps_many", n=MOST_STEPS)
    for step in steps:
        if step.then not in STEPS:
            raise Invalid("There is no such step of waiting.")
        if not 0 <= step.after <= LONGEST_STEP:
            raise Invalid("A step of waiting comes within four hours.", why="step_late")
        if step.then == "queue" and step.queue_id is None:
            raise Invalid("A step of waiting that moves callers names a queue.", why="step_queue")
        if step.then == "number" and not _NUMBER.fullmatch(step.number):
            raise Invalid("A step of waiting that calls a number names it, such as +380441234567.", why="step_number")
    if any(later.after < earlier.after for earlier, later in pairwise(steps)):
        raise Invalid("Steps of waiting stand in the order in which they come.", why="step_order")
