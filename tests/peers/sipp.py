"""SIPp as telephones: it speaks SIP and sends real sound and keys, and is nobody's idea of ours of how SIP goes."""

from __future__ import annotations

import atexit
import math
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from tests.peers.children import Child, unavailable

_SOUNDS: Final = "/usr/share/sip-tester"
_SDP: Final = """
v=0
o=phone 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-11,16
"""
_PCAP_HEAD: Final = 24
_BEFORE_SOUND: Final = 14 + 20 + 8 + 12
"""Ethernet, IPv4, UDP, RTP."""
_SHORT, _ALL = 30, 1_000_000
"""Packets of 30 ms."""
_KEYS: Final = {"*": "star", "#": "pound"}


def _message(text: str) -> str:
    return f"<![CDATA[\n\n{text.strip()}\n\n]]>"


@cache
def _silence(packets: int) -> Path:
    """The first packets of the recorded sound with nothing in them (A-law 0xD5), kept until the run is over."""
    source = Path(f"{_SOUNDS}/g711a.pcap").read_bytes()
    out, place = bytearray(source), _PCAP_HEAD
    while place < len(source) and packets > 0:
        packets -= 1
        size = int.from_bytes(source[place + 8 : place + 12], "little")
        sound = slice(place + 16 + _BEFORE_SOUND, place + 16 + size)
        out[sound] = b"\xd5" * len(out[sound])
        place += 16 + size
    path = Path(tempfile.mkdtemp(prefix="silence-")) / "silence.pcap"
    path.write_bytes(out[:place])
    atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
    return path


def _until_bye(*, talks: bool, sends: bool = True) -> str:
    """Send sound, or silence as a real telephone does, again and again until the other side hangs up."""
    bye = _message(
        """SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0"""
    )
    sound = f"{_SOUNDS}/g711a.pcap" if talks else str(_silence(_ALL))
    play = f'<nop><action><exec play_pcap_audio="{sound}"/></action></nop>' if sends else ""
    return f"""<label id="1"/>{play}
<recv request="BYE" timeout="7000" ontimeout="1"/>
<send>{bye}</send>"""


def _press(key: str, thinks: int) -> str:
    """Some silence first: a server that has heard nothing yet does not trust the first packets (strict RTP).

    And a second afterwards: the next sound would end this one.
    """
    sound = f"{_SOUNDS}/dtmf_2833_{_KEYS.get(key, key)}.pcap"
    return f"""<nop><action><exec play_pcap_audio="{_silence(_SHORT)}"/></action></nop>
<pause milliseconds="{thinks}"/><nop><action><exec play_pcap_audio="{sound}"/></action></nop>
<pause milliseconds="1000"/>"""


def _bye() -> str:
    bye = _message(
        """BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
[routes]
From: {caller};tag=[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0"""
    )
    return f'<send retrans="500">{bye}</send><recv response="200"/>'


def _calling(caller: str, headers: str, pressed: str, ending: str, *, media: str = "[media_port]") -> str:
    head = """Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: {caller};tag=[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>{tag}
Call-ID: [call_id]
CSeq: 1 {method}
Max-Forwards: 70"""
    invite = head.format(caller=caller, tag="", method="INVITE")
    ack = head.format(caller=caller, tag="[peer_tag_param]", method="ACK")
    more = f"\n{headers}" if headers else ""
    return f"""<send retrans="500">{
        _message(
            f'''INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
{invite}
Contact: <sip:phone@[local_ip]:[local_port]>{more}
Content-Type: application/sdp
Content-Length: [len]
{_SDP.replace("[media_port]", media)}'''
        )
    }</send>
<recv response="100" optional="true"/><recv response="180" optional="true"/><recv response="183" optional="true"/>
<recv response="486" optional="true" next="9"/><recv response="603" optional="true" next="9"/>
<recv response="200" rrs="true"/>
<send>{
        _message(
            f'''ACK [next_url] SIP/2.0
[routes]
{ack}
Content-Length: 0'''
        )
    }</send>
{pressed}{ending.replace("{caller}", caller)}
<nop next="10"/>
<label id="9"/>
<send>{
        _message(f'''ACK [next_url] SIP/2.0
{ack}
Content-Length: 0''')
    }</send>
<label id="10"/>"""


def _called(*, answers: bool, ring: int, status: str, media: str, ending: str) -> str:
    reply = """[last_Via:]
[last_From:]
[last_To:];tag=[pid]SIPpTag[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port];transport=[transport]>"""
    ringing = _message(f"SIP/2.0 180 Ringing\n{reply}\nContent-Length: 0")
    begin = f'<recv request="INVITE" rrs="true"/><send>{ringing}</send><pause milliseconds="{ring}"/>'
    if not answers:
        final = _message(f"SIP/2.0 {status}\n{reply}\nContent-Length: 0")
        return f'{begin}<send retrans="500">{final}</send><recv request="ACK"/>'
    offer = _SDP.replace("[media_port]", media)
    ok = _message(f"SIP/2.0 200 OK\n{reply}\nContent-Type: application/sdp\nContent-Length: [len]\n{offer}")
    return f'{begin}<send retrans="500">{ok}</send><recv request="ACK"/>{ending}'


class Ear:
    """Hears what is sent to a telephone: RTP with A-law, 8 000 samples a second."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.5)
        self.port: int = self._socket.getsockname()[1]

    def loudness(self) -> float:
        """Root mean square of the next packets, for a second and a half; 0 when none come."""
        samples: list[int] = []
        try:
            while len(samples) < 12_000:
                samples += [linear(byte) for byte in self._socket.recv(2_000)[12:]]
        except TimeoutError:
            pass
        return math.sqrt(sum(s * s for s in samples) / max(1, len(samples)))

    def close(self) -> None:
        self._socket.close()


def linear(byte: int) -> int:
    """One A-law byte as a 16 bit sample (ITU-T G.711)."""
    byte ^= 0x55
    exponent, mantissa = (byte >> 4) & 7, byte & 15
    size = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)
    return size if byte & 0x80 else -size


class Telephone:
    """A process of SIPp. `port` is where it can be called."""

    def __init__(self, scenario: str, *options: str, port: int | None = None) -> None:
        program = shutil.which("sipp")
        if program is None:
            unavailable("SIPp is not installed (apt-get install sip-tester)")
        folder = Path(tempfile.mkdtemp(prefix="sipp-"))
        file = folder / "scenario.xml"
        file.write_text(f'<?xml version="1.0" encoding="UTF-8" ?><scenario name="phone">{scenario}</scenario>')
        self.port = port or _port()
        words = [program, "-sf", file, "-i", "127.0.0.1", "-p", str(self.port), "-mi", "127.0.0.1"]
        words += ["-mp", str(_port()), "-nostdin", "-trace_err", "-error_file", str(folder / "errors")]
        self.child = Child([*words, *options], folder=folder)

    def vanish(self) -> None:
        """Lose power: no word to anybody."""
        self.child.kill()


@contextmanager
def caller(
    server: int,
    dialled: str,
    *,
    number: str = "+380441234567",
    name: str = "",
    headers: str = "",
    keys: str = "",
    thinks: int = 1_500,
    stays: int | None = None,
    talks: bool = True,
    sound_at: int | None = None,
) -> Iterator[Telephone]:
    """A telephone that calls `dialled` at the SIP port `server`, and talks until somebody hangs up.

    Its sound may be somebody else's, at the port `sound_at` of this machine; it sends none itself then.

    After `stays` ms it hangs up itself, saying nothing all the while. After `thinks` ms it presses `keys`; SIPp plays
    each of them with the same time stamp, so only the first is certain.
    """
    shown = f'"{name}" ' if name else ""
    pressed = "".join(_press(key, thinks) for key in keys)
    ending = (
        _until_bye(talks=talks, sends=sound_at is None) if stays is None else f'<pause milliseconds="{stays}"/>{_bye()}'
    )
    who = f"{shown}<sip:{number}@[local_ip]:[local_port]>"
    scenario = _calling(who, headers, pressed, ending, media=str(sound_at or "[media_port]"))
    phone = Telephone(scenario, f"127.0.0.1:{server}", "-s", dialled, "-m", "1")
    try:
        yield phone
    finally:
        phone.child.stop()


@contextmanager
def telephone(
    *,
    answers: bool = True,
    talks: bool = False,
    ear: Ear | None = None,
    ring: int = 100,
    status: str = "486 Busy Here",
    port: int | None = None,
    sound_at: int | None = None,
) -> Iterator[Telephone]:
    """A telephone that rings for so many ms, then answers, or says `status`.

    `ear` hears instead of it. All its sound may be somebody else's, at the port `sound_at`; it sends none itself then.
    """
    media = sound_at or (ear.port if ear else "[media_port]")
    ending = _until_bye(talks=talks, sends=sound_at is None)
    phone = Telephone(_called(answers=answers, ring=ring, status=status, media=str(media), ending=ending), port=port)
    try:
        yield phone
    finally:
        phone.child.stop()


def _port() -> int:
    """An even port with a free one above it, as sound and its control want."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port % 2 == 0:
            return port
