"""File names of strangers, made safe to show and to save (bad input 39)."""

from __future__ import annotations

import mimetypes
import re
import unicodedata
from typing import Final

from channels.email.anatomy.limits import MOST_NAME
from crm_core.words.text import storable

_UNSEEN = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_FORBIDDEN: Final = str.maketrans('<>:"|?*', "_______")
_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)")
_ENDINGS: Final = {
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "message/rfc822": ".eml",
    "message/global": ".eml",
    "image/jpeg": ".jpg",
    "image/pjpeg": ".jpg",
    "message/delivery-status": ".txt",
    "text/rfc822-headers": ".txt",
    "application/pgp-signature": ".asc",
    "application/octet-stream": ".bin",
}


def safe_name(raw: str) -> str:
    """The last piece of a path, one line, no invisible characters, at most 180 characters; empty if none is left."""
    name = unicodedata.normalize("NFC", _UNSEEN.sub("", storable(raw)).replace("\u2400", ""))
    name = name.replace("\\", "/").rstrip("/ ").rpartition("/")[2].translate(_FORBIDDEN)
    name = " ".join(name.split()).strip(". ") if not name.startswith(".") else "_" + " ".join(name.split()).strip(". ")
    if not name.strip("_. "):
        return ""
    if _DEVICE.match(name):
        name = "_" + name
    if len(name) <= MOST_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 10:
        return name[:MOST_NAME]
    return stem[: MOST_NAME - len(ending) - 1] + "." + ending


def made_up_name(kind: str, number: int) -> str:
    """A name for a file that has none: `attachment-2.png`."""
    ending = _ENDINGS.get(kind) or mimetypes.guess_extension(kind, strict=False) or ".bin"
    stem = {"text/calendar": "invitation", "message/rfc822": "message"}.get(kind, "attachment")
    return f"{stem}-{number}{ending}"
