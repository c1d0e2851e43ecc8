"""What text messages have in common, whoever carries them: who can be their sender, and the words that stop or
explain them."""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from typing import Final

from crm_core.words.addresses import Address, phone
from crm_core.words.content import ReachState
from crm_core.words.errors import Invalid
from crm_core.words.text import one_line

SENDER: Final = "sms-sender"
"""Scheme of senders that are no phone number: names such as `BANK`, short codes. Nobody can write to them."""

HELP_TEXT: Final = "{name}: these texts are from us. Write STOP to get no more of them, START to get them again."
"""What is answered to HELP unless an account says something else."""

_WHOLE_DIGITS: Final = 9
_LOCAL_DIGITS: Final = 7
"""The fewest digits that are read as a whole number, and as one of a known country."""

_MARKS: Final = frozenset(" \t\r\n.!,\"'«»„”“。,")
_STOP: Final = frozenset(
    (
        *("stop", "stopall", "unsubscribe", "optout", "revoke"),
        *("стоп", "відписатися", "відписатись", "відписка", "отписаться", "отписка"),
        *("rezygnuję", "rezygnuje", "wypisz", "wypiszmnie"),
        *("退订", "td", "取消订阅", "停止"),
        *("arret", "arrêt", "alto", "baja", "stopp"),
    )
)
_START: Final = frozenset(
    (
        *("start", "unstop", "subscribe"),
        *("старт", "підписатися", "підписатись", "подписаться"),
        *("zapisz", "订阅", "恢复订阅"),
    )
)
_HELP: Final = frozenset(
    (
        *("help", "допомога", "довідка", "помощь", "справка", "pomoc"),
        *("帮助", "幫助", "aide", "ayuda", "hilfe"),
    )
)
_CARRIER_HELP: Final = frozenset({"help", "info"})
_CARRIER_STOP: Final = frozenset({"cancel", "end", "quit"})
_CARRIER_START: Final = frozenset({"yes"})
"""Words that carriers also take for stop and start, though people write them with other things in mind."""


def number_or_name(raw: str, *, region: str | None = None) -> Address:
    """A sender: `tel` in E.164 when it is a number, else the name or short code as it is.

    `region` (ISO 3166 alpha-2) is whose number it is when no country is said. Raises Invalid when it is empty.
    """
    digits = sum(c.isdecimal() for c in raw)
    # Fewer digits are a short code, which must not be read as a number of some country.
    if raw.strip().startswith("+") or digits >= (_LOCAL_DIGITS if region else _WHOLE_DIGITS):
        with suppress(Invalid):
            return phone(raw, region=region)
    name = one_line(raw, most=200)
    if not name:
        raise Invalid("The sender is empty.")
    return Address(SENDER, name)


def wish(text: str, *, carrier_words: bool) -> ReachState | None:
    """What a whole message of one such word asks for: no more messages, or messages again; none for all else.

    Only the word alone counts ("stop please" is a sentence for a person). `carrier_words` adds those that
    carriers act upon by themselves, so that what we show is what they do.
    """
    word = _bare(text)
    if word in _STOP or (carrier_words and word in _CARRIER_STOP):
        return ReachState.OPTED_OUT
    if word in _START or (carrier_words and word in _CARRIER_START):
        return ReachState.OK
    return None


def asks_help(text: str, *, carrier_words: bool) -> bool:
    """Whether a whole message is one word that asks whose texts these are and how to stop them.

    `carrier_words` adds those that carriers answer by themselves.
    """
    word = _bare(text)
    return word in _HELP or (carrier_words and word in _CARRIER_HELP)


def is_answered_by_carrier(text: str) -> bool:
    """Whether carriers that look after such words have answered this one."""
    return _bare(text) in _CARRIER_HELP


def _bare(text: str) -> str:
    if len(text) > 40:
        return ""
    flat = unicodedata.normalize("NFKC", text).casefold().strip()
    return "".join(c for c in flat if c not in _MARKS)
