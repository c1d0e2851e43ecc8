"""After a lost connection or a restart: what happened meanwhile, by comparing what stands with what we knew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from channels.asterisk.names import Kind, name, read
from channels.asterisk.parse import Source, arrived, moment
from channels.asterisk.render import OWN_TELEPHONE
from channels.asterisk.standing import Stand
from channels.contract import CallReported, ChannelEvent
from crm_core.words.calls import LegAnswered, LegEnded, LegLost, Scene, SceneLeg
from crm_core.words.clock import Moment
from crm_core.words.content import ExternalId
from crm_core.words.values.calls import EndedBy, LegRole
from crm_core.words.values.marks import Direction


def missed(scenes: Sequence[Scene], stand: Stand, source: Source, *, now: Moment) -> list[ChannelEvent]:
    """Calls that came, and legs that were answered or are gone, as events; their keys are those of the real ones."""
    return [*_came(stand, source, now), *(event for scene in scenes for event in _of_call(scene, stand, source, now))]


def strays(scenes: Sequence[Scene], stand: Stand, app: str) -> set[int]:
    """Calls of which something of ours stands there and that nobody knows any more."""
    ours = [read(app, thing) for thing in (*stand.channels, *stand.bridges)]
    known = {scene.call_id for scene in scenes}
    return {one.call_id for one in ours if one is not None and one.call_id not in known}


def _came(stand: Stand, source: Source, now: Moment) -> Iterator[ChannelEvent]:
    for channel_id, channel in stand.channels.items():
        plan = channel.get("dialplan")
        words = str(plan.get("app_data") if isinstance(plan, Mapping) else "").split(",")
        is_ours = isinstance(plan, Mapping) and plan.get("app_name") == "Stasis" and words[0] == source.app
        if is_ours and read(source.app, channel_id) is None:
            yield from arrived(channel, words[1:], source, moment(channel.get("creationtime"), now))


def _of_call(scene: Scene, stand: Stand, source: Source, now: Moment) -> Iterator[ChannelEvent]:
    if scene.over:
        return
    for leg in scene.legs:
        channel = leg.external_id or name(source.app, Kind.LEG, scene.call_id, leg.id)
        there: Mapping[str, Any] | None = stand.channels.get(channel)
        called = bool(leg.connected or leg.external_id)
        if there is None and called:
            yield _gone(scene, leg, channel, now)
        elif there is not None and not leg.connected and there.get("state") == "Up":
            signal = LegAnswered(leg_id=leg.id, external_id=channel)
            yield CallReported(signal=signal, key=f"{channel}:answered", at=now, call_id=scene.call_id)


def _gone(scene: Scene, leg: SceneLeg, channel: str, now: Moment) -> CallReported:
    """Nobody knows who hung up. An agent whose softphone is gone may come back, so the contact keeps their place."""
    if leg.role is LegRole.CUSTOMER and _called_us(scene, leg):
        signal = LegEnded(by=EndedBy.NOBODY)
        return CallReported(signal=signal, key=f"{channel}:ended", at=now, call=ExternalId(channel))
    if leg.connected and leg.agent_id is not None and leg.device != OWN_TELEPHONE:
        away = LegLost(leg_id=leg.id)
        return CallReported(signal=away, key=f"{channel}:lost", at=now, call_id=scene.call_id)
    lost = leg.role is not LegRole.CUSTOMER
    signal = LegEnded(leg_id=leg.id, reason="failed" if lost else "hung_up", by=EndedBy.NOBODY)
    return CallReported(signal=signal, key=f"{channel}:ended", at=now, call_id=scene.call_id)


def _called_us(scene: Scene, leg: SceneLeg) -> bool:
    """Whether the contact called us, so that their channel is named by Asterisk."""
    return leg.external_id == scene.external_id and scene.direction is Direction.IN
