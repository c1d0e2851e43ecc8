"""Tries a mailbox's settings out without changing anything: what works, and what is wrong, step by step.

No port scanner: a few ports, one time limit for all, and never a word of what the other side said.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence

from channels.contract import Account, Finding, Problem, Tools
from channels.email.connecting import Trouble
from channels.email.imap import imap_connection
from channels.email.listener import is_open_here
from channels.email.patience import PATIENT, Patience
from channels.email.settings import EmailSettings
from channels.email.smtp import Submission, submission_connection
from channels.email.tokens import AccessTokens


async def examine(account: Account, tools: Tools, *, patience: Patience = PATIENT) -> Sequence[Finding]:
    """Steps `oauth`, `imap`, `folder`, `listener` and `smtp`, as far as the settings have them."""
    settings = account.settings
    assert isinstance(settings, EmailSettings), "the registry hands each channel its own settings"
    tokens = AccessTokens(settings, tools, limit=patience.examine)
    findings: list[Finding] = []
    if settings.auth == "xoauth2":
        findings.append(await _step("oauth", lambda: _fetch(tokens), patience))
        if findings[0].problem is not None:
            return findings
    if settings.incoming == "imap":
        findings += await _mailbox(settings, tools, tokens, patience)
    if settings.incoming == "listener":
        findings.append(_listener(settings))
    if settings.smtp_host:
        submission = Submission(settings, tools.peers, tokens, patience, settings.domain)
        findings.append(await _step("smtp", lambda: _sign_in(submission), patience))
    return findings


async def _mailbox(
    settings: EmailSettings, tools: Tools, tokens: AccessTokens, patience: Patience
) -> Sequence[Finding]:
    missing: list[str] = []

    async def look() -> None:
        async with imap_connection(settings, tools.peers, patience) as imap:
            await imap.sign_in(await tokens.get() if settings.auth == "xoauth2" else None)
            wanted = [*settings.folders, *([settings.move_to] if settings.after == "move" else [])]
            missing.extend([folder for folder in wanted if not await imap.has_folder(folder)])

    found = await _step("imap", look, patience)
    if found.problem is not None:
        return [found]
    if missing:
        none = "There is no folder {folder}."
        return [found, Finding.told("folder", Problem.MISSING, none, why="no_folder", folder=missing[0])]
    return [found, Finding(step="folder")]


def _listener(settings: EmailSettings) -> Finding:
    if is_open_here(settings):
        return Finding(step="listener")
    family = socket.AF_INET6 if ":" in settings.listener_host else socket.AF_INET
    try:
        socket.create_server((settings.listener_host, settings.listener_port), family=family).close()
    except OSError:
        return Finding.told(
            "listener",
            Problem.DENIED,
            "Nobody can listen at {host} port {port} here: it is taken.",
            why="port_taken",
            host=settings.listener_host,
            port=str(settings.listener_port),
        )
    return Finding(step="listener")


async def _sign_in(submission: Submission) -> None:
    async with submission_connection(submission):
        pass


async def _fetch(tokens: AccessTokens) -> None:
    await tokens.get()


async def _step(name: str, attempt: Callable[[], Awaitable[None]], patience: Patience) -> Finding:
    try:
        async with asyncio.timeout(patience.examine):
            await attempt()
    except Trouble as trouble:
        return trouble.as_finding(name)
    except TimeoutError:
        return Finding.told(name, Problem.UNREACHABLE, "The server does not answer in time.", why="too_slow")
    return Finding(step=name)
