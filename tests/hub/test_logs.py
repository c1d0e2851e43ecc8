"""A log line says what happened without saying whom it happened to, and never a secret."""

from __future__ import annotations

import io
import json
import logging
import re
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from hub.config import Settings
from hub.logs import configure
from tests.peers.clock import VirtualClock


class Written:
    """What was logged since `begin`."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    def begin(self, **settings: Any) -> None:
        configure(Settings(**settings), stream=self.stream, clock=VirtualClock())

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def written() -> Iterator[Written]:
    root = logging.getLogger()
    before = root.handlers, root.level
    yield Written()
    root.handlers, root.level = before
    logging.captureWarnings(capture=False)
    logging.getLogger("aiohttp.access").propagate = True
    structlog.reset_defaults()


def test_a_line_is_one_json_object_with_its_time_and_level(written: Written) -> None:
    written.begin()
    structlog.get_logger().info("the hub listens", port=8080, host="::1")
    assert written.lines == [
        {"at": "2026-01-05T09:00:00.000Z", "event": "the hub listens", "level": "info", "port": 8080, "host": "::1"}
    ]


def test_personal_data_is_dropped_unless_it_is_asked_for(written: Written) -> None:
    for wanted in (False, True):
        written.begin(log_pii=wanted)
        structlog.get_logger().info("a message came", account=3, pii={"from": "ann@example.com"})
    dropped, kept = written.lines
    assert dropped["account"] == 3
    assert "pii" not in dropped
    assert kept["pii"] == {"from": "ann@example.com"}


def test_an_exception_is_told_by_its_places_and_its_text_is_personal(written: Written) -> None:
    def fail() -> None:
        try:
            raise KeyError("ann@example.com")
        except KeyError as error:
            raise ValueError("INSERT … parameters: ann@example.com") from error

    for wanted in (False, True):
        written.begin(log_pii=wanted)
        try:
            fail()
        except ValueError as error:
            structlog.get_logger().error("a write failed", exc_info=error)
    dropped, kept = written.lines
    assert "ann@example.com" not in json.dumps(dropped)
    assert dropped["exception"][0] == "builtins.KeyError"
    assert "builtins.ValueError" in dropped["exception"]
    assert re.fullmatch(r"  tests/hub/test_logs\.py:\d+ in fail", dropped["exception"][1])
    assert "ann@example.com" in kept["pii"]["exception"]


def test_a_group_of_exceptions_leads_to_the_first_of_them(written: Written) -> None:
    written.begin()
    try:
        raise ExceptionGroup("several", [OSError("one"), KeyError("two")])
    except ExceptionGroup as error:
        structlog.get_logger().error("workers failed", exc_info=error)
    assert [line for line in written.lines[0]["exception"] if not line.startswith(" ")] == [
        "builtins.OSError",
        "builtins.ExceptionGroup",
    ]


SECRET = "hunter2hunter2"


@pytest.mark.parametrize(
    "fields",
    [
        {"token": SECRET},
        {"api_token": SECRET},
        {"Authorization": f"Bearer {SECRET}"},
        {"header": f"Authorization: Bearer {SECRET}"},
        {"header": f"basic {SECRET}="},
        {"cookie": f"hub_session={SECRET}"},
        {"headers": {"Cookie": f"a=b; hub_session={SECRET}"}},
        {"headers": [("Set-Cookie", f"hub_session={SECRET}; HttpOnly")]},
        {"url": f"postgresql://hub:{SECRET}@db/hub"},
        {"url": f"https://hub.example/sign-in/{SECRET}"},
        {"path": f"/files/{SECRET}"},
        {"query": f"a=1&token={SECRET}&b=2"},
        {"outer": {"inner": [{"password": SECRET}]}},
        {"settings": Settings(secret_key=SECRET * 4)},
        {"secret_key_given": b"\0", "signature": SECRET.encode()},
        {"pii": {"webhook_secret": SECRET, "text": f"password={SECRET}"}},
    ],
)
def test_a_secret_is_struck_out_wherever_it_stands(fields: dict[str, Any], written: Written) -> None:
    for form in ("json", "console"):
        written.begin(log_pii=True, log_format=form)
        structlog.get_logger().warning("something happened", **fields)
    assert "something happened" in written.text
    assert SECRET not in written.text


def test_words_that_only_sound_like_secrets_stay(written: Written) -> None:
    written.begin()
    structlog.get_logger().info("counted", tokens_left=3, path="/api/v1/files/7", ticket=None, kind="bearer of news")
    line = written.lines[0]
    assert (line["tokens_left"], line["path"], line["kind"]) == (3, "/api/v1/files/7", "bearer of news")


def test_what_libraries_log_becomes_a_line_of_ours_without_what_was_filled_in(written: Written) -> None:
    written.begin()
    logging.getLogger("aiohttp.server").error("Error handling request from %s", "203.0.113.9")
    put_together = "mail of " + "ann@example.com"
    logging.getLogger("library").warning(put_together)
    first, second = written.lines
    assert (first["event"], first["logger"], first["level"]) == (
        "Error handling request from %s",
        "aiohttp.server",
        "error",
    )
    assert second["event"] == "a library wrote a line"
    assert "ann@example.com" not in written.text
    assert "203.0.113.9" not in written.text
    written.begin(log_pii=True)
    logging.getLogger("library").warning("mail of %s was odd", "ann@example.com")
    assert written.lines[-1]["pii"] == {"text": "mail of ann@example.com was odd"}


def test_what_asyncio_says_keeps_its_sentence_and_loses_its_details(written: Written) -> None:
    written.begin()
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: <Task ann@example.com>")
    assert written.lines[0]["event"] == "Task exception was never retrieved"
    assert "ann" not in written.text


def test_warnings_are_logged_and_idle_chatter_is_not(written: Written) -> None:
    written.begin()
    logging.getLogger("library").info("chatter")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        written.begin()
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)
    assert "DeprecationWarning: old ways" in written.lines[-1]["event"]
    assert "chatter" not in written.text


def test_the_servers_own_access_log_is_silent(written: Written) -> None:
    written.begin(log_level="debug")
    logging.getLogger("aiohttp.access").warning("GET /sign-in/%s", "abc")
    assert written.text == ""


def test_less_serious_lines_than_asked_for_are_not_written(written: Written) -> None:
    written.begin(log_level="warning")
    log = structlog.get_logger()
    log.info("small")
    log.warning("large")
    assert [line["event"] for line in written.lines] == ["large"]


def test_a_line_for_people_is_one_line_whatever_a_stranger_sent(written: Written) -> None:
    written.begin(log_format="console")
    structlog.get_logger().info("a file came", name="a\r\n09:00:00 info forged", kind="image/png")
    assert written.text == '09:00:00 info    a file came  name="a\\r\\n09:00:00 info forged"  kind=image/png\n'
