"""Where the hub connects to on somebody's word (vulnerabilities 38 and 39)."""

from __future__ import annotations

from ipaddress import ip_network

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from channels.contract import Forbidden, NoSuchHost
from hub.machinery.peers import ForbiddenPeer, Guard

INSIDE = [
    *("127.0.0.1", "127.8.8.8", "::1", "0.0.0.0", "::", "10.0.0.1", "172.16.5.5", "192.168.1.1", "169.254.169.254"),
    *("100.64.0.1", "fd00::1", "fe80::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "64:ff9b::7f00:1", "2002:7f00:1::"),
    *("224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1", "not an address", "2130706433"),
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_of_a_private_network_is_refused(address: str) -> None:
    assert not Guard().allows(address)


def test_public_addresses_and_named_networks_are_allowed() -> None:
    assert Guard().allows("8.8.8.8")
    assert Guard().allows("2606:4700:4700::1111")
    named = Guard([ip_network("10.1.0.0/16")])
    assert named.allows("10.1.2.3")
    assert not named.allows("10.2.0.1")


async def test_nobody_learns_by_the_hub_which_ports_of_a_public_address_are_open() -> None:
    guard = Guard([ip_network("10.1.0.0/16"), ip_network("9.9.9.9/32")])
    for port in (22, 1, 5432, 6379, 65_535):
        assert not guard.allows("8.8.8.8", port)
        with pytest.raises(Forbidden):
            await guard.addresses("8.8.8.8", port)
        # Whoever has a gateway at an unusual port names its network.
        assert guard.allows("9.9.9.9", port)
        assert guard.allows("10.1.2.3", port)
    assert all(guard.allows("8.8.8.8", port) for port in (80, 443, 587, 993, 8089, 8443))
    async with guard.session() as http:
        with pytest.raises(aiohttp.ClientConnectorError) as refused:
            await http.get("https://8.8.8.8:6379/")
    assert isinstance(refused.value.__cause__, ForbiddenPeer)


async def test_a_name_that_means_this_machine_is_refused() -> None:
    with pytest.raises(Forbidden):
        await Guard().addresses("localhost", 6379)


@pytest.mark.parametrize("literal", ["2130706433", "0x7f.1", "0177.0.0.1"])
async def test_another_spelling_of_this_machine_is_refused(literal: str) -> None:
    with pytest.raises((Forbidden, NoSuchHost)):
        await Guard().addresses(literal, 80)


async def test_a_name_that_nobody_knows_is_said_to_be_one() -> None:
    with pytest.raises(NoSuchHost):
        await Guard().addresses("no-such-host.invalid", 25)


async def test_a_request_to_a_literal_address_and_a_redirect_to_one_go_nowhere() -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        raise web.HTTPFound("http://[::1]:1/inside")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app, host="127.0.0.1") as server:
        async with Guard().session() as http:
            with pytest.raises(aiohttp.ClientConnectorError):
                await http.get(server.make_url("/literal"))
        assert asked == []
        async with Guard([ip_network("127.0.0.1/32")]).session() as http:
            with pytest.raises(aiohttp.ClientConnectorError):
                await http.get(server.make_url("/redirect"))
        assert asked == ["/redirect"]
