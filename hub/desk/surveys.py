"""Asking how it went: a link goes to the contact when a conversation is closed, and their answer stands in it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from collections.abc import Callable, Mapping
from typing import Any, Final

from channels.contract import Capabilities
from crm_core.accounts import queries as accounts
from crm_core.contacts import queries as contacts
from crm_core.conversations import actions, timeline
from crm_core.conversations.queries import row as conversation_row
from crm_core.store import jobs
from crm_core.store.transaction import AnyRow, Tx
from crm_core.words.clock import DAY, Clock, Moment
from crm_core.words.errors import Invalid
from crm_core.words.text import one_line
from crm_core.words.values import Author, AuthorKind, ConversationStatus
from hub.desk import machine
from hub.desk.allowed import is_open
from hub.desk.manners import read, said
from hub.desk.ways import Directory
from hub.machinery.jobs import JobAction

JOB: Final = "survey"
"""The kind of the job; its key is the conversation's id."""
LIFETIME: Final[Moment] = 30 * DAY
SCORES: Final = range(1, 6)
_FACTS: Final = struct.Struct(">QQ")
_MAC_BYTES: Final = 16
_SYSTEM: Final = Author(kind=AuthorKind.SYSTEM)
_QUESTION: Final[Mapping[str, str]] = {
    "en": "How did we do? Tell us with one click:",
    "uk": "Як ми впоралися? Оцініть одним натисканням:",
    "ru": "Как мы справились? Оцените одним нажатием:",
    "pl": "Jak nam poszło? Oceń jednym kliknięciem:",
    "zh-CN": "您对我们的服务满意吗?点击评价:",
}


class Surveys:
    """Makes and reads the links. `url` is where contacts reach the hub."""

    def __init__(self, key: bytes, clock: Clock, url: str) -> None:
        self._key = key
        self._clock = clock
        self._url = url

    def link(self, conversation_id: int) -> str:
        """The address of one conversation's question, for 30 days."""
        facts = _FACTS.pack(conversation_id, self._clock() + LIFETIME)
        token = base64.urlsafe_b64encode(facts + self._mac(facts)).decode("ascii").rstrip("=")
        return f"{self._url}/rate/{token}"

    def read(self, token: str) -> int | None:
        """The conversation of a link that was made here and still holds; none for any other text."""
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
            conversation_id, ends = _FACTS.unpack_from(raw)
        except (ValueError, struct.error):
            return None
        is_ours = hmac.compare_digest(raw[_FACTS.size :], self._mac(raw[: _FACTS.size]))
        return int(conversation_id) if is_ours and self._clock() < ends else None

    def action(self, directory: Callable[[], Directory] = dict) -> JobAction:
        """The job that asks. `directory` knows what the open accounts carry."""

        def act(tx: Tx, payload: Mapping[str, Any]) -> None:
            ask(tx, payload["conversation_id"], self.link, directory())

        return act

    def _mac(self, facts: bytes) -> bytes:
        return hmac.new(self._key, b"survey\0" + facts, hashlib.sha256).digest()[:_MAC_BYTES]


def closed(tx: Tx, row: AnyRow) -> None:
    """A conversation was closed: its contact is asked soon, if its account asks and an agent answered them."""
    manner = read(accounts.manner_of(tx, row.account_id))
    if manner is not None and manner.survey and row.first_reply_at is not None:
        jobs.schedule(tx, JOB, str(row.id), {"conversation_id": row.id}, due_at=tx.now)


def ask(tx: Tx, conversation_id: int, link: Callable[[int], str], directory: Directory | None = None) -> None:
    """Ask how it went, unless the conversation goes on already or they may not be written to."""
    row = conversation_row(tx, conversation_id)
    line = (directory or {}).get(row.account_id)
    carries = Capabilities() if line is None else line.capabilities
    if row.status != ConversationStatus.CLOSED or not is_open(tx, row.identity_id, row.account_id, carries):
        return
    manner = read(accounts.manner_of(tx, row.account_id))
    language = str((contacts.identity_row(tx, row.identity_id).facts or {}).get("language", ""))
    question = said(_QUESTION, language, manner.language if manner is not None else "en")
    machine.say(tx, conversation_id, row.identity_id, row.account_id, f"{question} {link(conversation_id)}")


def rate(tx: Tx, conversation_id: int, score: int, words: str = "") -> None:
    """Note what the contact says of a conversation: 1 to 5, and their words. Saying it again says it anew.

    Raises Invalid for another score, NotFound.
    """
    if score not in SCORES:
        raise Invalid("A score is 1 to 5.")
    row = conversation_row(tx, conversation_id, lock=True)
    before = timeline.last_notice(tx, conversation_id, "rated")
    facts: dict[str, str | int | None] = {"score": score, "words": one_line(words, most=500) or None}
    if before != facts:
        actions.add_notice(tx, row.id, "rated", facts, by=_SYSTEM)
