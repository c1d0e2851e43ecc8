"""File names of strangers: a label to show and to save under, never a path of ours."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from crm_core.words.text import one_line

LONGEST: Final = 200
"""Characters of a file's name that are kept; what stands after its last dot stays."""

_UNSEEN: Final = re.compile(
    "[\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\ufff9-\ufffb]"
)
_DEVICES: Final = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
_PLAIN: Final = re.compile(r"[^A-Za-z0-9 ._()+,=@-]")


def clean_name(claimed: str) -> str:
    """A name for a file: one line, no folder, nothing invisible, at most 200 characters, never empty."""
    last = re.split(r"[/\\]", claimed[:10_000])[-1]
    name = one_line(_UNSEEN.sub("", last), most=10_000).strip(". ")
    stem, dot, ending = name.rpartition(".")
    if dot and stem and len(ending) <= 20:
        name = f"{_shortened(stem, LONGEST - len(ending) - 1)}.{ending}"
    else:
        name = _shortened(name, LONGEST)
    if _DEVICES.match(name):
        name = f"_{name}"
    return name or "file"


def disposition(name: str, *, inline: bool) -> str:
    """The Content-Disposition of a download, after RFC 6266 and RFC 8187. Quotes and line breaks cannot leave it."""
    kind = "inline" if inline else "attachment"
    safe = clean_name(name)
    plain = _PLAIN.sub("_", safe)
    if plain == safe:
        return f'{kind}; filename="{plain}"'
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"


def _shortened(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"
