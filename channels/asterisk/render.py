"""What we ask of Asterisk: sounds of prompts, whom to call and how, and the endpoints of softphones."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from channels.asterisk.names import softphone_name
from channels.asterisk.settings import AsteriskSettings
from crm_core.words.calls import Hears, Scene, SceneLeg
from crm_core.words.clock import Moment
from crm_core.words.dialling import DialPlan, DialRefused, may_call, may_ring
from crm_core.words.text import one_line
from crm_core.words.values.calls import LegMode, LegRole, PromptValue

OWN_TELEPHONE: Final = "phone"
"""`SceneLeg.device` of an agent whose own telephone is rung."""
LISTENING: Final = (LegMode.MONITOR, LegMode.WHISPER)
_NUMBER: Final = re.compile(r"\+[0-9]{2,19}")
_KEY_PAUSE: Final = "sound:silence/5"
"""Played after a prompt that asks for a key: so long the contact may think."""
_NOTHING: Final = "sound:silence/1"
_OWN_SOUNDS: Final[Mapping[str, str]] = {
    "closed": "sound:vm-nobodyavail",
    "voicemail": "sound:vm-intro",
    "goodbye": "sound:vm-goodbye",
    "wait": "sound:pls-hold-while-try",
}
"""Of Asterisk's core sounds, for prompts that have none of their own."""

_SAID: Final = ("greeting", "menu", "recording", "callback", "listening")
"""Prompts for which Asterisk brings no sound."""


def prompt_media(prompt: PromptValue, settings: AsteriskSettings, file: str) -> list[str]:
    """What is played for a prompt, in order: the file at this address, else the account's sounds, else Asterisk's own.

    Without any of these it is a second of silence. `file` is empty for none.
    """
    media = [f"sound:{file}"] if file else account_sounds(prompt, settings) or _own_sounds(prompt) or [_NOTHING]
    return [*media, _KEY_PAUSE] if prompt.digits else media


def is_silent(media: Sequence[str]) -> bool:
    """Whether nobody would hear it."""
    return media[0] == _NOTHING


def account_sounds(prompt: PromptValue, settings: AsteriskSettings) -> list[str]:
    """The sounds that the account has for a prompt, in its language or in any."""
    chosen = settings.sounds.get(f"{prompt.code}.{prompt.language}") or settings.sounds.get(prompt.code, "")
    minutes = -(-(prompt.wait or 0) // 60_000)
    return [
        word.replace("{position}", str(prompt.position or 1)).replace("{minutes}", str(max(1, minutes)))
        for word in chosen.split()
    ]  # fmt: skip


def _own_sounds(prompt: PromptValue) -> list[str]:
    return _position(prompt) if prompt.code == "position" else _OWN_SOUNDS.get(prompt.code, "").split()


def sounds_of(settings: AsteriskSettings) -> frozenset[str]:
    """Codes of prompts that are heard whatever the language is."""
    return frozenset({*_OWN_SOUNDS, "position", *(code for code in settings.sounds if "." not in code)})


def silent(settings: AsteriskSettings) -> list[str]:
    """Codes of prompts that are a second of silence, unless the console has a file for them."""
    return [code for code in _SAID if code not in sounds_of(settings)]


def _position(prompt: PromptValue) -> list[str]:
    if prompt.position is None:
        return []
    if prompt.position <= 1:
        said = ["sound:queue-youarenext"]
    else:
        said = ["sound:queue-thereare", f"number:{prompt.position - 1}", "sound:queue-callswaiting"]
    if prompt.wait:
        said += ["sound:queue-holdtime", f"number:{max(1, -(-prompt.wait // 60_000))}", "sound:queue-minutes"]
    return said


def is_softphone(leg: SceneLeg) -> bool:
    """Whether a leg is an agent's tab."""
    return leg.agent_id is not None and leg.device not in ("", OWN_TELEPHONE)


def endpoint_of(leg: SceneLeg, settings: AsteriskSettings, plan: DialPlan) -> str | None:
    """What Asterisk calls for a leg; none when the address is nothing that the dial plan lets through.

    `&`, `/` and their like would call something else besides, so only plain numbers pass.
    """
    if is_softphone(leg):
        assert leg.agent_id is not None
        return f"PJSIP/{softphone_name(settings.app, leg.agent_id, leg.device)}"
    is_inside = leg.role in (LegRole.AGENT, LegRole.SUPERVISOR)
    try:
        number = may_ring(leg.address, plan) if is_inside else may_call(leg.address, plan)
    except DialRefused:
        return None
    pattern = settings.trunk if number.startswith("+") else settings.extensions
    return pattern.replace("{number}", number).replace("{digits}", number.removeprefix("+"))


def originate(
    scene: Scene, leg: SceneLeg, settings: AsteriskSettings, *, caller: Mapping[str, Any], now: Moment
) -> tuple[dict[str, str | int], dict[str, Any]]:
    """Parameters and body of calling a leg, but its endpoint. `caller` is the contact's, as Asterisk knows it."""
    seconds = 30 if leg.until is None else max(1, (leg.until - now) // 1000)
    inside = leg.role in (LegRole.AGENT, LegRole.SUPERVISOR)
    line = scene.line or settings.caller_id
    who = (
        caller_id(str(caller.get("name") or ""), str(caller.get("number") or ""))
        if inside and caller.get("number")
        else caller_id("", line if _NUMBER.fullmatch(line) else settings.caller_id)
    )
    params: dict[str, str | int] = {"app": settings.app, "appArgs": "leg", "timeout": seconds}
    if who:
        params["callerId"] = who
    variables = {"CHANNEL(musicclass)": settings.music_class}
    if inside and leg.device != OWN_TELEPHONE:
        # The tab knows by these which call it is, and answers by itself: its person said yes already.
        variables |= {
            "PJSIP_HEADER(add,X-Switchboard-Call)": str(scene.call_id),
            "PJSIP_HEADER(add,X-Switchboard-Leg)": str(leg.id),
            "PJSIP_HEADER(add,Alert-Info)": "<http://switchboard.invalid>;info=alert-autoanswer;delay=0",
        }
    return params, {"variables": variables}


def caller_id(name: str, number: str) -> str:
    """`"name" <number>` without what could end it early. Empty when there is nothing to show."""
    plain = "".join(c for c in one_line(name, most=60) if c not in '"<>\\&;')
    digits = "".join(c for c in number if c in "+0123456789*#")[:20]
    if not digits:
        return ""
    return f'"{plain}" <{digits}>' if plain else f"<{digits}>"


def hang_up_reason(scene: Scene) -> str:
    """How a caller who was never answered is told that it is over."""
    return {"busy": "busy", "rejected": "rejected", "declined": "rejected"}.get(scene.reason, "normal")


def in_room(leg: SceneLeg) -> bool:
    """Whether a leg speaks or listens in the call's room itself."""
    return leg.connected and leg.hears is Hears.ROOM and leg.mode not in LISTENING


def rings_aloud(scene: Scene) -> bool:
    """Whether whoever waits alone in the room hears the ringing of somebody who is being called."""
    called = [leg for leg in scene.legs if not leg.connected and leg.mode in (LegMode.TALK, LegMode.CONSULT)]
    return bool(called) and sum(in_room(leg) for leg in scene.legs) == 1


def softphone(name: str, password: str, settings: AsteriskSettings) -> list[tuple[str, dict[str, str]]]:
    """The objects of one softphone, in the order in which they are made (Asterisk's res_pjsip, `webrtc=yes`)."""
    return [
        ("auth", {"auth_type": "userpass", "username": name, "password": password}),
        ("aor", {"max_contacts": "1", "remove_existing": "yes", "default_expiration": "120"}),
        (
            "endpoint",
            {
                "aors": name,
                "auth": name,
                "context": settings.context,
                "disallow": "all",
                "allow": "opus,alaw,ulaw",
                "webrtc": "yes",
                "dtls_auto_generate_cert": "yes",
                "direct_media": "no",
                "allow_subscribe": "no",
                "allow_transfer": "no",
                "rtp_timeout": "30",
                "rtp_timeout_hold": "300",
                "moh_suggest": settings.music_class,
            },
        ),
    ]


def phone_facts(account_id: int, name: str, password: str, settings: AsteriskSettings) -> dict[str, Any]:
    """What a tab's softphone signs in with, as JSON."""
    turn = settings.turn_password.get_secret_value()
    ice: list[dict[str, Any]] = []
    for url in settings.ice_servers:
        secret = {"username": settings.turn_user, "credential": turn} if url.startswith("turn") else {}
        ice.append({"urls": [url], **secret})
    return {
        "ws": f"/phone/{account_id}",
        "uri": f"sip:{name}@{settings.sip_domain}",
        "user": name,
        "password": password,
        "domain": settings.sip_domain,
        "ice": ice,
    }
