"""Mails that nobody here wrote, as the hub gets to know them."""

from __future__ import annotations

from channels.contract import MessageArrived, Original
from channels.email.glimpse import glimpse
from channels.email.incoming import Arrival, events
from channels.email.parse import parse
from channels.email.settings import EmailSettings
from crm_core.words.addresses import MAILTO, NOWHERE
from crm_core.words.content import FileRef
from crm_core.words.text import MAX_MESSAGE
from tests.channels.email.household import Household
from tests.channels.email.parse.corpora import email_corpus, files_of
from tests.peers.clock import MONDAY_MORNING

SETTINGS = EmailSettings(address="support@hub.example", incoming="none")


def arrival(house: Household, raw: bytes, *, is_glimpse: bool = False) -> Arrival:
    return Arrival(
        mail=glimpse(raw) if is_glimpse else parse(raw),
        original=Original(key="k", body=raw, file=FileRef(1), at=MONDAY_MORNING, facts={}),
        settings=SETTINGS,
        tokens=house.tokens.read,
        loop_key="pub-key",
    )


async def test_every_mail_of_the_corpora_arrives_as_one_message_with_a_name_of_its_own(house: Household) -> None:
    names: dict[str, bytes] = {}
    for path in files_of(email_corpus()):
        raw = path.read_bytes()
        told = events(arrival(house, raw))
        assert len(told) == 1, path
        message = told[0]
        assert isinstance(message, MessageArrived), path
        assert message.sender.scheme == MAILTO or (message.sender.scheme == NOWHERE and message.unverified)
        assert "@" in message.sender.value
        assert len(message.content.text) <= MAX_MESSAGE
        assert len(message.external_id) < 300
        assert len(message.thread) < 300
        assert (message.external_id + message.thread + message.sender_name).isprintable(), path
        assert message.conversation_id is None
        known = names.setdefault(message.external_id, raw)
        assert parse(known).text == parse(raw).text, path
    assert len(names) > 400


async def test_a_glimpse_of_every_mail_of_the_corpora_is_had(house: Household) -> None:
    agreed = []
    for path in files_of(email_corpus()):
        raw = path.read_bytes()
        (seen,) = events(arrival(house, raw, is_glimpse=True))
        (whole,) = events(arrival(house, raw))
        assert isinstance(seen, MessageArrived)
        assert isinstance(whole, MessageArrived)
        agreed.append(seen.sender == whole.sender)
    assert sum(agreed) / len(agreed) > 0.9
