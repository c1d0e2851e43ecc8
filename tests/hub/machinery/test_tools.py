"""Reply tokens lead one account's answers to one conversation, and nothing else does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crm_core.words.clock import DAY
from hub.desk.invitations import Invitations
from hub.machinery.tools import ReplyTokens
from tests.peers.clock import VirtualClock

MINE = ReplyTokens(b"k" * 32, 7)


@given(st.integers(0, 2**53 - 1))
def test_a_token_names_its_conversation_in_letters_that_any_mail_system_keeps(conversation_id: int) -> None:
    token = MINE.make(conversation_id)
    assert MINE.read(token) == conversation_id
    assert MINE.read(token.upper()) == conversation_id
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyz234567")


def test_a_token_of_another_account_house_or_with_one_letter_changed_is_none() -> None:
    token = MINE.make(77)
    assert ReplyTokens(b"k" * 32, 8).read(token) is None
    assert ReplyTokens(b"x" * 32, 7).read(token) is None
    for at, letter in enumerate(token):
        changed = token[:at] + ("a" if letter != "a" else "b") + token[at + 1 :]
        assert MINE.read(changed) is None
    for wrong in ("", token[:-1], token + "a", "é" * 37, "=" * 37):
        assert MINE.read(wrong) is None


def test_an_invitation_fits_a_deep_link_and_ends(clock: VirtualClock) -> None:
    invitations = Invitations(b"k" * 32, clock)
    token = invitations.make(2**53 - 1)
    assert len(token) <= 64
    assert invitations.read(token) == 2**53 - 1
    assert invitations.read(token[:-1]) is None
    assert Invitations(b"x" * 32, clock).read(token) is None
    clock.advance(31 * DAY)
    assert invitations.read(token) is None
