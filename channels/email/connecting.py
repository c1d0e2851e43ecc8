"""Connections to mail servers, and what can be wrong with one. Everything goes through the hub's guard."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from typing import Final

from channels.contract import AccountBroken, ChannelError, Forbidden, NoSuchHost, Peers, Problem, TryLater
from channels.contract.trusted import trusting
from channels.email.settings import EmailSettings

_MOST_ADDRESSES: Final = 3
_MAIL_PORTS: Final = frozenset({25, 143, 465, 587, 993, 2465, 2525, 2587})
"""Elsewhere in the world this hub looks for no mail server: it is no port scanner."""


class Trouble(Exception):
    """Why a mail server does not do what we ask. `words` are ours, never the other side's."""

    def __init__(self, problem: Problem, words: str, *, needs_a_person: bool = False) -> None:
        super().__init__(words)
        self.problem = problem
        self.words = words
        self.needs_a_person = needs_a_person

    def as_failure(self) -> ChannelError:
        """What the hub is told."""
        return AccountBroken(self.words) if self.needs_a_person else TryLater(self.words)


async def reach(host: str, port: int, peers: Peers, *, limit: float) -> socket.socket:
    """A connected, non-blocking socket; `limit` seconds for each address. Raises Trouble."""
    try:
        addresses = await peers.addresses(host, port)
    except NoSuchHost as error:
        raise Trouble(Problem.NAME, f"There is no server called {host}.") from error
    except Forbidden as error:
        raise Trouble(
            Problem.FORBIDDEN, f"{host} is in a network this hub does not connect to.", needs_a_person=True
        ) from error
    if port not in _MAIL_PORTS and not all(ip_address(address).is_private for address in addresses):
        raise Trouble(Problem.FORBIDDEN, f"{port} is no port of mail servers.", needs_a_person=True)
    for address in addresses[:_MOST_ADDRESSES]:
        connected = await _connected(address, port, limit=limit)
        if connected is not None:
            return connected
    raise Trouble(Problem.UNREACHABLE, f"{host} does not answer at port {port}.")


async def _connected(address: str, port: int, *, limit: float) -> socket.socket | None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    plug = socket.socket(family, socket.SOCK_STREAM)
    plug.setblocking(False)
    try:
        with suppress(OSError):
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        async with asyncio.timeout(limit):
            await asyncio.get_running_loop().sock_connect(plug, (address, port))
    except OSError:
        plug.close()
        return None
    except BaseException:
        plug.close()
        raise
    return plug


def tls_context(settings: EmailSettings) -> ssl.SSLContext:
    """Trusts the machine's authorities, and those that the settings name."""
    return trusting(settings.certificates)


@contextmanager
def troubles(host: str) -> Iterator[None]:
    """Turn what connections raise into Trouble."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise Trouble(Problem.TLS, f"The certificate of {host} is not valid for this name.") from error
    except ssl.SSLError as error:
        raise Trouble(Problem.TLS, f"{host} does not encrypt the connection this way.") from error
    except TimeoutError as error:
        raise Trouble(Problem.UNREACHABLE, f"{host} stopped answering.") from error
    except OSError as error:
        raise Trouble(Problem.UNREACHABLE, f"The connection to {host} was lost.") from error
