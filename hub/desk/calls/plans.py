"""How one call is answered: the account's manner and the queue's settings, in the caller's language, at this moment."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from channels.contract import Calling
from crm_core.calls.rules.call import CallPlan, MenuChoice
from crm_core.store.transaction import Tx
from crm_core.words.clock import SECOND, Moment
from crm_core.words.dialling import DialRefused, may_call
from crm_core.words.values import PromptValue, QueueVoice
from crm_core.work import queues
from hub.desk.calls import spoken
from hub.desk.manners import CallManner, Manner, Spoken, is_open, said_in


def plan(
    manner: Manner | None, queue_id: int | None, language: str, now: Moment, *, calling: Calling | None = None
) -> CallPlan:
    """The plan of a call that comes now to an account of this manner and queue.

    `calling` is what its line can do; none: everything.
    """
    manner = manner or Manner()
    calls = manner.calls
    language = language or manner.language
    opened = is_open(manner, now)
    return CallPlan(
        language=language,
        opening=_opening(manner, language, opened=opened),
        menu=_menu(calls) if opened else [],
        menu_prompt=_worded(manner, "menu_prompt", "menu", language) if calls.menu else None,
        then="queue" if opened else calls.closed_then,
        queue_id=queue_id,
        record=calls.record,
        may_record=not calls.recording_notice or calling is None or calling.says(spoken.RECORDING),
        recording_prompt=_own(spoken.RECORDING, "", language) if calls.recording_notice else None,
        takes_voicemail=calls.voicemail,
        voicemail_prompt=_worded(manner, "voicemail_greeting", spoken.VOICEMAIL, language)
        or _own(spoken.VOICEMAIL, "", language),
        most_voicemail=calls.most_voicemail_seconds * SECOND,
        goodbye=_own(spoken.GOODBYE, "", language),
        callback_prompt=_own(spoken.CALLBACK, "", language),
        wait_prompt=_own(spoken.WAIT, "", language),
        listening_prompt=_own(spoken.LISTENING, "", language),
        dials_numbers=calling is None or calling.dials_numbers,
    )


def may_call_back(calling: Calling | None, number: str) -> bool:
    """Whether a line may call this number; none: nobody knows better. An empty number is another rule's."""
    if calling is None or not number:
        return True
    if calling.dial_plan is None or not calling.dials_numbers:
        return calling.dials_numbers
    try:
        return bool(may_call(number, calling.dial_plan))
    except DialRefused:
        return False


def of_queue(tx: Tx, known: CallPlan, queue_id: int) -> tuple[CallPlan, str]:
    """The plan with what a queue says of calls, and how agents of that queue wrap up."""
    voice = queues.voice_of(tx, queue_id)
    return with_voice(known, voice), voice.wrap_up_mode


def with_voice(known: CallPlan, voice: QueueVoice) -> CallPlan:
    """The plan with a queue's settings for calls."""
    return replace(
        known,
        wrap_up=voice.wrap_up_seconds * SECOND,
        wrap_up_mode=voice.wrap_up_mode,
        disposition=voice.disposition,
        offers_callback=voice.callback,
        no_agents=voice.no_agents,
        steps=voice.steps,
        music_file_id=voice.music_file_id,
    )


def _opening(manner: Manner, language: str, *, opened: bool) -> list[PromptValue]:
    calls = manner.calls
    if not opened:
        return [p for p in [_worded(manner, "closed", "closed", language)] if p]
    greeting = _worded(manner, "greeting", "greeting", language)
    notice = _own(spoken.RECORDING, "", language) if calls.record and calls.recording_notice else None
    return [p for p in (greeting, notice) if p is not None]


def _menu(calls: CallManner) -> list[MenuChoice]:
    return [
        MenuChoice(digit=k.digit, label=k.label, then=k.then, queue_id=k.queue_id, number=k.number) for k in calls.menu
    ]


def _worded(manner: Manner, name: Spoken, code: str, language: str) -> PromptValue | None:
    """What an administrator worded, with the recording of just these words, if there is one; none for no words."""
    texts: Mapping[str, str] = getattr(manner.calls, name)
    chosen = said_in(texts, language, manner.language)
    if not chosen:
        return None
    file_id = manner.calls.recorded.get(name, {}).get(chosen)
    return PromptValue(seq=0, code=code, text=texts[chosen].strip(), language=language, file_id=file_id)


def _own(code: str, text: str, language: str) -> PromptValue:
    return PromptValue(seq=0, code=code, text=text or spoken.words(code, language), language=language)
