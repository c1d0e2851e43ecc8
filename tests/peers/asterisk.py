"""A real Asterisk 22 of the test run's own, with the configuration set of `deploy/asterisk` and ports of its own.

Debian 12 has none, so Debian's unstable is unpacked into a folder below the cache once (340 MB, a minute or two) and
Asterisk runs chrooted in it, which root alone can do.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import socket
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from tests.peers.certificates import Authority
from tests.peers.children import Child

SHIPPED: Final = Path(__file__).parents[2] / "deploy" / "asterisk" / "etc"
USER, PASSWORD, APP = "switchboard", "a-test's-password", "switchboard"
SKIPPED: Final = "Asterisk 22 cannot be unpacked here"
"""The reason to skip; README.md names it."""
_PACKAGES: Final = "asterisk,asterisk-modules,asterisk-core-sounds-en-gsm,asterisk-moh-opsound-gsm"
_DIRECTORIES: Final = """[directories]
astetcdir => {place}/etc
astmoddir => /usr/lib/x86_64-linux-gnu/asterisk/modules
astvarlibdir => /var/lib/asterisk
astdbdir => {place}/db
astkeydir => /var/lib/asterisk
astdatadir => /usr/share/asterisk
astagidir => /usr/share/asterisk/agi-bin
astspooldir => {place}/spool
astcachedir => {place}/cache
astrundir => {place}/run
astlogdir => {place}/log
[options]
documentation_language = en_US
"""


class NotUnpacked(Exception):
    """There can be no Asterisk on this machine. The text says why."""


def asterisk_root() -> Path:
    """The unpacked system, made by the first who asks. Skips the test where that is impossible."""
    try:
        return unpack()
    except NotUnpacked as error:
        print(f"{SKIPPED}: {error}")
        pytest.skip(SKIPPED)


def unpack() -> Path:
    """The unpacked system, made if it is not there yet. Raises NotUnpacked."""
    program = shutil.which("mmdebstrap")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "switchboard" / "asterisk"
    root = cache / "root"
    if os.geteuid() != 0:
        raise NotUnpacked("only root can chroot")
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (root / "usr/sbin/asterisk").exists():
            return root
        if program is None:
            raise NotUnpacked("mmdebstrap is not installed (apt-get install mmdebstrap)")
        building = cache / "building"
        shutil.rmtree(building, ignore_errors=True)
        options = ["--mode=root", "--variant=apt", f"--include={_PACKAGES}"]
        options += ["--aptopt=APT::Install-Recommends false", "--aptopt=Acquire::Check-Valid-Until false"]
        made = subprocess.run([program, *options, "sid", building], capture_output=True, text=True, check=False)
        if made.returncode:
            raise NotUnpacked(made.stderr[-500:])
        building.rename(root)
    return root


class Asterisk:
    """A running Asterisk. `folder` is its place in the file system of the tests.

    With an `authority` it also answers by TLS, as the authority's certificate says.
    """

    def __init__(self, authority: Authority | None = None) -> None:
        root = asterisk_root()
        self._authority = authority
        self.tls_port = _port(socket.SOCK_STREAM)
        self.http_port, self.sip_port = _port(socket.SOCK_STREAM), _port(socket.SOCK_DGRAM)
        self.trunk_port = _port(socket.SOCK_DGRAM)
        self._telephones: dict[str, int] = {}
        self.rtp_from = _port(socket.SOCK_DGRAM, most=50_000)
        self.folder = Path(tempfile.mkdtemp(prefix="run-", dir=root / "srv"))
        self._root, self._place = root, f"/srv/{self.folder.name}"
        for name in ("spool/recording", "spool/monitor", "spool/voicemail", "run", "db", "log", "cache"):
            (self.folder / name).mkdir(parents=True)
        self._configure()
        self.start()

    @property
    def url(self) -> str:
        """Where ARI and the softphones' WebSocket are."""
        return f"http://127.0.0.1:{self.http_port}"

    def start(self) -> None:
        """Start it (again)."""
        program = shutil.which("chroot") or "/usr/sbin/chroot"
        place = Path(tempfile.mkdtemp(prefix="asterisk-"))
        self.child = Child(
            [program, self._root, "asterisk", "-f", "-C", f"{self._place}/etc/asterisk.conf"], folder=place
        )
        self.child.wait_until(self._answers)

    def crash(self) -> None:
        """End it at once; `start` begins anew with nothing but its files."""
        self.child.kill()
        shutil.rmtree(self.child.folder, ignore_errors=True)

    def stop(self) -> None:
        self.child.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def cli(self, command: str) -> str:
        """What the console answers."""
        words = ["chroot", str(self._root), "asterisk", "-C", f"{self._place}/etc/asterisk.conf", "-rx", command]
        return subprocess.run(words, capture_output=True, text=True, check=True, timeout=20).stdout

    def ari(self, method: str, path: str, body: Any = None, **params: str) -> Any:
        """One request of a test's own; none for what is not there. Raises HTTPError."""
        url = f"{self.url}/ari{path}?{urllib.parse.urlencode(params)}"
        sent = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=sent, method=method, headers=self.headers)
        if sent is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=20) as reply:
                text: bytes = reply.read()
                kind = reply.headers.get_content_type()
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise
        return json.loads(text) if kind == "application/json" and text else text

    @property
    def headers(self) -> dict[str, str]:
        """How a test signs in."""
        return {"Authorization": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}

    def make_telephone(self, name: str, port: int) -> None:
        """A desk telephone at this port of the machine, without a password. No two tests may use one name.

        Asterisk keeps calling the first port of a name, whatever it is told later.
        """
        assert self._telephones.setdefault(name, port) == port, f"telephone {name} is another test's"
        self._put("aor", name, {"contact": f"sip:{name}@127.0.0.1:{port}", "max_contacts": "1"})
        facts = {"aors": name, "context": "switchboard-none", "disallow": "all", "allow": "alaw", "direct_media": "no"}
        self._put("endpoint", name, facts)

    def _put(self, kind: str, name: str, facts: Mapping[str, str]) -> None:
        fields = [{"attribute": attribute, "value": value} for attribute, value in facts.items()]
        self.ari("PUT", f"/asterisk/config/dynamic/res_pjsip/{kind}/{name}", {"fields": fields})

    def _configure(self) -> None:
        etc = self.folder / "etc"
        shutil.copytree(self._root / "etc/asterisk", etc)
        changes = {
            "ari.conf": {"password = CHANGE-ME": f"password = {PASSWORD}"},
            "http.conf": {"bindport = 8088": f"bindport = {self.http_port}"},
            "pjsip.conf": {
                "bind = 0.0.0.0:5060": f"bind = 127.0.0.1:{self.sip_port}",
                "contact = sip:192.0.2.1:5060": f"contact = sip:127.0.0.1:{self.trunk_port}",
                "match = 192.0.2.1": "match = 127.0.0.1",
                "qualify_frequency = 60": "qualify_frequency = 0",
            },
            "rtp.conf": {
                "rtpstart = 10000": f"rtpstart = {self.rtp_from}",
                "rtpend = 12000": f"rtpend = {self.rtp_from + 2000}",
            },
        }
        for shipped in SHIPPED.glob("*.conf"):
            text = shipped.read_text()
            for before, after in changes.pop(shipped.name, {}).items():
                assert before in text, f"{shipped.name} has no line {before!r} any more"
                text = text.replace(before, after)
            if shipped.name == "http.conf" and self._authority is not None:
                text = self._by_tls(text, self._authority)
            (etc / shipped.name).write_text(text)
        assert not changes, f"{sorted(changes)} are missing from {SHIPPED.name}"
        (etc / "asterisk.conf").write_text(_DIRECTORIES.format(place=self._place))

    def _by_tls(self, text: str, authority: Authority) -> str:
        """The lines that are shipped as comments, with addresses and files of this run."""
        keys = self.folder / "keys"
        keys.mkdir()
        (keys / "asterisk.crt").write_bytes(authority.certificate_pem)
        (keys / "asterisk.key").write_bytes(authority.key_pem)
        lines = [line.removeprefix(";   ") for line in text.splitlines() if line.startswith(";   tls")]
        assert len(lines) == 4, "http.conf says how TLS is turned on"
        said = "\n".join(lines).replace("10.0.0.5:8089", f"127.0.0.1:{self.tls_port}")
        return f"{text}\n{said.replace('/etc/asterisk/keys', f'{self._place}/keys')}\n"

    def _answers(self) -> bool:
        try:
            return self.ari("GET", "/asterisk/info") is not None
        except OSError:
            return False


def _port(kind: int, *, most: int = 65_535) -> int:
    """A port of 127.0.0.1 that nobody has."""
    while True:
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port <= most:
            return port


if __name__ == "__main__":
    try:
        print(unpack())
    except NotUnpacked as reason:
        raise SystemExit(str(reason)) from None
