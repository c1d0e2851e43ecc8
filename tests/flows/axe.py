"""axe-core, which examines a page for what keeps people with a screen reader, a keyboard or weak eyes out."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from playwright.async_api import Frame

from tests.flows.hub_process import ROOT

FILE: Final = ROOT / "agent_ui" / "node_modules" / "axe-core" / "axe.min.js"
GRAVE: Final = ("serious", "critical")

# Frames are examined one by one, by whoever calls: axe in one has no word with axe in another.
_EXAMINE: Final = """() => window.axe.run(document, {
  resultTypes: ["violations"],
  iframes: false,
}).then((found) => found.violations.map(({ id, impact, help, nodes }) => ({
  id, impact, help,
  nodes: nodes.map(({ target, failureSummary }) => ({ target: target.join(" "), why: failureSummary })),
})))"""


class Axe:
    """axe-core, read once."""

    def __init__(self, file: Path = FILE) -> None:
        self._source = file.read_text(encoding="utf-8")

    async def examine(self, frame: Frame) -> list[str]:
        """What is serious or critical in the frame, in words; a line for each kind of fault."""
        if not await frame.evaluate("() => 'axe' in window"):
            await frame.evaluate(self._source)
        found: list[dict[str, Any]] = await frame.evaluate(_EXAMINE)
        return [_in_words(fault) for fault in found if fault["impact"] in GRAVE]


def _in_words(fault: dict[str, Any]) -> str:
    places = "; ".join(f"{node['target']} ({_first_reason(node['why'])})" for node in fault["nodes"][:4])
    more = f" and {len(fault['nodes']) - 4} more" if len(fault["nodes"]) > 4 else ""
    return f"{fault['impact']} {fault['id']}: {fault['help']}: {places}{more}"


def _first_reason(why: str) -> str:
    lines = [line.strip() for line in why.splitlines()]
    return lines[1] if len(lines) > 1 else why
