"""Whom connections over TLS trust: a kind of setting of channels whose servers may have an authority of their own."""

from __future__ import annotations

import ssl
from typing import Annotated

from pydantic import AfterValidator

from crm_core.words.errors import Unfit


def _certificates(raw: str) -> str:
    if raw.strip():
        try:
            ssl.create_default_context(cadata=raw)
        except (ssl.SSLError, ValueError) as error:
            raise Unfit("These are no certificates in PEM.", why="no_certificates") from error
    return raw


Certificates = Annotated[str, AfterValidator(_certificates)]
"""Of authorities, in PEM; empty for none but the machine's."""


def trusting(certificates: str) -> ssl.SSLContext:
    """Checks certificates, always; besides the machine's authorities those that are named."""
    context = ssl.create_default_context()
    if certificates.strip():
        context.load_verify_locations(cadata=certificates)
    return context
