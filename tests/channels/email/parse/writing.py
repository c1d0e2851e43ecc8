"""Mails for tests, written line by line."""

from __future__ import annotations

import base64

SENDER = "From: Olena Koval <olena@example.org>\nTo: Shop <shop@example.com>\n"


def mail(*headers: str, body: str | bytes = "", charset: str = "utf-8") -> bytes:
    """A mail from Olena to the shop with these further headers."""
    said = body if isinstance(body, bytes) else body.encode(charset)
    return (SENDER + "".join(f"{h}\n" for h in headers)).encode(charset) + b"\n" + said


def multipart(kind: str, *parts: bytes, boundary: str = "=edge=") -> bytes:
    """A mail of several parts, each with headers of its own."""
    edge = f"--{boundary}\n".encode()
    inside = b"".join(edge + part + b"\n" for part in parts) + f"--{boundary}--\n".encode()
    return mail("MIME-Version: 1.0", f'Content-Type: multipart/{kind}; boundary="{boundary}"', body=inside)


def part(kind: str, content: str | bytes, *headers: str) -> bytes:
    """A part; bytes are sent in base64."""
    said = "".join(f"{h}\n" for h in (f"Content-Type: {kind}", *headers))
    if isinstance(content, bytes):
        return f"{said}Content-Transfer-Encoding: base64\n\n".encode() + base64.encodebytes(content)
    return f"{said}\n{content}".encode()
