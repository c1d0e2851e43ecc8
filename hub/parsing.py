"""What a stored message says, for people who ask why it was read so: `hub parse`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from channels.registry import channel_kinds, find_channel, find_channels
from crm_core.words.errors import Invalid, NotFound

Explain = Callable[[bytes], Mapping[str, Any]]


def explained(kind: str, files: Sequence[Path]) -> Iterator[str]:
    """One JSON document a file, on one line each, in the order of the files.

    A message that cannot be read has its `defects` said. Raises NotFound for a kind or a file that is not there,
    Invalid for a channel whose messages have no stored form.
    """
    explain = _explainer(kind)
    missing = [f for f in files if not f.is_file()]
    if missing:
        raise NotFound(f"There is no file {str(missing[0])!r}.")
    return (_line(explain, file) for file in files)


def _explainer(kind: str) -> Explain:
    manifest = find_channel(kind)
    if manifest is None:
        raise NotFound(f"There is no channel {kind!r}. There are: {', '.join(channel_kinds())}.")
    if manifest.explain is None:
        able = ", ".join(sorted(k for k, other in find_channels().items() if other.explain is not None))
        raise Invalid(
            f"Messages of the channel {kind!r} have no stored form to explain. Those of {able or 'none'} have."
        )
    return manifest.explain


def _line(explain: Explain, file: Path) -> str:
    return json.dumps({"file": str(file), **explain(file.read_bytes())}, ensure_ascii=False)
