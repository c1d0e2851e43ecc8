"""E-mail: a mailbox by IMAP, or mail taken at the hub's own SMTP or LMTP door; answers by SMTP."""

from __future__ import annotations

from channels.contract import Manifest
from channels.email.channel import open_email
from channels.email.examine import examine
from channels.email.reading import explain
from channels.email.settings import EmailSettings, identity
from crm_core.words.addresses import MAILTO
from crm_core.words.content import Medium

MANIFEST = Manifest(
    title="E-mail",
    medium=Medium.MAIL,
    settings=EmailSettings,
    open=open_email,
    reaches=frozenset({MAILTO}),
    examine=examine,
    identity=identity,
    explain=explain,
)
