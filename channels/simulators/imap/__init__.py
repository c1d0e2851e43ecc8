"""A mail server's other half on this machine: mailboxes by IMAP4rev1 (RFC 3501).

    server = ImapServer(clock)
    shop = server.mailbox("shop@fern.example", password="secret")
    async with server.serving() as port:        # settings: imap_host 127.0.0.1, imap_port, imap_security none
        shop.inbox.add(raw)                     # who listens with IDLE is told at once

With IDLE, UIDPLUS, MOVE, UNSELECT, LITERAL+ and SASL-IR; PLAIN and XOAUTH2. Not spoken: TLS, ENVELOPE and
BODYSTRUCTURE, searches in text, and subscriptions.
"""

from __future__ import annotations

from channels.simulators.imap.folders import Folder, Kept, Mailbox
from channels.simulators.imap.server import ImapServer

__all__ = ["Folder", "ImapServer", "Kept", "Mailbox"]
