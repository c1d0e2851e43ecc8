"""Reply tokens lead to one conversation; secrets that a provider changes are sealed where the old ones were."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crm_core.accounts import actions, queries
from crm_core.accounts.actions import NewAccount
from crm_core.accounts.sealing import Sealer
from crm_core.store.database import Database
from crm_core.store.journal import Committed
from crm_core.words.clock import DAY
from hub.desk.invitations import Invitations
from hub.machinery.tools import AccountSecrets, ReplyTokens
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


async def test_a_secret_that_the_provider_changed_is_sealed_and_opens_nothing_anew(db: Database) -> None:
    sealer = Sealer(b"k" * 32)
    secrets = {"oauth_refresh_token": "one", "smtp_password": "hush"}
    new = NewAccount(kind="email", name="Shop", settings={"address": "shop@hub.example"}, secrets=secrets)
    account = await db.write(actions.add, None, sealer, new)
    told: list[Committed] = []
    db.subscribe(told.extend)
    kept = AccountSecrets(db, sealer, account.id)
    await kept.keep("oauth_refresh_token", "second-refresh-token", instead_of="one")
    # Somebody else's is not written over.
    await kept.keep("oauth_refresh_token", "three", instead_of="one")
    found = await db.read(queries.opened_one, sealer, account.id)
    assert found is not None
    assert found.settings == {
        "address": "shop@hub.example",
        "oauth_refresh_token": "second-refresh-token",
        "smtp_password": "hush",
    }
    assert await db.read(queries.account, account.id) == account
    assert told == []
    assert "second-refresh-token" not in (await db.read(queries.row, account.id)).sealed
