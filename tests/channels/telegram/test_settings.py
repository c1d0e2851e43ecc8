from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from channels.telegram.settings import TelegramSettings

TOKEN = "123456:ABC-DEF_1234"


def test_a_webhook_without_a_secret_is_not_even_opened() -> None:
    with pytest.raises(ValidationError, match="secret"):
        TelegramSettings.model_validate({"bot_token": TOKEN, "mode": "webhook"})
    assert TelegramSettings.model_validate({"bot_token": TOKEN, "mode": "polling"}).mode == "polling"


@pytest.mark.parametrize(
    "settings",
    [
        {"webhook_secret": "short"},
        {"webhook_secret": "x" * 257},
        {"webhook_secret": "with a space in it"},
        {"webhook_secret": "кирилиця-кирилиця"},
        {"bot_token": "no token"},
        {"bot_token": "123456:"},
        {"bot_token": "123456:abc/../getMe"},
        {"bot_token": ":abcdef"},
        {"api_url": "ftp://x"},
        {"api_url": "https://"},
        {"api_url": "https://u:p@x.example"},
        {"api_url": "https://x.example?a=b"},
        {"mode": "pigeon"},
        {"colour": "blue"},
    ],
)
def test_settings_that_cannot_work_are_refused_in_words(settings: dict[str, Any]) -> None:
    good = {"bot_token": TOKEN, "webhook_secret": "0123456789abcdef"}
    assert TelegramSettings.model_validate(good)
    with pytest.raises(ValidationError):
        TelegramSettings.model_validate({**good, **settings})


def test_spaces_around_a_pasted_token_do_not_matter() -> None:
    settings = TelegramSettings.model_validate({"bot_token": f" {TOKEN}\n", "mode": "polling"})
    assert settings.bot_token.get_secret_value() == TOKEN
    assert TOKEN not in repr(settings)
