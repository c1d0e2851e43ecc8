"""A call as it shall be at its provider, from where it stands. The same call always gives the same scene."""

from __future__ import annotations

from crm_core.calls.rules.call import Call, is_over, living
from crm_core.words.calls import Hears, Scene, SceneLeg
from crm_core.words.values.calls import CallState, KeptState, LegMode, LegRole, LegState, LegValue
from crm_core.words.values.marks import Direction


def scene(call: Call) -> Scene:
    """What the provider shall bring about. Legs that are asked on a console or lost are in no scene."""
    over = is_over(call)
    running = [one for one in call.recordings if one.state is KeptState.RUNNING]
    return Scene(
        call_id=call.id,
        version=call.version,
        direction=call.direction,
        external_id=call.external_id,
        line=call.line,
        legs=() if over else tuple(_leg(call, leg) for leg in living(call) if _is_called(leg)),
        prompt=call.prompt,
        music_file_id=call.plan.music_file_id,
        recording=call.recording,
        recording_id=running[-1].external_id if running else "",
        owes_recording=any(
            one.state in (KeptState.RUNNING, KeptState.AWAITED) and not one.external_id for one in call.recordings
        ),
        most_voicemail=call.plan.most_voicemail,
        over=over,
        reason=call.reason,
    )


def _is_called(leg: LegValue) -> bool:
    return leg.state not in (LegState.INVITED, LegState.LOST)


def _leg(call: Call, leg: LegValue) -> SceneLeg:
    is_contact = leg.role is LegRole.CUSTOMER
    return SceneLeg(
        id=leg.id,
        role=leg.role,
        hears=_contact_hears(call) if is_contact else Hears.ROOM,
        mode=leg.mode,
        agent_id=leg.agent_id,
        device=leg.device,
        address=leg.address,
        external_id=leg.external_id or (call.external_id if is_contact else ""),
        connected=leg.state is LegState.CONNECTED,
        muted=leg.muted or leg.mode is LegMode.MONITOR,
        until=leg.until,
        away_since=leg.away_since,
    )


def _contact_hears(call: Call) -> Hears:
    if call.state is CallState.VOICEMAIL:
        return Hears.RECORDER
    if call.direction is Direction.OUT and call.answered_at is None:
        return Hears.ROOM
    if call.prompt is not None:
        # In a conversation too: a contact who is told that somebody listens is told it before they go on.
        return Hears.PROMPT
    if call.state is CallState.TALKING and _somebody_is_there(call):
        return Hears.ROOM
    return Hears.MUSIC


def _somebody_is_there(call: Call) -> bool:
    return any(
        leg.role is not LegRole.CUSTOMER and leg.mode is LegMode.TALK and leg.state is LegState.CONNECTED
        for leg in call.legs
    )
