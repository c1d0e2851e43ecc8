#!/usr/bin/env python3
"""Looks at a running Asterisk and says what the hub would miss there, and what strangers could use.

Nothing is changed. Ends with 0 when everything is right, 1 when something is wrong. Python 3.9 and nothing else.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import secrets
import socket
import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

MODULES = (
    "res_ari_channels.so", "res_ari_bridges.so", "res_ari_recordings.so", "res_ari_asterisk.so", "res_stasis_snoop.so",
    "res_stasis_recording.so", "res_stasis_playback.so", "res_sorcery_memory.so", "res_srtp.so", "bridge_softmix.so",
    "bridge_holding.so", "res_http_media_cache.so", "res_pjsip_transport_websocket.so",
)  # fmt: skip
METHODS = ("REGISTER", "INVITE", "OPTIONS", "SUBSCRIBE", "MESSAGE", "REFER", "PUBLISH", "NOTIFY", "INFO", "BYE")
REFUSED = (401, 403, 404, 405, 407, 481, 489, 501, 603)
"""What a stranger may be answered; silence will do as well."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    step: str
    right: bool
    words: str


class Server:
    """The Asterisk, as the hub reaches it."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url.rstrip("/")
        self._sign_in = base64.b64encode(f"{user}:{password}".encode()).decode()

    def get(self, path: str, *, signed: bool = True) -> tuple[int, object]:
        """Status and body; 0 when nobody answers."""
        request = urllib.request.Request(f"{self.url}{path}")  # noqa: S310
        if signed:
            request.add_header("Authorization", f"Basic {self._sign_in}")
        try:
            with urllib.request.urlopen(request, timeout=5) as reply:  # noqa: S310
                return reply.status, json.loads(reply.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, None
        except (OSError, ValueError):
            return 0, None


def ari(server: Server, password: str) -> Iterator[Finding]:
    """The interface itself: there, with a password that is none of the usual ones."""
    status, told = server.get("/ari/asterisk/info")
    version = str(told.get("system", {}).get("version", "")) if isinstance(told, dict) else ""
    yield Finding("ari", status == 200, f"Asterisk {version}" if status == 200 else f"answers {status or 'nothing'}")
    open_to_all = server.get("/ari/asterisk/info", signed=False)[0] == 200
    yield Finding("ari password", not open_to_all, "is asked for" if not open_to_all else "nobody asks for one")
    weak = password in ("CHANGE-ME", "asterisk", "secret", "password", "admin") or len(password) < 12
    yield Finding("ari password", not weak, "is long enough" if not weak else "is short or a usual one: change it")
    major = re.match(r"\d+", version)
    if major:
        yield Finding("version", int(major[0]) >= 20, f"{version}: 20 or newer is needed")


def modules(server: Server) -> Iterator[Finding]:
    """What the hub uses is loaded."""
    for name in MODULES:
        status, told = server.get(f"/ari/asterisk/modules/{name}")
        running = status == 200 and isinstance(told, dict) and told.get("status") == "Running"
        if not running:
            yield Finding("modules", False, f"{name} is not loaded")
    yield Finding("modules", True, f"{len(MODULES)} looked for")


def network(server: Server, addresses: list[str]) -> Iterator[Finding]:
    """ARI in clear answers on no address but this machine's own."""
    parts = urlsplit(server.url)
    for address in addresses:
        try:
            with socket.create_connection((address, parts.port or 80), timeout=2):
                answered = True
        except OSError:
            answered = False
        bad = answered and parts.scheme == "http"
        words = (
            f"port {parts.port} answers in clear on {address}: bind it to 127.0.0.1" if bad else f"closed on {address}"
        )
        yield Finding("network", not bad, words)


def softphones(server: Server) -> Iterator[Finding]:
    """SIP over WebSocket is spoken, and endpoints can be made in memory."""
    parts = urlsplit(server.url)
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    asked = (
        f"GET /ws HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n\r\n"
    )
    answer = b""
    if parts.scheme == "http":
        try:
            with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=3) as plug:
                plug.sendall(asked.encode())
                answer = plug.recv(200)
        except OSError:
            pass
        right = b" 101 " in answer.split(b"\r\n")[0]
        yield Finding("softphones", right, "SIP over WebSocket is there" if right else "/ws does not speak SIP")
    status, _ = server.get("/ari/asterisk/config/dynamic/res_pjsip/endpoint/switchboard-check")
    right = status == 404
    yield Finding("sorcery", right, "endpoints can be made" if right else f"sorcery.conf has no memory ({status})")


def sip(host: str, port: int, source: str) -> Iterator[Finding]:
    """A stranger is refused, whatever they ask, and learns nothing of who is here."""
    for method in METHODS:
        status = _ask_as_stranger(host, port, source, method)
        right = status == 0 or status in REFUSED
        yield Finding("sip", right, f"{method} of a stranger is answered {status or 'by silence'}")


def _ask_as_stranger(host: str, port: int, source: str, method: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        plug.bind((source, 0))
        plug.settimeout(1.5)
        own = f"{source}:{plug.getsockname()[1]}" if source else f"127.0.0.1:{plug.getsockname()[1]}"
        tag, call = secrets.token_hex(4), secrets.token_hex(8)
        message = (
            f"{method} sip:100@{host}:{port} SIP/2.0\r\nVia: SIP/2.0/UDP {own};rport;branch=z9hG4bK{tag}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:stranger@{own}>;tag={tag}\r\nTo: <sip:100@{host}>\r\nCall-ID: {call}\r\n"
            f"CSeq: 1 {method}\r\nContact: <sip:stranger@{own}>\r\nEvent: presence\r\nRefer-To: <sip:+1900@{host}>\r\n"
            "Expires: 60\r\nContent-Length: 0\r\n\r\n"
        )
        try:
            plug.sendto(message.encode(), (host, port))
            while True:
                answer = plug.recv(4_000)
                found = re.match(rb"SIP/2.0 (\d{3})", answer)
                if found and int(found[1]) >= 200:
                    return int(found[1])
        except OSError:
            return 0


def folders(spool: Path) -> Iterator[Finding]:
    """Recordings can be written, and are not everybody's to read."""
    place = spool / "recording"
    if not place.is_dir():
        yield Finding("recordings", False, f"{place} is missing: ARI does not make it")
        return
    mode = place.stat().st_mode
    yield Finding("recordings", os.access(place, os.W_OK), f"{place} can be written")
    yield Finding("recordings", not mode & 0o002, f"{place} is writable for {'all' if mode & 0o002 else 'its owner'}")


def certificates(host: str, port: int) -> Iterator[Finding]:
    """Where TLS is offered, its certificate is valid for the name."""
    try:
        plug = socket.create_connection((host, port), timeout=3)
        with plug, ssl.create_default_context().wrap_socket(plug, server_hostname=host):
            yield Finding("tls", True, f"{host}:{port} has a valid certificate")
    except ssl.SSLError as error:
        yield Finding("tls", False, f"{host}:{port}: {error.reason}")
    except OSError:
        yield Finding("tls", False, f"nobody answers on {host}:{port}")


def own_addresses() -> list[str]:
    """This machine's addresses but the loopback's."""
    try:
        found = socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
    except OSError:
        found = []
    known = {str(info[4][0]) for info in found}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent by this: it only asks by which address the world would be reached.
            probe.connect(("192.0.2.1", 9))
            known.add(str(probe.getsockname()[0]))
        except OSError:
            pass
    return sorted(address for address in known if not address.startswith("127."))


def main() -> int:
    """Look at everything and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8088")
    parser.add_argument("--user", default="switchboard")
    parser.add_argument("--password", default=os.environ.get("ARI_PASSWORD", ""))
    parser.add_argument("--sip", default="127.0.0.1:5060", help="host:port of SIP over UDP")
    parser.add_argument("--stranger", default="127.0.0.9", help="an address of this machine that is no trunk's")
    parser.add_argument("--spool", type=Path, default=Path("/var/spool/asterisk"))
    parser.add_argument("--tls", default="", help="host:port of Asterisk's HTTPS, if the hub is elsewhere")
    options = parser.parse_args()
    if urlsplit(options.url).scheme not in ("http", "https"):
        parser.error("--url begins with http:// or https://")
    server = Server(options.url, options.user, options.password)
    host, _, port = options.sip.partition(":")
    findings = [*ari(server, options.password)]
    if findings[0].right:
        findings += [*modules(server), *softphones(server)]
    findings += [*network(server, own_addresses()), *sip(host, int(port or 5060), options.stranger)]
    findings += folders(options.spool)
    if options.tls:
        name, _, tls_port = options.tls.partition(":")
        findings += certificates(name, int(tls_port or 8089))
    for one in findings:
        print(f"{'ok   ' if one.right else 'WRONG'}  {one.step}: {one.words}")  # noqa: T201
    return 0 if all(one.right for one in findings) else 1


if __name__ == "__main__":
    sys.exit(main())
