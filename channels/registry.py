"""Finds the channels: the folders beside this file, and installed packages that say `switchboard.channels`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from importlib.metadata import entry_points

import channels
from channels.contract import Manifest

_NOT_CHANNELS = {"contract", "simulators", "twilio"}


def find_channels() -> Mapping[str, Manifest]:
    """Every channel's manifest by its kind (the folder's or entry point's name).

    Raises ImportError, naming the channel, when a folder has no MANIFEST.
    """
    return {kind: _manifest(package) for kind, package in _packages().items()}


def find_channel(kind: str) -> Manifest | None:
    """The manifest of one channel, none for a kind that is not there. Imports no other channel.

    Raises ImportError when its folder has no MANIFEST.
    """
    package = _packages().get(kind)
    return None if package is None else _manifest(package)


def channel_kinds() -> list[str]:
    """The kinds of all channels, by the alphabet. Imports none."""
    return sorted(_packages())


def _packages() -> dict[str, str]:
    """Where each kind stands; an installed package goes before a folder of the same name."""
    modules = [module for module in pkgutil.iter_modules(channels.__path__) if module.ispkg]
    found = {module.name: f"channels.{module.name}" for module in modules if module.name not in _NOT_CHANNELS}
    return found | {point.name: point.value for point in entry_points(group="switchboard.channels")}


def _manifest(package: str) -> Manifest:
    manifest = getattr(importlib.import_module(package), "MANIFEST", None)
    if not isinstance(manifest, Manifest):
        raise ImportError(f"The channel {package} exports no MANIFEST.")
    return manifest
