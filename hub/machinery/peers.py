"""Where the hub may connect to on somebody's word: no network of its own, unless the settings say so.

Every address is looked at when it is connected to, never only when it is looked up: a name may mean one address
for the check and another a moment later, and a redirect or a literal address needs no name at all.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Final

import aiohttp

from channels.contract import Forbidden, NoSuchHost
from hub.config import Network

Address = IPv4Address | IPv6Address
PORTS: Final = frozenset(
    {
        *(80, 443, 8080, 8443),  # the web: providers, gateways, the files that they name
        *(25, 465, 587, 2465, 2525, 2587, 143, 993),  # mail
        *(8088, 8089),  # Asterisk
    }
)
"""Ports of public addresses that are connected to. Any other would tell whoever asks what is open there."""
_NAT64: Final = IPv6Network("64:ff9b::/96")


class ForbiddenPeer(OSError):
    """A connection to an address that the settings do not allow. An OSError, since HTTP clients expect one."""


class Guard:
    """What may be connected to: every public address at one of `PORTS`, and all of the `private` networks named."""

    def __init__(self, private: Sequence[Network] = ()) -> None:
        self._private = tuple(private)

    def allows(self, address: str, port: int = 443) -> bool:
        """Whether this literal address may be connected to at a port; what is none is refused."""
        try:
            found = _bare(ip_address(address.partition("%")[0]))
        except ValueError:
            return False
        if any(found.version == network.version and found in network for network in self._private):
            return True
        return found.is_global and not found.is_multicast and port in PORTS

    async def addresses(self, host: str, port: int, /) -> Sequence[str]:
        """The addresses of a name. Raises NoSuchHost, and Forbidden when one of them is not allowed."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NoSuchHost(f"There is no host called {host[:100]}.") from error
        addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
        # One bad address is enough: whoever owns the name mixes them on purpose.
        if not addresses or not all(self.allows(a, port) for a in addresses):
            raise Forbidden
        return addresses

    def session(self, **options: Any) -> aiohttp.ClientSession:
        """An HTTP client that connects nowhere else."""
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(socket_factory=self._socket), **options)

    def _socket(self, info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, where = info
        if not self.allows(str(where[0]), int(where[1])):
            raise ForbiddenPeer("This address is not one the hub connects to.")
        return socket.socket(family, kind, protocol)


def _bare(address: Address) -> Address:
    """The IPv4 address that an IPv6 one wraps (mapped, 6to4, NAT64), else itself."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
