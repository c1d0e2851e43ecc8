"""Whom connections over TLS trust: a kind of setting of channels whose servers may have an authority of their own."""

from __future__ import annotations

import ssl
from typing import Annotated

from pydantic import AfterValidator


def _certificates(raw: str) -> str:
    if raw.strip():
        try:
            ssl.create_default_context(cadata=raw)
        except (ssl.SSLError, ValueError) as error:
            raise ValueError("These are no certificates in PEM.") from error
    return raw


Certificates = Annotated[str, AfterValidator(_certificates)]
"""Of authorities, in PEM; empty for none but the machine's."""


def trusting(certificates: str) -> ssl.SSLContext:
    """Checks certificates, always; besides the machine's authorities those that are named."""
    context = ssl.create_default_context()
    if certificates.strip():
        context.load_verify_locations(cadata=certificates)
    return context
