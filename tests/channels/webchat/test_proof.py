from __future__ import annotations

import hashlib
import hmac

import pytest

from channels.webchat.proof import proven
from channels.webchat.protocol import User
from crm_core.words.addresses import EXTERNAL, Address

SECRET = "a secret of the shop"
NOW = 1_767_603_600_000
LATER = NOW // 1000 + 60


def signed(text: str, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def test_a_host_page_vouches_for_its_visitor() -> None:
    user = User(id="42", hash=signed("42"), name="Iryna")
    assert proven(user, SECRET, scope="pub", now=NOW) == Address(EXTERNAL, "42", "pub")


def test_a_proof_holds_until_it_expires() -> None:
    user = User(id="42", hash=signed(f"42\n{LATER}"), expires=LATER)
    assert proven(user, SECRET, scope="pub", now=NOW)
    assert proven(user, SECRET, scope="pub", now=LATER * 1000) is None


@pytest.mark.parametrize(
    "user",
    [
        None,
        User(id="42"),
        User(id="42", hash=""),
        User(id="42", hash=signed("43")),
        User(id="42", hash=signed("42", "the secret of another account")),
        User(id="42", hash=signed("42").upper()),
        User(id="42", hash=signed("42")[:-1]),
        User(id="42", hash="ключ"),
        User(id="42", hash=signed("42"), expires=LATER),
        User(id="42", hash=signed(f"42\n{LATER}")),
        User(id="42", hash=signed(f"42\n{LATER}"), expires=LATER + 1),
        User(id="", hash=signed("")),
        User(id=f"42\n{LATER}", hash=signed(f"42\n{LATER}")),
        User(id=" 42", hash=signed(" 42")),
    ],
)
def test_without_a_right_proof_everybody_is_a_stranger(user: User | None) -> None:
    assert proven(user, SECRET, scope="pub", now=NOW) is None


def test_an_account_without_a_secret_believes_nobody() -> None:
    assert proven(User(id="42", hash=signed("42", "")), "", scope="pub", now=NOW) is None
