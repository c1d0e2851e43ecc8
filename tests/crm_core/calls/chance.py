"""Anything that may happen to a call, drawn by chance: likely and unlikely, of legs that there are and of none."""

from __future__ import annotations

from random import Random

from crm_core.calls.rules.call import Call, CallPlan, MenuChoice, living
from crm_core.calls.rules.signals import (
    AcceptedBy,
    AgentGone,
    Begun,
    Cleared,
    ConsultAccepted,
    Held,
    HungUp,
    InvitationAnswered,
    Joined,
    Muted,
    NobodyThere,
    OfferedTo,
    OfferOver,
    Placed,
    PositionKnown,
    RecordingWished,
    Rejoined,
    Signal,
    TakenOver,
    ThreeWay,
    TimePassed,
    TransferCancelled,
    TransferDone,
    TransferWished,
    Troubled,
    WrappedUp,
)
from crm_core.words.calls import (
    CostTold,
    DigitPressed,
    LegAnswered,
    LegEnded,
    LegLost,
    LegRinging,
    PromptPlayed,
    QualityMeasured,
    RecordingFailed,
    RecordingStarted,
    RecordingStored,
)
from crm_core.words.values import WaitingStep
from crm_core.words.values.calls import CallState, EndedBy, LegMode, LegRole, LegState, PromptValue
from tests.crm_core.calls.telling import ADA, BOB, CLEO, REPAIRS, SALES, SUE, said

PEOPLE = [ADA, BOB, CLEO, SUE]
REASONS = ["hung_up", "no_answer", "busy", "declined", "failed", "lost"]
ENDS = ["voicemail", "callback", "hang_up", "number"]
MENU = [
    MenuChoice(digit="1"),
    MenuChoice(digit="2", then="voicemail"),
    MenuChoice(digit="3", then="callback"),
    MenuChoice(digit="4", then="number", number="+48222"),
    MenuChoice(digit="5", then="hang_up"),
    MenuChoice(digit="6", queue_id=REPAIRS),
]


def any_plan(chance: Random) -> CallPlan:
    """How a call may be answered."""

    def maybe(code: str) -> PromptValue | None:
        return chance.choice([None, said(code)])

    return CallPlan(
        opening=[said("greeting"), said("recording")][: chance.randint(0, 2)],
        menu=chance.choice([[], MENU]),
        menu_prompt=maybe("menu"),
        then=chance.choice(["queue"] * 8 + ENDS),
        queue_id=chance.choice([SALES, SALES, SALES, None]),
        record=chance.random() < 0.5,
        may_record=chance.random() < 0.8,
        recording_prompt=maybe("recording"),
        takes_voicemail=chance.random() < 0.5,
        voicemail_prompt=maybe("voicemail"),
        goodbye=maybe("goodbye"),
        callback_prompt=maybe("callback"),
        wait_prompt=maybe("wait"),
        listening_prompt=maybe("listening"),
        offers_callback=chance.random() < 0.5,
        may_call_back=chance.random() < 0.8,
        steps=[_any_step(chance) for _ in range(chance.randint(0, 3))],
        no_agents=chance.choice(["queue", *ENDS]),
        wrap_up=chance.choice([0, 30_000]),
    )


def _any_step(chance: Random) -> WaitingStep:
    return WaitingStep(
        after=chance.choice([0, 1_000, 60_000]),
        then=chance.choice([*ENDS, "queue", "priority", "widen"]),
        queue_id=chance.choice([None, SALES, REPAIRS]),
        number=chance.choice(["", "+48111"]),
    )


def any_signal(chance: Random, call: Call, new_id: int) -> Signal:
    """What happens next: what a call would like to hear, what people do, what a provider says."""
    kinds = [_what_is_waited_for, _by_agents, _by_agents, _of_transfers, _of_transfers, _by_provider, _in_line, _rarely]
    return chance.choice(kinds)(chance, call, new_id)


def _leg_id(chance: Random, call: Call, new_id: int) -> int:
    """A new one; now and then one that is there already, as in a signal that is told again."""
    return new_id if chance.random() < 0.9 or not call.legs else chance.choice(call.legs).id


def _somebody(chance: Random, call: Call) -> int:
    inside = [leg.agent_id for leg in living(call) if leg.agent_id is not None]
    return chance.choice(inside) if inside and chance.random() < 0.8 else chance.choice(PEOPLE)


def _what_is_waited_for(chance: Random, call: Call, new_id: int) -> Signal:
    called = [leg for leg in living(call) if leg.state is not LegState.CONNECTED]
    if called:
        leg = chance.choice(called)
        if leg.state is LegState.INVITED and leg.agent_id is not None:
            return InvitationAnswered(agent_id=leg.agent_id, yes=chance.random() < 0.8, device="tab")
        return LegAnswered(leg_id=leg.id, external_id=chance.choice(["", "X"]))
    if call.state is CallState.GREETING and call.prompt is not None:
        return DigitPressed(digit="1") if call.prompt.digits else PromptPlayed(seq=call.prompt.seq)
    if call.state in (CallState.QUEUED, CallState.OFFERED):
        return AcceptedBy(agent_id=chance.choice(PEOPLE), leg_id=new_id, device="tab")
    return Begun()


def _in_line(chance: Random, call: Call, new_id: int) -> Signal:
    who, leg_id = chance.choice(PEOPLE), _leg_id(chance, call, new_id)
    return chance.choice(
        [
            Begun(),
            Placed(agent_id=who, leg_id=leg_id, device="tab"),
            OfferedTo(agent_id=who),
            OfferOver(),
            AcceptedBy(agent_id=who, leg_id=leg_id, device=chance.choice(["tab", "phone"])),
            NobodyThere(),
            PositionKnown(position=chance.randint(1, 9), estimate=9_000, prompt_text=chance.choice(["", "You are"])),
            DigitPressed(digit=chance.choice("123456*#")),
            PromptPlayed(seq=chance.choice([0, call.prompt_seq, call.prompt.seq if call.prompt else 1])),
        ]
    )


def _by_agents(chance: Random, call: Call, new_id: int) -> Signal:
    who, leg_id, on = _somebody(chance, call), _leg_id(chance, call, new_id), chance.random() < 0.5
    return chance.choice(
        [
            Rejoined(agent_id=who, leg_id=leg_id, device="tab"),
            Held(agent_id=who, on=on),
            Muted(agent_id=who, on=on),
            RecordingWished(agent_id=who, on=on),
            Joined(agent_id=who, leg_id=leg_id, mode=chance.choice(list(LegMode)), device="tab", announce=on),
            Joined(agent_id=SUE, leg_id=leg_id, mode=LegMode.WHISPER, device="tab", announce=on),
            TakenOver(agent_id=who, leg_id=leg_id, device="tab", announce=on),
            TakenOver(agent_id=SUE, leg_id=leg_id, device="tab"),
            HungUp(agent_id=who, leave=on),
            AgentGone(agent_id=who, locked_out=on),
            Troubled(reason=chance.choice(["", "refused"])),
            WrappedUp(
                agent_id=who, done=on, more=chance.choice([0, 60_000]), disposition=chance.choice([None, "sold"])
            ),
        ]
    )


def _of_transfers(chance: Random, call: Call, new_id: int) -> Signal:
    last = call.transfers[-1] if call.transfers else None
    if last is not None and not last.result and chance.random() < 0.8:
        if last.to_queue_id is not None and last.leg_id is None:
            return ConsultAccepted(agent_id=chance.choice(PEOPLE), leg_id=_leg_id(chance, call, new_id), device="tab")
        if any(leg.id == last.leg_id and leg.state is LegState.CONNECTED for leg in call.legs):
            return chance.choice([ThreeWay, ThreeWay, TransferDone, TransferCancelled])(agent_id=last.by_agent_id)
        return _what_is_waited_for(chance, call, new_id)
    to_agent, to_queue, to_number = chance.choice(
        [*((one, None, "") for one in PEOPLE), (None, REPAIRS, ""), (None, SALES, ""), (None, None, "+48333")]
    )
    return TransferWished(
        agent_id=_somebody(chance, call), leg_id=_leg_id(chance, call, new_id), attended=chance.random() < 0.7,
        to_agent_id=to_agent, to_queue_id=to_queue, to_number=to_number,
    )  # fmt: skip


def _by_provider(chance: Random, call: Call, new_id: int) -> Signal:
    ids = [leg.id for leg in call.legs if leg.role is not LegRole.CUSTOMER] or [999]
    leg_id = chance.choice([*ids, *ids, 999])
    reason, by = chance.choice(REASONS), chance.choice([None, *EndedBy])
    name = chance.choice(["", "RE1", "RE2", "RE3"])
    return chance.choice(
        [
            LegAnswered(leg_id=chance.choice([None, leg_id])),
            LegRinging(leg_id=leg_id, external_id="X"),
            LegLost(leg_id=leg_id),
            LegLost(leg_id=chance.choice([None, leg_id])),
            LegEnded(leg_id=leg_id, reason=reason, by=by, detail=chance.choice(["", "SIP 500"])),
            LegEnded(leg_id=leg_id, reason=reason, by=by),
            RecordingStarted(external_id=name),
            RecordingStored(
                external_id=name, file_id=5, duration=chance.randint(0, 9_000), voicemail=chance.random() < 0.3
            ),
            RecordingFailed(external_id=name),
            QualityMeasured(leg_id=leg_id, quality=chance.choice(["good", "poor", "?"])),
            CostTold(cost="0.01 USD"),
        ]
    )


def _rarely(chance: Random, call: Call, new_id: int) -> Signal:
    if chance.random() < 0.7:
        return TimePassed()
    contact = [leg.id for leg in call.legs if leg.role is LegRole.CUSTOMER]
    return chance.choice(
        [
            Cleared(),
            Cleared(reason="ended", by=EndedBy.SUPERVISOR),
            LegEnded(reason=chance.choice(REASONS)),
            LegEnded(leg_id=contact[0] if contact else None, by=EndedBy.CONTACT),
        ]
    )
