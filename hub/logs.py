"""Log lines: a fixed sentence with fields, one JSON object a line or one line for people's eyes.

Personal data stands only under `pii`, which is dropped unless HUB_LOG_PII is set. What looks like a secret
is struck out wherever it stands. An exception is told by its class and its places; its text may repeat
people's words (a database error has the row in it), so it is personal data.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, ExcInfo, Processor

from crm_core.words.clock import Clock, as_text, system_clock
from hub.config import Settings

_STRUCK: Final = "***"
_SECRET_NAME: Final = re.compile(
    r"(?i)(^|[_-])(token|secret|password|passwd|authorization|cookie|set[_-]cookie|api[_-]?key|ticket|credentials?|signature)s?$"
)
_SECRETS: Final = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), rf"\1 {_STRUCK}"),
    (re.compile(r"(?i)\b(hub_session|token|secret|password|api_key)=[^\s&;,\"']+"), rf"\1={_STRUCK}"),
    (re.compile(r"(://[^/@\s:]*:)[^@\s/]+@"), rf"\1{_STRUCK}@"),
    (re.compile(r"(/(?:sign-in|files)/)[\w%.~-]{8,}"), rf"\1{_STRUCK}"),
)
_MAY_BE_SECRET: Final = re.compile(r"(?i)bearer|basic|=|://|/sign-in/|/files/")
"""Every text with one of `_SECRETS` in it has this."""
_encode: Final = json.JSONEncoder(default=repr).encode
_DEEPEST: Final = 6
_QUOTED: Final = frozenset({"asyncio", "py.warnings", "alembic.runtime.migration"})
"""Libraries whose first line is a sentence of their own, with nobody's words in it."""
_ROOT: Final = Path(__file__).resolve().parent.parent


def configure(settings: Settings, *, stream: TextIO | None = None, clock: Clock = system_clock) -> None:
    """Write everything that is logged in this process to `stream` (standard error), as the settings say."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _told_exceptions,
    ]
    if not settings.log_pii:
        processors.append(_without_pii)
    processors += [_struck_out, _Timestamp(clock), _as_json if settings.log_format == "json" else _as_line]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(stream or sys.stderr),
    )
    root = logging.getLogger()
    root.handlers = [_Handed()]
    root.setLevel(max(level, logging.WARNING))
    logging.captureWarnings(capture=True)
    # Its lines have addresses with tokens in them; the doors write their own.
    logging.getLogger("aiohttp.access").propagate = False


class _Timestamp:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def __call__(self, _logger: Any, _method: str, event: EventDict) -> EventDict:
        return {"at": as_text(self._clock()), **event}


class _Handed(logging.Handler):
    """What libraries log, as lines of ours: the pattern is the sentence, what was filled into it personal data."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._emit(record)
        except Exception:
            self.handleError(record)

    def _emit(self, record: logging.LogRecord) -> None:
        first, _, rest = record.getMessage().partition("\n")
        is_pattern = bool(record.args) and isinstance(record.msg, str)
        sentence = first if record.name in _QUOTED else str(record.msg) if is_pattern else "a library wrote a line"
        log = structlog.get_logger()
        fields: dict[str, Any] = {"logger": record.name, "where": f"{record.module}:{record.lineno}"}
        if sentence != first or rest:
            fields["pii"] = {"text": record.getMessage()}
        if record.exc_info and record.exc_info[1]:
            fields["exc_info"] = record.exc_info
        log.log(record.levelno, sentence, **fields)


def _told_exceptions(_logger: Any, _method: str, event: EventDict) -> EventDict:
    error = _exception(event.pop("exc_info", None))
    if error is None:
        return event
    event["exception"] = _places(error)
    event["pii"] = {**_mapping(event.get("pii")), "exception": "".join(traceback.format_exception_only(error)).strip()}
    return event


def _exception(exc_info: ExcInfo | BaseException | bool | None) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1]
    return sys.exc_info()[1] if exc_info else None


def _places(error: BaseException) -> list[str]:
    """The classes of an exception and of what caused it, each followed by its places, the innermost last."""
    told: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(seen) < _DEEPEST:
        seen.add(id(current))
        told = [f"{type(current).__module__}.{type(current).__qualname__}", *_frames(current.__traceback__), *told]
        if isinstance(current, BaseExceptionGroup) and current.exceptions:
            current = current.exceptions[0]
        else:
            current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return told


def _frames(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-20:]
    return [f"  {_short(frame.filename)}:{frame.lineno} in {frame.name}" for frame in frames]


def _short(filename: str) -> str:
    path = Path(filename)
    inside = path.relative_to(_ROOT) if path.is_relative_to(_ROOT) else path
    return inside.as_posix().rpartition("site-packages/")[2]


def _struck_out(_logger: Any, _method: str, event: EventDict) -> EventDict:
    return {name: _struck(name, value, _DEEPEST) for name, value in event.items()}


def _struck(name: str, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if _is_secret(name):
        return _STRUCK
    if isinstance(value, str):
        return _without_secrets(value)
    if isinstance(value, Mapping) and depth:
        return {str(key): _struck(str(key), part, depth - 1) for key, part in value.items()}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes) and depth:
        return [_struck("", part, depth - 1) for part in value]
    return _without_secrets(repr(value))


@lru_cache(maxsize=1_000)
def _is_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _without_secrets(text: str) -> str:
    if not _MAY_BE_SECRET.search(text):
        return text
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def _without_pii(_logger: Any, _method: str, event: EventDict) -> EventDict:
    event.pop("pii", None)
    return event


def _as_json(_logger: Any, _method: str, event: EventDict) -> str:
    return _encode(event)


def _as_line(_logger: Any, _method: str, event: EventDict) -> str:
    at, level, sentence = (str(event.pop(name, "")) for name in ("at", "level", "event"))
    places = event.pop("exception", [])
    fields = "".join(f"  {name}={_plain(value)}" for name, value in event.items())
    return "\n    ".join([f"{at[11:19]} {level:<7} {sentence}{fields}", *places])


def _plain(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"[\w.:/@+-]+", value):
        return value
    return json.dumps(value, ensure_ascii=False, default=repr)


def _mapping(value: Any) -> MutableMapping[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {} if value is None else {"value": value}
