from __future__ import annotations

from channels.telegram.limits import Limits

NOW = 1_767_603_600_000


def sent(limits: Limits, chat: int, at: int, messages: int = 1) -> int:
    """When it goes."""
    wait = limits.wait(chat, at, messages)
    limits.take(chat, at, messages)
    return at + wait


def test_a_chat_gets_one_message_a_second_and_chats_do_not_wait_for_each_other() -> None:
    limits = Limits()
    assert [sent(limits, 7, NOW) - NOW for _ in range(3)] == [0, 1_000, 2_000]
    assert sent(limits, 8, NOW) == NOW


def test_a_group_gets_twenty_a_minute() -> None:
    limits = Limits()
    times, now = [], NOW
    for _ in range(60):
        now = sent(limits, -7, now)
        times.append(now)
    for begin in times:
        assert sum(begin <= at < begin + 60_000 for at in times) <= 20
    assert times[-1] - NOW < 4 * 60_000


def test_all_chats_together_get_thirty_a_second() -> None:
    limits = Limits()
    times = [sent(limits, chat, NOW) for chat in range(1, 91)]
    assert all(sum(begin <= at < begin + 1_000 for at in times) <= 30 for begin in times)
    assert max(times) - NOW <= 5_000


def test_an_album_counts_as_its_pictures() -> None:
    limits = Limits()
    assert sent(limits, 7, NOW, 10) == NOW
    assert sent(limits, 7, NOW) == NOW + 10_000


def test_asking_takes_nothing() -> None:
    limits = Limits()
    assert [limits.wait(7, NOW) for _ in range(5)] == [0] * 5


def test_old_chats_are_forgotten_and_nothing_breaks() -> None:
    limits = Limits()
    for chat in range(1, 10_050):
        sent(limits, chat, NOW + chat * 1_000)
    assert limits.wait(1, NOW + 20_000_000) == 0
