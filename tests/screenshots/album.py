"""`index.html`: every picture in a grid, a row for each screen."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final

_STYLE: Final = """
body{margin:24px;font:14px/1.5 system-ui,sans-serif;background:#ececf0;color:#1b1b22}
h2{margin:32px 0 8px;font-size:16px}div{display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start}
figure{margin:0}img{display:block;height:260px;border:1px solid #c9c9d2;background:#fff}
figcaption{font-size:12px;color:#4e4e5a}p.bad{color:#b3261e;white-space:pre-wrap}
"""


def write_album(folder: Path, pictures: Sequence[Path], failures: Sequence[str]) -> Path:
    """Write the page that shows `pictures`, grouped by screen, and what went wrong."""
    by_screen: dict[str, list[Path]] = {}
    for picture in pictures:
        by_screen.setdefault(picture.name.split(".")[0], []).append(picture)
    rows = "".join(_row(name, sorted(found)) for name, found in by_screen.items())
    bad = "".join(f'<p class="bad">{escape(words)}</p>' for words in failures)
    page = folder / "index.html"
    page.write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Screens</title>'
        f"<style>{_STYLE}</style><h1>{len(pictures)} pictures of {len(by_screen)} screens</h1>{bad}{rows}</html>",
        encoding="utf-8",
    )
    return page


def _row(name: str, pictures: Sequence[Path]) -> str:
    figures = "".join(
        f'<figure><a href="{picture.name}"><img loading="lazy" src="{picture.name}" alt="{escape(picture.stem)}"></a>'
        f"<figcaption>{escape(picture.stem.partition('.')[2])}</figcaption></figure>"
        for picture in pictures
    )
    return f'<h2 id="{escape(name)}">{escape(name)}</h2><div>{figures}</div>'
