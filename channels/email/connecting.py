"""Connections to mail servers, and what can be wrong with one. Everything goes through the hub's guard."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from typing import Final

from channels.contract import AccountBroken, ChannelError, Finding, Forbidden, NoSuchHost, Peers, Problem, TryLater
from channels.contract.trusted import trusting
from channels.email.settings import EmailSettings

_MOST_ADDRESSES: Final = 3
_MAIL_PORTS: Final = frozenset({25, 143, 465, 587, 993, 2465, 2525, 2587})
"""Elsewhere in the world this hub looks for no mail server: it is no port scanner."""


class Trouble(Exception):
    """Why a mail server does not do what we ask. The words are ours, never the other side's."""

    def __init__(
        self, problem: Problem, sentence: str, /, *, why: str, needs_a_person: bool = False, **facts: str | int
    ) -> None:
        """In the sentence `{name}` is the fact of that name; `why` is its code."""
        super().__init__(sentence.format_map(facts))
        self.problem = problem
        self.needs_a_person = needs_a_person
        self._why = why
        self._sentence = sentence
        self._facts = facts

    def as_failure(self) -> ChannelError:
        """What the hub is told."""
        failure: type[ChannelError] = AccountBroken if self.needs_a_person else TryLater
        return failure(self._sentence, why=self._why, **self._facts)

    def as_finding(self, step: str) -> Finding:
        """What whoever tries the settings out is told."""
        return Finding.told(step, self.problem, self._sentence, why=self._why, **self._facts)


async def reach(host: str, port: int, peers: Peers, *, limit: float) -> socket.socket:
    """A connected, non-blocking socket; `limit` seconds for each address. Raises Trouble."""
    try:
        addresses = await peers.addresses(host, port)
    except NoSuchHost as error:
        raise Trouble(Problem.NAME, "There is no server called {host}.", why="no_server", host=host) from error
    except Forbidden as error:
        raise Trouble(
            Problem.FORBIDDEN,
            "{host} is in a network this hub does not connect to.",
            why="network_forbidden",
            host=host,
            needs_a_person=True,
        ) from error
    if port not in _MAIL_PORTS and not all(ip_address(address).is_private for address in addresses):
        raise Trouble(
            Problem.FORBIDDEN,
            "{port} is no port of mail servers.",
            why="port_forbidden",
            port=str(port),
            needs_a_person=True,
        )
    for address in addresses[:_MOST_ADDRESSES]:
        connected = await _connected(address, port, limit=limit)
        if connected is not None:
            return connected
    raise Trouble(
        Problem.UNREACHABLE, "{host} does not answer at port {port}.", why="port_silent", host=host, port=str(port)
    )


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
        raise Trouble(
            Problem.TLS, "The certificate of {host} is not valid for this name.", why="certificate", host=host
        ) from error
    except ssl.SSLError as error:
        raise Trouble(
            Problem.TLS, "{host} does not encrypt the connection this way.", why="other_encryption", host=host
        ) from error
    except TimeoutError as error:
        raise Trouble(Problem.UNREACHABLE, "{host} stopped answering.", why="fell_silent", host=host) from error
    except OSError as error:
        raise Trouble(
            Problem.UNREACHABLE, "The connection to {host} was lost.", why="connection_lost", host=host
        ) from error
