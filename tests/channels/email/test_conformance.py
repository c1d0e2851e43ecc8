from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from pydantic import ValidationError

from channels.conformance import Bench, Fault, ListensConformance, Recorder, SendsConformance, opened
from channels.contract import Channel, Listens, Manifest, Sends, Sent
from channels.email import MANIFEST
from channels.email.channel import open_email
from channels.email.patience import Patience
from channels.email.settings import EmailSettings
from tests.channels.email.household import outgoing
from tests.peers.children import free_port
from tests.peers.lying_imap import LyingImap
from tests.peers.mail_server import Failing, MailServer

CALM = Patience(connect=60, send=60, taken=60, answer=60, poll=0.2, pause=0.01)
HURRIED = replace(CALM, taken=0.2)
"""For a server that never says that it has the mail."""
FAULTS = {
    Fault.UNAUTHORISED: Failing.PASSWORD,
    Fault.TOO_MANY: Failing.BUSY,
    Fault.REFUSED: Failing.NO_SUCH_USER,
    Fault.SILENT: Failing.SILENT,
}
SETTINGS: dict[str, Any] = {
    "address": "support@hub.example",
    "password": "secret",
    "incoming": "none",
    "smtp_host": "127.0.0.1",
    "smtp_security": "none",
}


class TestEmail(SendsConformance, ListensConformance):
    kind = "email"
    settings = SETTINGS

    def manifest(self) -> Manifest:
        return Manifest(
            title=MANIFEST.title,
            medium=MANIFEST.medium,
            settings=MANIFEST.settings,
            open=partial(open_email, patience=CALM),
            reaches=MANIFEST.reaches,
        )

    def open(self) -> AbstractAsyncContextManager[Channel]:
        return self._with_a_server()

    @asynccontextmanager
    async def _with_a_server(self) -> AsyncIterator[Channel]:
        self.server = MailServer()
        self.port = await self.server.open()
        try:
            async with opened(self.manifest(), {**SETTINGS, "smtp_port": self.port}, self.now) as channel:
                yield channel
        finally:
            await self.server.close()

    async def send(self, channel: Channel, *, fault: Fault | None) -> Sent:
        self.server.failing = FAULTS[fault] if fault else None
        if fault is not Fault.SILENT:
            assert isinstance(channel, Sends)
            return await channel.send(outgoing())
        impatient = replace(self.manifest(), open=partial(open_email, patience=HURRIED))
        async with opened(impatient, {**SETTINGS, "smtp_port": self.port}, self.now) as hurried:
            assert isinstance(hurried, Sends)
            return await hurried.send(outgoing())


@pytest.mark.parametrize(
    "incoming",
    [
        {"incoming": "listener", "listener_port": free_port()},
        {"incoming": "imap", "imap_host": "127.0.0.1", "imap_security": "none"},
    ],
)
async def test_every_way_of_listening_ends_when_it_is_told(incoming: dict[str, Any]) -> None:
    silent = LyingImap()
    silent.greeting = None
    port = await silent.open()
    try:
        async with opened(MANIFEST, {**SETTINGS, "imap_port": port, **incoming}, Bench(lambda: 1).now) as channel:
            assert isinstance(channel, Listens)
            async with asyncio.timeout(30), asyncio.TaskGroup() as group:
                listening = group.create_task(channel.listen(Recorder()))
                await asyncio.sleep(0.1)
                assert not listening.done()
                listening.cancel()
        assert listening.cancelled()
    finally:
        await silent.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "nobody"},
        {"incoming": "imap"},
        {"imap_host": "mail.example:993"},
        {"imap_host": "mail.example/x"},
        {"smtp_host": "a b"},
        {"auth": "xoauth2"},
        {"auth": "xoauth2", "oauth_url": "ftp://login.example", "oauth_client_id": "me"},
        {"after": "move"},
        {"folders": []},
        {"name": "Shop\r\nBcc: x@y.example"},
        {"username": "a\0b"},
        {"certificates": "-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----"},
        {"unheard_of": 1},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        EmailSettings.model_validate({**SETTINGS, **wrong})


def test_every_setting_says_what_it_is() -> None:
    schema = EmailSettings.model_json_schema()
    for name, about in schema["properties"].items():
        assert about.get("description", "").endswith("."), name


async def test_what_a_mailbox_carries_is_known_from_its_settings() -> None:
    settings = {**SETTINGS, "signature": "<p>Shop</p>", "max_file_bytes": 5}
    async with opened(MANIFEST, settings, Bench(lambda: 1).now) as channel:
        can = channel.capabilities
    assert (can.html, can.subject, can.copies, can.can_start, can.dedupes_sends) == (True, True, True, True, True)
    assert (can.signature, can.max_file_bytes) == ("<p>Shop</p>", 5)
    async with opened(MANIFEST, {**SETTINGS, "smtp_host": ""}, Bench(lambda: 1).now) as channel:
        assert not channel.capabilities.can_start
