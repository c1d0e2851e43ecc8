"""The doctor looks at the machine and says in words what is wrong with it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hub.config import Settings, load_settings
from hub.doctor import Level, machine
from hub.doctor.findings import fine, warning, wrong
from tests.peers.children import free_port

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.mark.parametrize(
    ("version", "level"),
    [
        ((3, 10, 99), Level.WRONG),
        ((2, 7, 18), Level.WRONG),
        ((3, 11, 14), Level.WARNING),
        ((3, 11, 15), Level.FINE),
        ((3, 12, 12), Level.WARNING),
        ((3, 12, 13), Level.FINE),
        ((3, 13, 11), Level.WARNING),
        ((3, 13, 12), Level.FINE),
        ((3, 14, 2), Level.WARNING),
        ((3, 14, 3), Level.FINE),
        ((3, 15, 0), Level.FINE),
        ((4, 11, 0), Level.FINE),
    ],
)
def test_a_python_with_a_known_fault_is_named(version: tuple[int, ...], level: Level) -> None:
    found = machine.python(version)
    assert found.level is level
    assert ".".join(map(str, version)) in found.sentence
    assert bool(found.advice) is (level is not Level.FINE)


def test_a_finding_reads_as_a_sentence_with_its_advice_below() -> None:
    assert str(fine("All is well.")) == "fine     All is well."
    assert str(wrong("The disk is full.", "Make room.")) == "wrong    The disk is full.\n         Make room."
    assert not warning("It works, but.", "Look.").is_wrong
    assert wrong("No.", "Yes.").is_wrong


def test_a_folder_that_can_be_made_or_written_is_fine(tmp_path: Path) -> None:
    assert machine.folder(Settings(data_dir=tmp_path)).level is Level.FINE
    assert machine.folder(Settings(data_dir=tmp_path / "a" / "b")).level is Level.FINE
    assert not (tmp_path / "a").exists()
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    found = machine.folder(Settings(data_dir=tmp_path / "var"))
    assert found.is_wrong
    assert "HUB_DATA_DIR" in found.advice
    under = machine.folder(Settings(data_dir=tmp_path / "var" / "deeper"))
    assert under.is_wrong


def test_a_disk_that_is_nearly_full_is_told_before_it_is() -> None:
    place = Path("/data")
    assert machine.room(99 * 2**20, place).level is Level.WRONG
    assert machine.room(2**30, place).level is Level.WARNING
    assert machine.room(50 * 2**30, place).sentence == "50.0 GiB are free at /data."


def test_free_space_is_looked_for_where_the_folder_will_be(tmp_path: Path) -> None:
    assert str(tmp_path) in machine.space(Settings(data_dir=tmp_path / "not" / "yet")).sentence


def test_a_console_that_was_not_built_is_missed(tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    assert "make build" in machine.console(page).advice
    page.write_text("<!doctype html>")
    assert machine.console(page).level is Level.FINE


async def test_a_free_port_is_fine() -> None:
    found = await machine.port(Settings(port=free_port()))
    assert found.level is Level.FINE
    assert "free" in found.sentence


async def heard_at(port: int, serve: Serve) -> tuple[Level, str]:
    async with await asyncio.start_server(serve, "127.0.0.1", port):
        found = await machine.port(Settings(port=port, host="0.0.0.0"))
    return found.level, found.sentence


async def test_a_hub_that_is_running_is_recognised() -> None:
    async def hub(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nalive\n")
        writer.close()

    level, sentence = await heard_at(free_port(), hub)
    assert (level, "A hub is running" in sentence) == (Level.FINE, True)


async def test_another_program_at_the_port_is_told() -> None:
    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    level, sentence = await heard_at(free_port(), other)
    assert (level, "Another program" in sentence) == (Level.WRONG, True)


async def test_a_port_that_is_bound_but_does_not_listen_cannot_be_had() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        found = await machine.port(Settings(port=holder.getsockname()[1]))
    assert found.is_wrong
    assert "HUB_PORT" in found.advice


async def test_an_address_of_another_machine_cannot_be_listened_at() -> None:
    found = await machine.port(Settings(host="192.0.2.1", port=free_port()))
    assert found.is_wrong
    assert "HUB_HOST" in found.advice


def levels(**env: str) -> list[Level]:
    return [found.level for found in machine.outside(load_settings(env))]


def test_a_trial_on_one_machine_needs_no_encryption() -> None:
    assert levels() == [Level.FINE, Level.FINE]


def test_a_public_hub_without_encryption_is_wrong() -> None:
    assert Level.WRONG in levels(HUB_PUBLIC_URL="http://hub.example")


def test_a_public_hub_wants_a_second_host_for_files_and_a_proxy_to_trust() -> None:
    assert levels(HUB_PUBLIC_URL="https://hub.example") == [Level.FINE, Level.WARNING, Level.WARNING]
    whole = levels(
        HUB_PUBLIC_URL="https://hub.example", HUB_FILES_URL="https://files.example", HUB_TRUSTED_PROXIES="10.0.0.1"
    )
    assert whole == [Level.FINE, Level.FINE]
