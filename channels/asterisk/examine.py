"""Trying an Asterisk's settings out. Nothing is changed by it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from channels.asterisk.ari import Ari, is_stranger
from channels.asterisk.render import silent
from channels.asterisk.settings import AsteriskSettings
from channels.contract import (
    Account,
    AccountBroken,
    ChannelError,
    Finding,
    Forbidden,
    NoSuchHost,
    Problem,
    Refused,
    Speech,
    Tools,
    TryLater,
)

_MODULES: Final = (
    "res_stasis_snoop.so", "res_stasis_recording.so", "res_sorcery_memory.so", "res_srtp.so", "res_http_media_cache.so",
)  # fmt: skip


async def examine_asterisk(account: Account, tools: Tools) -> Sequence[Finding]:
    """Steps `server`, `password`, `modules`, `recordings`, `softphones`, `sounds`; one that ends all others is last."""
    settings = account.settings
    assert isinstance(settings, AsteriskSettings), "the registry hands each channel its own settings"
    ari = Ari(tools.http, tools.peers, settings, patience=8)
    parts = urlsplit(settings.ari_url)
    try:
        await tools.peers.addresses(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        told = (await ari.ask("GET", "/asterisk/info", tolerate=())).body
    except NoSuchHost:
        return [Finding(step="server", problem=Problem.NAME)]
    except Forbidden:
        return [Finding(step="server", problem=Problem.FORBIDDEN)]
    except AccountBroken:
        return [Finding(step="server"), Finding(step="password", problem=Problem.PASSWORD)]
    except TryLater as failure:
        return [_unreachable("server", failure)]
    except Refused:
        return [Finding(step="server", problem=Problem.PROTOCOL)]
    system = told.get("system") if isinstance(told, dict) else None
    if not isinstance(system, dict):
        return [Finding(step="server", problem=Problem.PROTOCOL)]
    version = f"Asterisk {str(system.get('version'))[:40]}"
    return [
        Finding(step="server", words=version),
        Finding(step="password"),
        *await _rest(ari),
        _sounds(settings, tools.speech),
    ]


async def _rest(ari: Ari) -> list[Finding]:
    findings = []
    missing = [name for name in _MODULES if not (await _there(ari, f"/asterisk/modules/{name}"))]
    findings.append(_all_there("modules", missing, "Not loaded: {names}", why="not_loaded"))
    recordings = await _there(ari, "/recordings/stored")
    findings.append(Finding(step="recordings", problem=None if recordings else Problem.MISSING))
    try:
        async with ari.softphone():
            findings.append(Finding(step="softphones"))
    except ChannelError as failure:
        findings.append(_unreachable("softphones", failure))
    return findings


def _unreachable(step: str, failure: ChannelError) -> Finding:
    if not is_stranger(failure):
        return Finding(step=step, problem=Problem.UNREACHABLE)
    words = "If it is signed by an authority of your own, paste that one's certificate into the settings."
    return Finding.told(step, Problem.TLS, words, why="own_authority")


def _sounds(settings: AsteriskSettings, speech: Speech) -> Finding:
    """Without a voice of the hub's nobody hears a prompt that has no sound, and nothing is recorded by itself."""
    missing = [] if speech.is_there else silent(settings)
    return _all_there("sounds", missing, "No sound: {names}", why="no_sound")


def _all_there(step: str, missing: Sequence[str], sentence: str, *, why: str) -> Finding:
    if not missing:
        return Finding(step=step)
    return Finding.told(step, Problem.MISSING, sentence, why=why, names=", ".join(missing))


async def _there(ari: Ari, path: str) -> bool:
    try:
        return (await ari.ask("GET", path, tolerate=(404, 409, 500))).done
    except ChannelError:
        return False
