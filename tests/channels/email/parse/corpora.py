"""The corpora of mails beside the project, where they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

_NOT_MAILS = {".json", ".md", ".html"}


def email_corpus(name: str = "") -> Path:
    """The folder of one corpus, or of all. Skips, saying so, where the corpora are not."""
    here = Path(__file__).resolve()
    for parent in here.parents:
        folder = parent / ".." / "shared" / "corpora" / "email"
        if folder.is_dir():
            return (folder / name).resolve()
    pytest.skip("The corpora are not beside this checkout")


def files_of(folder: Path) -> Iterator[Path]:
    """Every file that is a mail or the text of one."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in _NOT_MAILS and path.name not in {"LICENSE", ".gitignore"}:
            yield path
