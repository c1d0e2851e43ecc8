"""Before anybody answers: prompts, the menu, the line, voicemail, being called back."""

from __future__ import annotations

from msgspec.structs import replace

from crm_core.calls.rules import ending, notices
from crm_core.calls.rules.call import (
    CALLBACK,
    HANG_UP,
    NUMBER,
    PRIORITY,
    QUEUE,
    VOICEMAIL,
    WIDEN,
    Call,
    MenuChoice,
)
from crm_core.calls.rules.hand import IN_LINE, Hand
from crm_core.calls.rules.signals import CallbackWanted, LeftQueue, PositionKnown, Queued, WorkEased
from crm_core.words.values import WaitingStep
from crm_core.words.values.calls import CallOutcome, CallState, LegRole, LegState, PromptValue
from crm_core.words.values.marks import Direction

MENU = "menu"
GOODBYE = "goodbye"
MOST_MOVES = 5
"""How often steps of waiting send one call to another queue: two queues that overflow into each other end somewhere."""


def begin(hand: Hand) -> None:
    """A call came: its opening is said, then it goes where the plan sends it."""
    plan = hand.call.plan
    if hand.call.direction is not Direction.IN or hand.call.state is not CallState.RINGING:
        return
    then = MENU if plan.menu and plan.menu_prompt is not None and plan.then == QUEUE else plan.then
    if plan.opening:
        hand.move(CallState.GREETING)
        hand.say(*plan.opening, then=then)
    else:
        go(hand, then)


def played(hand: Hand, seq: int) -> None:
    """A prompt is over: the next one, or what comes after. Numbers of the past change nothing."""
    call = hand.call
    if call.prompt is None or call.prompt.seq != seq:
        return
    notices.heard(hand)
    if call.prompts:
        hand.say_next()
    elif call.state is not CallState.VOICEMAIL:
        # In a voicemail the recorder follows by itself: the prompt stays until a message is there.
        said(hand)


def said(hand: Hand) -> None:
    """All is said: what comes after."""
    then = hand.call.after_prompts
    hand.hush()
    if hand.call.state is CallState.GREETING:
        go(hand, then)


def pressed(hand: Hand, digit: str) -> None:
    """The caller pressed a key: in the menu it chooses, in line `*` asks to be called back."""
    call = hand.call
    in_menu = call.state is CallState.GREETING and call.after_prompts == MENU
    if in_menu and call.prompt is not None and call.prompt.digits:
        choice = next((c for c in call.plan.menu if c.digit == digit), None)
        hand.set(chosen=[*call.chosen, digit][-20:])
        if choice is None:
            _ask_again(hand)
        else:
            _choose(hand, choice)
    elif call.state in IN_LINE and digit == "*" and offers_callback(call):
        hand.set(chosen=[*call.chosen, digit][-20:])
        want_callback(hand)


def go(hand: Hand, then: str) -> None:
    """Go on with what the plan, the menu or a step names."""
    if then == MENU:
        _ask_again(hand)
    elif then == QUEUE:
        join(hand, hand.call.plan.queue_id)
    elif then == VOICEMAIL:
        voicemail(hand)
    elif then == CALLBACK:
        want_callback(hand)
    elif then == NUMBER:
        put_through(hand, hand.call.number_then)
    elif then == GOODBYE:
        ending.over(hand, "done")
    else:
        say_goodbye(hand, CallOutcome.MISSED)


def join(hand: Hand, queue_id: int | None, *, again: bool = False, preferred: int | None = None) -> None:
    """Get in line; the place is that of the first time, whatever happened since."""
    if queue_id is None:
        voicemail(hand)
        return
    at = hand.call.queued_at or hand.now
    same = again and hand.call.queue_id == queue_id and hand.call.joined_at != 0
    hand.set(queue_id=queue_id, queued_at=at, position=None)
    if not same:
        hand.set(joined_at=hand.now, steps_done=0)
    hand.move(CallState.QUEUED)
    hand.tell(Queued(queue_id=queue_id, at=at, again=again, preferred_agent_id=preferred))


def tell_position(hand: Hand, known: PositionKnown) -> None:
    """Say the place in line, unless something else is being said."""
    call = hand.call
    if call.state not in IN_LINE or call.prompt is not None:
        return
    hand.set(position=known.position, estimate=known.estimate)
    if known.prompt_text:
        digits = "*" if offers_callback(call) else ""
        choices = {"*": known.offer} if digits and known.offer else {}
        text = " ".join(part for part in (known.prompt_text, known.offer if digits else "") if part)
        prompt = PromptValue(
            seq=0, code="position", text=text, language=call.plan.language, digits=digits, choices=choices,
            position=known.position, wait=known.estimate,
        )  # fmt: skip
        hand.say(prompt)


def nobody(hand: Hand) -> None:
    """Nobody of the queue is at work."""
    if hand.call.state in IN_LINE and hand.call.plan.no_agents != QUEUE:
        _leave_for(hand, hand.call.plan.no_agents)


def waited(hand: Hand) -> None:
    """Take the steps of waiting that are due."""
    while hand.call.state in IN_LINE and (step := next_step(hand)) is not None:
        if hand.call.joined_at + step.after > hand.now:
            return
        hand.set(steps_done=hand.call.steps_done + 1)
        _take(hand, step)


def next_step(hand: Hand) -> WaitingStep | None:
    """The next step of waiting, due or not."""
    steps = hand.call.plan.steps
    return steps[hand.call.steps_done] if hand.call.steps_done < len(steps) else None


def voicemail(hand: Hand) -> None:
    """Let the caller leave a message; where that is not possible the call is over."""
    plan = hand.call.plan
    if not plan.takes_voicemail:
        say_goodbye(hand, CallOutcome.MISSED)
        return
    hand.stop_recording()
    hand.move(CallState.VOICEMAIL)
    prompt = plan.voicemail_prompt or PromptValue(seq=0, code="voicemail", language=plan.language)
    hand.say(prompt)


def offers_callback(call: Call) -> bool:
    """Whether the caller may ask to be called back: the queue offers it, and there is a number that may be called."""
    return call.plan.offers_callback and _can_be_called(call)


def want_callback(hand: Hand) -> None:
    """The place in line is kept for calling back, and the caller may go.

    Who has no number that may be called leaves a message.
    """
    call = hand.call
    queue_id = call.queue_id or call.plan.queue_id
    if queue_id is None or not _can_be_called(call):
        leave_line(hand)
        voicemail(hand)
        return
    hand.set(queue_id=queue_id, queued_at=call.queued_at or hand.now, joined_at=call.joined_at or hand.now)
    hand.move(CallState.GREETING)
    hand.tell(CallbackWanted())
    say_goodbye(hand, CallOutcome.CALLBACK)


def _can_be_called(call: Call) -> bool:
    return bool(call.number) and call.plan.may_call_back


def say_goodbye(hand: Hand, outcome: CallOutcome) -> None:
    """Last words, if the plan has any, and then the end. Hanging up meanwhile changes nothing of the outcome."""
    hand.decide(outcome)
    plan = hand.call.plan
    words = plan.callback_prompt if outcome is CallOutcome.CALLBACK else plan.goodbye
    if words is None:
        ending.over(hand, "done")
        return
    hand.move(CallState.GREETING)
    hand.say(words, then=GOODBYE)


def put_through(hand: Hand, number: str) -> None:
    """Put the caller through to a number outside."""
    if not number:
        voicemail(hand)
        return
    hand.hush()
    hand.add_leg(
        hand.spare_id, LegRole.THIRD, LegState.DIALLING, address=number,
        until=hand.now + hand.call.plan.ring,
    )  # fmt: skip
    hand.move(CallState.CONNECTING)


def leave_line(hand: Hand) -> None:
    """Out of line, whoever was being asked."""
    if hand.call.state in IN_LINE:
        hand.tell(LeftQueue())


def _choose(hand: Hand, choice: MenuChoice) -> None:
    hand.hush()
    if choice.then == QUEUE:
        join(hand, choice.queue_id or hand.call.plan.queue_id)
    elif choice.then == CALLBACK:
        hand.set(queue_id=choice.queue_id or hand.call.queue_id)
        want_callback(hand)
    elif choice.then == HANG_UP:
        say_goodbye(hand, CallOutcome.MISSED)
    else:
        hand.set(number_then=choice.number)
        go(hand, choice.then)


def _ask_again(hand: Hand) -> None:
    call = hand.call
    prompt = call.plan.menu_prompt
    if prompt is None or call.menu_round >= call.plan.menu_rounds:
        hand.hush()
        join(hand, call.plan.queue_id)
        return
    hand.set(menu_round=call.menu_round + 1)
    digits = "".join(c.digit for c in call.plan.menu)
    choices = {c.digit: c.label for c in call.plan.menu if c.label}
    hand.move(CallState.GREETING)
    hand.say(replace(prompt, digits=digits, choices=choices), then=MENU)


def _take(hand: Hand, step: WaitingStep) -> None:
    if step.then == QUEUE:
        _move_on(hand, step.queue_id)
    elif step.then == PRIORITY:
        hand.tell(WorkEased(priority=1))
    elif step.then == WIDEN:
        hand.tell(WorkEased(widen=True))
    else:
        hand.set(number_then=step.number)
        _leave_for(hand, step.then)


def _move_on(hand: Hand, queue_id: int | None) -> None:
    call = hand.call
    if queue_id is None or queue_id == call.queue_id or call.moved_queues >= MOST_MOVES:
        return
    hand.set(moved_queues=call.moved_queues + 1)
    join(hand, queue_id, again=True)


def _leave_for(hand: Hand, then: str) -> None:
    if then != CALLBACK:
        # Who is called back keeps the place.
        leave_line(hand)
    go(hand, then)
