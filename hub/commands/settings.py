"""`hub settings`, and the settings that every command begins with."""

from __future__ import annotations

import os

from hub.config import Settings, described, load_settings
from hub.logs import configure


def configured() -> Settings:
    """The settings of this environment, with the log as they want it. Raises SettingsError."""
    settings = load_settings(os.environ)
    configure(settings)
    return settings


def settings_command() -> None:
    """Every setting with its value and what it is for. Secrets are not shown."""
    for name, value, sentence in described(configured()):
        print(f"{name}={value}\n    {sentence}")
