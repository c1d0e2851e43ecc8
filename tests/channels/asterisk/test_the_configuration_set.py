from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from channels.asterisk import MANIFEST
from channels.asterisk.examine import examine_asterisk
from channels.conformance import Bench
from channels.contract import Account, Finding, Problem
from hub.machinery.speech import AccountSpeech, Voice
from tests.channels.asterisk.house import House
from tests.peers.asterisk import PASSWORD, USER, Asterisk

pytestmark = pytest.mark.long

CHECK = Path(__file__).parents[3] / "deploy" / "asterisk" / "check.py"


def check(asterisk: Asterisk, password: str = PASSWORD, spool: Path | None = None) -> tuple[int, str]:
    """What the script says of the Asterisk of these tests."""
    words = [sys.executable, str(CHECK), "--url", asterisk.url, "--user", USER, "--password", password]
    words += ["--sip", f"127.0.0.1:{asterisk.sip_port}", "--spool", str(spool or asterisk.folder / "spool")]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=90)
    return done.returncode, done.stdout + done.stderr


def test_the_script_finds_nothing_wrong_with_the_set_as_it_is_shipped(asterisk: Asterisk) -> None:
    status, said = check(asterisk)
    assert "WRONG" not in said
    assert status == 0
    for step in ("ari password", "modules", "softphones", "sorcery", "INVITE", "REGISTER", "recordings"):
        assert step in said


@pytest.mark.parametrize(("password", "words"), [("secret", "answers 401"), ("CHANGE-ME", "a usual one")])
def test_the_script_finds_a_wrong_or_usual_password(asterisk: Asterisk, password: str, words: str) -> None:
    status, said = check(asterisk, password)
    assert status == 1
    assert words in said


def test_the_script_finds_that_recordings_have_no_folder(asterisk: Asterisk, tmp_path: Path) -> None:
    status, said = check(asterisk, spool=tmp_path)
    assert status == 1
    assert "recording is missing" in said


async def test_examining_an_account_tells_what_works_and_which_step_fails(house: House) -> None:
    async def steps(**changes: Any) -> list[tuple[str, Problem | None]]:
        facts = {"ari_url": house.asterisk.url, "user": USER, "password": PASSWORD, **changes}
        account = Account(7, "pub-key", "A line", MANIFEST.settings.model_validate(facts))
        tools = Bench(house.desk.now).tools(house.http)
        return [(one.step, one.problem) for one in await examine_asterisk(account, tools)]

    assert await steps() == [
        ("server", None), ("password", None), ("modules", None), ("recordings", None), ("softphones", None),
        ("sounds", Problem.MISSING),
    ]  # fmt: skip
    assert await steps(password="wrong") == [("server", None), ("password", Problem.PASSWORD)]
    assert await steps(ari_url="http://127.0.0.1:9") == [("server", Problem.UNREACHABLE)]
    assert await steps(ari_url="http://nowhere.invalid:8088") == [("server", Problem.NAME)]
    softphones = await steps(phone_url="ws://127.0.0.1:9/ws")
    assert softphones[-2] == ("softphones", Problem.UNREACHABLE)
    codes = ("greeting", "menu", "recording", "callback", "listening")
    assert (await steps(sounds=dict.fromkeys(codes, "sound:beep")))[-1] == ("sounds", None)


async def test_no_prompt_is_missing_where_the_hub_has_a_voice(house: House) -> None:
    facts = {"ari_url": house.asterisk.url, "user": USER, "password": PASSWORD}
    account = Account(7, "pub-key", "A line", MANIFEST.settings.model_validate(facts))
    speech = AccountSpeech(Voice(["voice"]), house.bench.files, house.desk.now)
    tools = replace(Bench(house.desk.now).tools(house.http), speech=speech)
    assert (await examine_asterisk(account, tools))[-1] == Finding(step="sounds")
