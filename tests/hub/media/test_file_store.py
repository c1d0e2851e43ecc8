"""Bytes of strangers are received in a stream, named at random, typed by what they are, and durable when told so."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import re
import resource
import stat
import struct
import zipfile
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from obstore.store import LocalStore
from PIL import Image

from crm_core.words.errors import NotFound, StoreFull, TooLarge
from hub.config import Settings
from hub.machinery.media import FileStore, Links, may_show, served_as
from hub.machinery.media.shelves import Bucket, Folder, Shelf
from tests.peers.clock import VirtualClock
from tests.peers.disks import SmallShelf

KEY = b"k" * 48


async def chunked(content: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def store_on(shelf: Shelf, folder: Path, *, limit: int = 1 << 20) -> FileStore:
    incoming = folder / "incoming"
    incoming.mkdir(exist_ok=True)
    return FileStore(shelf, incoming, Links(b"k" * 32, VirtualClock(), "http://127.0.0.1"), limit=limit)


@pytest.fixture
def store(tmp_path: Path, clock: VirtualClock) -> FileStore:
    return FileStore.open(Settings(data_dir=tmp_path), KEY, clock)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def content_of(store: FileStore, name: str, start: int = 0, length: int = 1 << 30) -> bytes:
    return b"".join([chunk async for chunk in store.read(name, start, length)])


def picture(form: str, size: tuple[int, int] = (30, 20), **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, form, **options)
    return out.getvalue()


def png_header(width: int, height: int) -> bytes:
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return head + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))


def zipped(*names: str, first: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        if first:
            file.writestr(zipfile.ZipInfo("mimetype"), first)
        for name in names:
            file.writestr(name, b"x" * 9000)
    return out.getvalue()


async def test_what_was_received_can_be_read_again_whole_and_in_part(store: FileStore) -> None:
    content = os.urandom(700_000)
    stored = await store.receive(chunked(content), "photo.bin")
    assert (stored.size, stored.sha256) == (700_000, hashlib.sha256(content).hexdigest())
    assert await content_of(store, stored.stored_as) == content
    assert await content_of(store, stored.stored_as, 600_000, 5) == content[600_000:600_005]


async def test_names_on_the_disk_are_random_and_tell_nothing(store: FileStore, tmp_path: Path) -> None:
    names = {(await store.receive(chunked(b"same"), ".htaccess")).stored_as for _ in range(20)}
    assert len(names) == 20
    assert all(re.fullmatch("[0-9a-f]{32}", name) for name in names)
    kept = files_in(tmp_path)
    assert {path.name for path in kept} == names
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}


async def test_a_file_above_the_limit_is_refused_while_it_is_still_coming(tmp_path: Path) -> None:
    store = store_on(Folder(tmp_path), tmp_path, limit=5000)
    taken = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            taken.append(1000)
            yield b"x" * 1000

    with pytest.raises(TooLarge, match=r"at most 4\.88 KiB"):
        await store.receive(endless(), "big")
    assert sum(taken) == 6000
    assert not files_in(tmp_path)


async def test_a_file_of_exactly_the_limit_is_kept(tmp_path: Path) -> None:
    store = store_on(Folder(tmp_path), tmp_path, limit=5000)
    assert (await store.receive(chunked(b"x" * 5000), "full")).size == 5000
    with pytest.raises(TooLarge):
        await store.receive(chunked(b"x" * 101), "a", limit=100)
    with pytest.raises(TooLarge):
        await store.receive(chunked(b"x" * 5001), "a", limit=1 << 30)


async def test_an_empty_file_is_a_file(store: FileStore) -> None:
    stored = await store.receive(chunked(b""), "")
    assert (stored.size, stored.type, stored.name) == (0, "text/plain", "file")
    assert await content_of(store, stored.stored_as) == b""


async def test_nothing_is_left_of_an_upload_that_broke_off(store: FileStore, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 3_000_000
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await store.receive(broken(), "half")
    assert not files_in(tmp_path)


async def test_nothing_is_left_of_an_upload_whose_request_was_cancelled(store: FileStore, tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def stalled() -> AsyncIterator[bytes]:
        yield b"x" * 3_000_000
        begun.set()
        await asyncio.Event().wait()

    upload = asyncio.ensure_future(store.receive(stalled(), "half"))
    await begun.wait()
    upload.cancel()
    with pytest.raises(asyncio.CancelledError):
        await upload
    assert not files_in(tmp_path)


async def test_a_full_disk_is_told_before_anything_is_acknowledged(tmp_path: Path) -> None:
    shelf = SmallShelf(quota=10_000)
    store = store_on(shelf, tmp_path)
    first = await store.receive(chunked(b"x" * 6000), "fits")
    with pytest.raises(StoreFull) as caught:
        await store.receive(chunked(b"x" * 6000), "does not")
    assert caught.value.status == 503
    assert list(shelf.kept) == [first.stored_as]
    assert not files_in(tmp_path)
    await store.remove(first.stored_as)
    assert (await store.receive(chunked(b"x" * 6000), "fits again")).size == 6000


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """The kernel refuses this process to write files beyond `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_write_that_the_kernel_refuses_is_a_full_disk(store: FileStore, tmp_path: Path) -> None:
    with largest_file(2_000_000), pytest.raises(StoreFull):
        await store.receive(chunked(b"x" * 5_000_000, 500_000), "big")
    assert not files_in(tmp_path)


async def test_drafts_of_an_old_crash_are_thrown_away_and_those_of_a_neighbour_stay(
    tmp_path: Path, clock: VirtualClock
) -> None:
    incoming = tmp_path / "files" / "incoming-0"
    incoming.mkdir(parents=True)
    for name, age in (("old", 90_000), ("new", 60)):
        (incoming / name).write_bytes(b"x")
        os.utime(incoming / name, (clock() / 1000 - age,) * 2)
    FileStore.open(Settings(data_dir=tmp_path), KEY, clock)
    assert [path.name for path in files_in(tmp_path)] == ["new"]


@pytest.mark.parametrize("kind", ["folder", "bucket", "memory"])
async def test_every_shelf_keeps_gives_and_forgets(kind: str, tmp_path: Path) -> None:
    shelves: dict[str, Shelf] = {
        "folder": Folder(tmp_path / "shelf"),
        "bucket": Bucket(LocalStore(tmp_path / "shelf", mkdir=True)),
        "memory": SmallShelf(1 << 20),
    }
    store = store_on(shelves[kind], tmp_path)
    stored = await store.receive(chunked(b"0123456789"), "a")
    assert await content_of(store, stored.stored_as, 2, 3) == b"234"
    assert await content_of(store, stored.stored_as, 0, 10) == b"0123456789"
    await store.remove(stored.stored_as)
    await store.remove(stored.stored_as)
    with pytest.raises(NotFound):
        await content_of(store, stored.stored_as, 0, 1)


KINDS = [
    ("image/png", picture("PNG"), True),
    ("image/jpeg", picture("JPEG"), True),
    ("image/gif", picture("GIF"), True),
    ("image/webp", picture("WEBP"), True),
    ("image/webp", picture("WEBP", lossless=True), True),
    ("image/bmp", picture("BMP"), False),
    ("image/tiff", picture("TIFF"), False),
    ("application/pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", False),
    ("application/pdf", b"%PDF-1.7\nall letters", False),
    ("application/rtf", b"{\\rtf1 hello}", False),
    ("text/plain", "Привіт, 世界".encode(), False),
    ("text/plain", b"BMW and ID3 are words", False),
    ("text/plain", b"a < b", False),
    ("text/html", b"\xef\xbb\xbf \n<!DOCTYPE html><script>alert(1)</script>", False),
    ("text/html", b"<ScRipt>alert(1)</sCript>", False),
    (
        "image/svg+xml",
        b"<?xml version='1.0'?><!-- --><svg onload='alert(1)' xmlns='http://www.w3.org/2000/svg'/>",
        False,
    ),
    ("image/svg+xml", b"<SVG/onload=alert(1)>", False),
    (
        "application/xml",
        b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
        False,
    ),
    ("text/vcard", b"BEGIN:VCARD\r\nEND:VCARD", False),
    ("text/calendar", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR", False),
    ("audio/mpeg", b"ID3\x04\0\0\0\0\0\0", True),
    ("audio/mpeg", b"\xff\xfb\x90\0", True),
    ("audio/ogg", b"OggS\0\x02" + bytes(20) + b"OpusHead", True),
    ("video/ogg", b"OggS\0\x02" + bytes(20) + b"\x80theora", True),
    ("audio/wav", b"RIFF\0\0\0\0WAVEfmt ", True),
    ("audio/flac", b"fLaC\0\0\0\x22", True),
    ("audio/mp4", b"\0\0\0\x20ftypM4A \0\0\0\0", True),
    ("video/mp4", b"\0\0\0\x20ftypisom\0\0\x02\0", True),
    ("video/quicktime", b"\0\0\0\x14ftypqt  \0\0\0\0", False),
    ("video/3gpp", b"\0\0\0\x14ftyp3gp5\0\0\0\0", False),
    ("image/heic", b"\0\0\0\x18ftypheic\0\0\0\0", False),
    ("image/avif", b"\0\0\0\x18ftypavif\0\0\0\0", False),
    ("video/webm", b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm" + bytes(90) + b"V_VP9", True),
    ("audio/webm", b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm" + bytes(90) + b"A_OPUS", True),
    ("video/x-matroska", b"\x1a\x45\xdf\xa3\xa3\x42\x82\x88matroska", False),
    ("application/zip", zipped("a.txt"), False),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        zipped("[Content_Types].xml", "word/document.xml"),
        False,
    ),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        zipped("[Content_Types].xml", "xl/workbook.xml"),
        False,
    ),
    (
        "application/vnd.oasis.opendocument.text",
        zipped("content.xml", first=b"application/vnd.oasis.opendocument.text"),
        False,
    ),
    ("application/gzip", b"\x1f\x8b\x08\0", False),
    ("application/x-cfb", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(8), False),
    ("application/octet-stream", b"MZ\x90\0", False),
    ("application/octet-stream", b"\0<script>alert(1)</script>", False),
    ("application/octet-stream", "<script>".encode("utf-16"), False),
    ("application/octet-stream", b"RIFF\0\0\0\0ACON", False),
    ("application/octet-stream", b"\x1b[2J\x07\0", False),
]


@pytest.mark.parametrize(("kind", "content", "shown"), KINDS, ids=[f"{n}-{kind}" for n, (kind, *_) in enumerate(KINDS)])
async def test_a_file_is_what_its_bytes_say(kind: str, content: bytes, shown: bool, store: FileStore) -> None:
    for name in ("a.png", "a.html", "a.svg", "noname"):
        stored = await store.receive(chunked(content, 7), name)
        assert stored.type == kind
        assert may_show(stored.type, stored.width, stored.height) is shown


def test_what_a_browser_would_run_is_served_as_bytes_of_no_kind() -> None:
    for kind in ("text/html", "image/svg+xml", "application/xml"):
        assert served_as(kind) == "application/octet-stream"
    assert served_as("text/plain") == "text/plain; charset=utf-8"
    assert served_as("image/png") == "image/png"


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
@pytest.mark.parametrize("size", [(1, 1), (640, 480), (3, 1999)])
async def test_a_pictures_size_is_known_without_decoding_it(form: str, size: tuple[int, int], store: FileStore) -> None:
    options: list[dict[str, object]] = [{}, {"lossless": True}, {"exif": Image.Exif()}] if form == "WEBP" else [{}]
    for option in options:
        stored = await store.receive(chunked(picture(form, size, **option)), "p")
        assert (stored.width, stored.height) == size


async def test_a_photo_taken_sideways_has_the_size_in_which_it_is_shown(store: FileStore) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = await store.receive(chunked(picture("JPEG", (40, 30), exif=exif)), "p.jpg")
    assert (stored.width, stored.height) == (30, 40)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
async def test_a_truncated_picture_is_kept_and_harms_nobody(form: str, store: FileStore) -> None:
    whole = picture(form, (300, 200))
    for length in (4, 12, 20, 29, len(whole) // 2, len(whole) - 1):
        stored = await store.receive(chunked(whole[:length]), "p")
        assert stored.size == length
        assert (stored.width, stored.height) in [(300, 200), (None, None)]


@pytest.mark.parametrize(("width", "height"), [(20_000, 20_000), (2**31 - 1, 2**31 - 1), (40_000_001, 1)])
async def test_a_header_that_promises_a_vast_picture_is_never_shown(width: int, height: int, store: FileStore) -> None:
    stored = await store.receive(chunked(png_header(width, height)), "bomb.png")
    assert stored.type == "image/png"
    assert not may_show(stored.type, stored.width, stored.height)


async def test_a_vast_webp_and_gif_are_never_shown(store: FileStore) -> None:
    webp = b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + b"\xff\xff\xff" * 2
    gif = b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\0\0\0" + b"," + bytes(4) + b"\xff" * 4 + b"\0\x08\0;"
    for content in (webp, gif):
        stored = await store.receive(chunked(content), "bomb")
        assert not may_show(stored.type, stored.width, stored.height)


async def test_a_picture_that_is_a_script_too_is_only_ever_a_picture(store: FileStore) -> None:
    both = picture("GIF").replace(b"GIF87a", b"GIF89a") + b"*/=1;alert(document.domain)//<script>alert(1)</script>"
    stored = await store.receive(chunked(both), "x.js")
    assert served_as(stored.type) == "image/gif"
    letters = await store.receive(chunked(b"GIF89a=1;alert(document.domain)"), "x.gif")
    assert letters.type == "text/plain"
