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
    found: dict[str, Manifest] = {}
    for module in pkgutil.iter_modules(channels.__path__):
        if module.ispkg and module.name not in _NOT_CHANNELS:
            found[module.name] = _manifest(f"channels.{module.name}")
    for point in entry_points(group="switchboard.channels"):
        found[point.name] = _manifest(point.value)
    return found


def _manifest(package: str) -> Manifest:
    manifest = getattr(importlib.import_module(package), "MANIFEST", None)
    if not isinstance(manifest, Manifest):
        raise ImportError(f"The channel {package} exports no MANIFEST.")
    return manifest
