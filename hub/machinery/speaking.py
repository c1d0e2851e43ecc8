"""The process that speaks: started by `hub.machinery.speech`, killed by it when some words take too long.

It holds espeak-ng, a library in C (GPL-3, from the package espeakng-loader), which reads what strangers may have
written: so it lives in a process of its own, may use 256 MB, writes no files, and ends by itself when nothing is asked
for ten minutes. It reads requests from standard input and answers on standard output: four bytes of length and
`[text, language]` as JSON; four bytes of length and a WAV file, of no length where nothing was said.
"""

from __future__ import annotations

import array
import ctypes
import io
import json
import os
import re
import resource
import select
import signal
import struct
import sys
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from PIL import Image

RATE: Final = 8_000
"""Samples a second, as telephones carry sound and as Asterisk plays WAV."""
LENGTH: Final = struct.Struct(">I")
LONGEST: Final = 120
"""Seconds of sound; the rest of a longer text is not said."""
IDLE_LIMIT: Final = 600.0
"""Seconds without a question after which it ends."""
MEMORY_LIMIT: Final = 256 * 1024 * 1024
_PACE: Final = 150
"""Words a minute: somewhat slower than espeak-ng's 175, for ears at a telephone."""
_TAG: Final = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}")
_CALLED: Final = {"zh": "cmn", "zh-hk": "yue", "no": "nb", "iw": "he", "in": "id"}
"""Languages whose voices espeak-ng calls otherwise (BCP 47 on the left)."""

# Of espeak-ng's speak_lib.h.
_SYNCHRONOUS: Final = 2
_DONT_EXIT: Final = 0x8000
_UTF_8: Final = 1
"""With this flag alone neither SSML nor `[[phonemes]]` in a text mean anything."""
_CHARACTER: Final = 1
_RATE_PARAMETER: Final = 1
_HEARD: Final = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class Mouth:
    """The library, loaded. Raises OSError when it cannot be."""

    def __init__(self, library: Path) -> None:
        self._library: Any = ctypes.CDLL(str(library))
        folder = os.fsencode(library.parent / "espeak-ng-data")
        self._rate = int(self._library.espeak_Initialize(_SYNCHRONOUS, 0, folder, _DONT_EXIT))
        if self._rate <= 0:
            raise OSError("espeak-ng finds no voices")
        self._sound = bytearray()
        # The library keeps no reference of its own.
        self._heard = _HEARD(self._hear)
        self._library.espeak_SetSynthCallback(self._heard)
        self._library.espeak_SetParameter(_RATE_PARAMETER, _PACE, 0)
        self._library.espeak_Synth.argtypes = (
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint,
            ctypes.c_void_p, ctypes.c_void_p,
        )  # fmt: skip

    def say(self, text: str, language: str) -> bytes:
        """A WAV file, or nothing where the text has no sound. A language without a voice is said by the English one."""
        words = "".join(c if c.isprintable() else " " for c in text).encode("utf-8", "replace") + b"\0"
        self._sound.clear()
        for name in voices(language):
            if self._library.espeak_SetVoiceByName(name.encode("ascii")) == 0:
                break
        self._library.espeak_Synth(words, len(words), 0, _CHARACTER, 0, _UTF_8, None, None)
        return wav(resampled(bytes(self._sound), self._rate)) if any(self._sound) else b""

    def _hear(self, samples: int | None, count: int, _events: object) -> int:
        """What the library calls with each piece of sound; an answer but 0 ends it."""
        if samples and count > 0:
            self._sound += ctypes.string_at(samples, count * 2)
        return int(len(self._sound) > LONGEST * self._rate * 2)


def voices(language: str) -> Iterator[str]:
    """The voices to try for a language, from its own to the English one. What is no language's tag is not handed on."""
    tag = language.lower()
    if _TAG.fullmatch(tag):
        main = tag.partition("-")[0]
        yield from (_CALLED.get(tag, tag), _CALLED.get(main, main))
    yield "en"


def resampled(sound: bytes, rate: int) -> bytes:
    """Samples of 16 bits at RATE instead of `rate`.

    To the pictures' library they are a picture one line high that is made narrower: the same filter (Lanczos), in C.
    """
    samples = array.array("i", array.array("h", sound))
    line = Image.frombuffer("I", (len(samples), 1), samples.tobytes(), "raw", "I", 0, 1)
    narrow = line.resize((max(1, len(samples) * RATE // rate), 1), Image.Resampling.LANCZOS)
    return array.array("h", (max(-32_768, min(32_767, s)) for s in array.array("i", narrow.tobytes()))).tobytes()


def wav(samples: bytes) -> bytes:
    """A file of samples at RATE."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(samples)
    return file.getvalue()


def serve(mouth: Mouth, source: BinaryIO, sink: BinaryIO) -> None:
    """Answer until the source ends or nothing comes for IDLE_LIMIT."""
    sink.write(LENGTH.pack(0))
    sink.flush()
    while select.select([source], [], [], IDLE_LIMIT)[0]:
        head = _whole(source, LENGTH.size)
        if len(head) < LENGTH.size:
            return
        text, language = json.loads(_whole(source, LENGTH.unpack(head)[0]))
        sound = mouth.say(text, language)
        sink.write(LENGTH.pack(len(sound)) + sound)
        sink.flush()


def _whole(source: BinaryIO, length: int) -> bytes:
    """All that was asked for from an unbuffered pipe; less where it ends."""
    read = bytearray()
    while len(read) < length and (more := source.read(length - len(read))):
        read += more
    return bytes(read)


def main() -> None:
    """Confine this process, load the library that the first argument names, and serve."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Whatever the library prints must not stand among the answers.
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as source, open(answers, "wb") as sink:
        serve(Mouth(Path(sys.argv[1])), source, sink)


if __name__ == "__main__":
    main()
