"""Prism between us and the stand-in of Twilio: with Twilio's own OpenAPI document it refuses what either gets wrong."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.peers.children import Child, free_port, unavailable

ROOT = Path(__file__).parents[2]
NPM = Path(__file__).parent / "npm" / "node_modules"
"""Filled by scripts/peers.sh."""
_DOCUMENTS = NPM / "@twilio-alpha" / "mcp" / "twilio-oai" / "spec" / "json"
_ACCOUNT = "/2010-04-01/Accounts/{AccountSid}"
PATHS = {
    "twilio_api_v2010.json": (
        "/2010-04-01/Accounts/{Sid}.json",
        f"{_ACCOUNT}/Messages.json",
        f"{_ACCOUNT}/Messages/{{Sid}}.json",
        f"{_ACCOUNT}/Messages/{{MessageSid}}/Media.json",
        f"{_ACCOUNT}/Messages/{{MessageSid}}/Media/{{Sid}}.json",
        f"{_ACCOUNT}/IncomingPhoneNumbers.json",
        f"{_ACCOUNT}/Calls.json",
        f"{_ACCOUNT}/Calls/{{Sid}}.json",
        f"{_ACCOUNT}/Calls/{{CallSid}}/Recordings.json",
        f"{_ACCOUNT}/Calls/{{CallSid}}/Recordings/{{Sid}}.json",
        f"{_ACCOUNT}/Recordings.json",
        f"{_ACCOUNT}/Recordings/{{Sid}}.json",
        f"{_ACCOUNT}/Conferences.json",
        f"{_ACCOUNT}/Conferences/{{Sid}}.json",
        f"{_ACCOUNT}/Conferences/{{ConferenceSid}}/Participants.json",
        f"{_ACCOUNT}/Conferences/{{ConferenceSid}}/Participants/{{CallSid}}.json",
    ),
    "twilio_messaging_v1.json": (
        "/v1/Services/{Sid}",
        "/v1/Services/{ServiceSid}/PhoneNumbers",
        "/v1/Services/{MessagingServiceSid}/ChannelSenders",
    ),
}
"""The resources that the channels use."""


class PrismServer:
    """A proxy towards `upstream` that answers 422 to a request, and 500 for an answer, that the document forbids."""

    def __init__(self, upstream: str) -> None:
        program = NPM / ".bin" / "prism"
        if not program.exists() or not _DOCUMENTS.exists():
            unavailable("Prism is not installed (scripts/peers.sh installs it by npm)")
        folder = Path(tempfile.mkdtemp(prefix="prism-"))
        document = folder / "twilio.json"
        document.write_text(json.dumps(twilio_document()), "utf-8")
        self.port = free_port()
        place = ["--host", "127.0.0.1", "--port", str(self.port), "--errors", "--verboseLevel", "warn"]
        # Where the machine has no Node.js, the project has one of its own, which no shebang line finds.
        node = subprocess.run([ROOT / "scripts" / "node.sh"], cwd=ROOT, capture_output=True, text=True, check=True)
        path = f"{node.stdout.strip()}:{os.environ.get('PATH', '')}"
        self.child = Child([program, "proxy", document, upstream, *place], folder=folder, environment={"PATH": path})
        self.child.wait_until(self._answers)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.child.stop()

    def _answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def twilio_document() -> dict[str, Any]:
    """The parts of Twilio's documents that concern us, as one; lists in forms are said by repeating the name."""
    whole: dict[str, Any] = {}
    for name, paths in PATHS.items():
        part = json.loads((_DOCUMENTS / name).read_text("utf-8"))
        part["paths"] = {path: part["paths"][path] for path in paths}
        if not whole:
            whole = part
            continue
        whole["paths"] |= part["paths"]
        for kind, components in part["components"].items():
            whole["components"].setdefault(kind, {}).update(components)
    for operations in whole["paths"].values():
        for operation in operations.values():
            if isinstance(operation, dict):
                _repeat_lists(operation)
                _relative_pages(operation)
    return whole


def _repeat_lists(operation: dict[str, Any]) -> None:
    for content in operation.get("requestBody", {}).get("content", {}).values():
        for name, schema in content["schema"].get("properties", {}).items():
            if schema.get("type") == "array":
                content.setdefault("encoding", {})[name] = {"style": "form", "explode": True}


def _relative_pages(operation: dict[str, Any]) -> None:
    """Let the addresses of pages be relative: the document calls them whole, and shows relative ones as examples."""
    for answer in operation.get("responses", {}).values():
        for content in answer.get("content", {}).values():
            for name, schema in content["schema"].get("properties", {}).items():
                if name.endswith("uri"):
                    schema.pop("format", None)
