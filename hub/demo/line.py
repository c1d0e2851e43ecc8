"""The shop's telephone in the demo: its greeting, menu, line and message box, and the numbers it has."""

from __future__ import annotations

from typing import Any, Final

from msgspec import structs, to_builtins

from channels.simulators.twilio import Line
from crm_core.store.transaction import Tx
from crm_core.words.permissions import Actor
from crm_core.work.queues import QueueChange, change_queue, queues
from hub.desk import channel_accounts

SHOP_NUMBER: Final = "+15005550006"
SHOP_SECOND_NUMBER: Final = "+15005550009"
NOBODYS_NUMBER: Final = "+15005550001"
"""A number that is not in service."""
SALES: Final = "Shop"
ORDERS: Final = "Returns"
_SECONDS: Final = 10
"""Between two announcements: short enough to be heard while somebody looks at the demo."""
_GREETING: Final = {
    "en": "Welcome to Fern and Clay, plants and pots.",
    "uk": "Вітаємо у Fern and Clay: рослини та горщики.",
    "pl": "Witamy w Fern and Clay, rośliny i doniczki.",
}
_MENU: Final = {
    "en": "For sales press 1. For orders and returns press 2. To leave a message press 3.",
    "uk": "Щоб купити, натисніть 1. Щодо замовлень натисніть 2. Щоб залишити повідомлення, натисніть 3.",
    "pl": "Sprzedaż: 1. Zamówienia i zwroty: 2. Aby zostawić wiadomość, prosimy wybrać 3.",
}


def settings(credentials: dict[str, str]) -> dict[str, Any]:
    """The account's settings: two numbers, and leave to call the countries where the demo's people are."""
    return {
        **credentials,
        "number": SHOP_NUMBER,
        "more_numbers": [SHOP_SECOND_NUMBER],
        "countries": ["US", "PL", "UA", "DE", "GB"],
    }


def furnish(tx: Tx, actor: Actor, account_id: int) -> None:
    """Say how a new account answers, and let places in line be told soon."""
    known = {queue.name: queue for queue in queues(tx)}
    for name in {SALES, ORDERS} & known.keys():
        voice = structs.replace(known[name].voice, announce_seconds=_SECONDS)
        change_queue(tx, actor, known[name].id, QueueChange(voice=to_builtins(voice)))
    keys = [
        {"digit": "1", "label": "Sales", "then": "queue", "queue_id": known[SALES].id},
        {"digit": "2", "label": "Orders", "then": "queue", "queue_id": known.get(ORDERS, known[SALES]).id},
        {"digit": "3", "label": "Leave a message", "then": "voicemail"},
    ]
    calls = {"greeting": _GREETING, "menu_prompt": _MENU, "menu": keys, "record": True, "recording_notice": True}
    channel_accounts.set_manner(tx, actor, account_id, {"calls": calls})


def at(door: str) -> dict[str, Line]:
    """The numbers, as the stand-in calls the hub for them; `door` is the account's address."""
    line = Line(door, fallback=f"{door}/fallback", status=f"{door}/status")
    return {SHOP_NUMBER: line, SHOP_SECOND_NUMBER: line}
