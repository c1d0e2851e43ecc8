"""`hub parse`: asking why a stored message was read so."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from channels.email.anatomy.limits import MOST_PARTS
from channels.registry import find_channels
from crm_core.words.errors import Invalid, NotFound
from hub.parsing import explained
from tests.channels.email.parse.corpora import email_corpus, files_of

MAIL = b"From: Olena <olena@example.org>\nSubject: %s\n\nhi"


def stored(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_every_file_is_one_line_of_json_in_its_order(tmp_path: Path) -> None:
    files = [stored(tmp_path, f"{n}.eml", MAIL % str(n).encode()) for n in range(3)]
    lines = [json.loads(line) for line in explained("email", files)]
    assert [line["subject"] for line in lines] == ["0", "1", "2"]
    assert [line["file"] for line in lines] == [str(f) for f in files]


def test_a_file_that_is_no_mail_is_a_line_with_its_defects(tmp_path: Path) -> None:
    [line] = explained("email", [stored(tmp_path, "x", b"\x00\xff" * 500)])
    assert json.loads(line)["defects"]


def test_a_channel_that_is_not_there_is_named_beside_those_that_are() -> None:
    with pytest.raises(NotFound, match=r"fax.*email"):
        explained("fax", [])


def test_a_channel_whose_messages_have_no_stored_form_says_so() -> None:
    unable = [kind for kind, manifest in find_channels().items() if manifest.explain is None]
    for kind in unable:
        with pytest.raises(Invalid, match=kind):
            explained(kind, [])


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="absent"):
        explained("email", [tmp_path / "absent"])


@pytest.mark.parametrize(("kind", "code"), [("email", 0), ("fax", 2)])
def test_the_command_prints_the_lines_and_ends_with_a_code(tmp_path: Path, kind: str, code: int) -> None:
    file = stored(tmp_path, "a.eml", MAIL % b"hello")
    done = subprocess.run(
        [sys.executable, "-m", "hub.cli", "parse", kind, str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code
    if code:
        assert "no channel 'fax'" in done.stderr
    else:
        assert json.loads(done.stdout)["subject"] == "hello"


@pytest.mark.long
def test_the_command_explains_every_mail_of_the_corpora_within_its_bounds() -> None:
    files = list(files_of(email_corpus()))
    done = subprocess.run(
        [sys.executable, "-m", "hub.cli", "parse", "email", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["file"] for line in lines] == [str(file) for file in files]
    assert {defect for line in lines for defect in line["defects"]} & {"crash", "memory", "timeout"} == set()
    assert max(len(line["attachments"]) for line in lines) <= MOST_PARTS
