"""Bytes to text, whatever they are called: names of all ages, wrong names and none."""

from __future__ import annotations

import codecs
import re
from typing import Final

import charset_normalizer

from channels.email.anatomy.limits import Defects
from channels.email.anatomy.word_sets import words

_NAME = re.compile(r"[A-Za-z0-9_.:()+-]{1,40}")
_GUESSED_BYTES: Final = 32 * 1024

_GUESSES: Final = (
    "utf_8 cp1251 koi8_u cp1252 cp1250 gb18030 big5 cp932 euc_jp cp949 iso8859_2 cp1253 cp1254 cp1255 cp1256 cp1257 "
    "cp866 cp874 iso8859_5"
)
"""What mails without a charset are written in. Those of old Macintoshes look too much like others."""

_UNSAID: Final = words(
    "us-ascii ascii ansi_x3.4-1968 646 7bit 8bit binary default none unknown x-unknown unknown-8bit x-user-defined "
    "user-defined iso-10646 _charset_name"
)
"""Names that say nothing of bytes above 127."""

_DANGEROUS: Final = words("idna punycode unicode-escape raw-unicode-escape undefined unicode-internal mbcs oem")
"""Text codecs of Python that are no charset: quadratic, or reading escapes."""

_ALIASES: Final = {
    # Whoever says Latin 1 means what browsers mean by it: the Windows superset.
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "l1": "cp1252",
    "x-ansi": "cp1252",
    "cp-1252": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "iso-8859-6-i": "iso8859-6",
    "iso-8859-6-e": "iso8859-6",
    "gb2312": "gb18030",
    "gb-2312-80": "gb18030",
    "euc-cn": "gb18030",
    "x-gbk": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "ms936": "gb18030",
    "windows-936": "gb18030",
    "hz-gb-2312": "hz",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "cn-big5": "big5hkscs",
    "cp950": "big5hkscs",
    "ks-c-5601-1987": "cp949",
    "ks-c-5601": "cp949",
    "ksc5601": "cp949",
    "euc-kr": "cp949",
    "windows-949": "cp949",
    "x-windows-949": "cp949",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "ms-kanji": "cp932",
    "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "iso-2022-jp-1": "iso2022_jp_ext",
    "iso-2022-jp-ms": "iso2022_jp_ext",
    "cp50220": "iso2022_jp_ext",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "utf8mb4": "utf-8",
    "utf-8-mac": "utf-8",
    "utf-8n": "utf-8",
    "x-utf-8": "utf-8",
    "unicode": "utf-16",
    "ucs-2": "utf-16",
    "iso-10646-ucs-2": "utf-16-be",
    "koi8": "koi8-r",
    "koi8-ru": "koi8-u",
    "x-koi8-r": "koi8-r",
    "x-cp1251": "cp1251",
    "x-cp1250": "cp1250",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-mac-ukrainian": "mac-cyrillic",
    "macintosh": "mac-roman",
    "x-mac-roman": "mac-roman",
    "mac": "mac-roman",
    "x-mac-ce": "mac-latin2",
    "x-mac-greek": "mac-greek",
    "x-mac-turkish": "mac-turkish",
    "dos-866": "cp866",
    "dos-850": "cp850",
    "windows-1252http-equivcontent-type": "cp1252",
}


def decode(content: bytes, charset: str = "", defects: Defects | None = None) -> str:
    """The text. Never raises: an unknown or wrong name is guessed at, what cannot be read becomes U+FFFD."""
    noted = defects or Defects()
    if content.startswith(codecs.BOM_UTF8):
        return content[3:].decode("utf-8", "replace")
    codec = codec_of(charset)
    if codec is None:
        return _unsaid(content, noted, is_named=_label(charset) not in _UNSAID and bool(charset.strip()))
    try:
        return content.decode(codec)
    except (UnicodeError, ValueError):
        pass
    if codec != "utf-8" and not content.isascii():
        utf8 = _strictly(content, "utf-8")
        if utf8 is not None:
            noted.note("charset_wrong")
            return utf8
    noted.note("charset_broken")
    if codec == "utf-8" and (guess := _guessed(content)) is not None:
        return guess
    return _leniently(content, codec)


def codec_of(charset: str) -> str | None:
    """Python's name for a charset; None where the name says nothing or nobody knows it."""
    label = _label(charset)
    if not label or label in _UNSAID:
        return None
    label = _ALIASES.get(label, label)
    if label in _DANGEROUS or not _NAME.fullmatch(label):
        return None
    try:
        found = codecs.lookup(label)
        # Codecs from bytes to bytes (zip, hex) have names too.
        is_text: bool = getattr(found, "_is_text_encoding", True)
    except (LookupError, ValueError):
        return None
    return found.name if is_text and found.name not in {"idna", "punycode", "undefined"} else None


def _label(charset: str) -> str:
    label = charset.strip().strip("\"'").strip().lower().partition("*")[0].replace("_", "-").replace(" ", "-")
    if label.startswith("charset="):
        label = label[8:]
    if label.startswith("cs") and label[2:].startswith(("iso", "windows", "shift", "big", "koi", "ibm")):
        label = label[2:]
    return label


def _unsaid(content: bytes, defects: Defects, *, is_named: bool) -> str:
    """Text whose charset nobody says, or by a name that nobody knows."""
    if is_named:
        defects.note("charset_unknown")
    if content.isascii():
        if b"\x1b$" in content and (japanese := _strictly(content, "iso2022_jp_ext")) is not None:
            return japanese
        return content.decode("ascii")
    utf8 = _strictly(content, "utf-8")
    if utf8 is not None:
        return utf8
    if not is_named:
        defects.note("charset_missing")
    guess = _guessed(content)
    return guess if guess is not None else content.decode("cp1252", "replace")


def _strictly(content: bytes, codec: str) -> str | None:
    try:
        return content.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _leniently(content: bytes, codec: str) -> str:
    try:
        return content.decode(codec, "replace")
    except (UnicodeError, ValueError):
        return content.decode("cp1252", "replace")


def _guessed(content: bytes) -> str | None:
    """By the look of the letters; short texts give too little to look at."""
    if len(content) < 24:
        return None
    best = charset_normalizer.from_bytes(content[:_GUESSED_BYTES], cp_isolation=_GUESSES.split()).best()
    return None if best is None else _leniently(content, best.encoding)
