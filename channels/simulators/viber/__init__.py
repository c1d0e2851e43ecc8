"""Viber's platform for bots on this machine: it keeps its state, and people can be played on it.

    viber = ViberServer(clock)
    bot = viber.bot("445da6az1s345z78-dazcczb2542zv51a", name="Fern & Clay")
    ann = bot.person("Ann")
    async with viber.serving() as url:     # what a Viber account's `api_url` is set to
        ann.write("hello")                 # the bot's webhook is called, signed
        async for shown in ann.watch(): …  # what stands on Ann's phone

Shapes, limits and codes are those of Viber's public documentation (its REST API for bots). Unlike Viber it calls
webhooks without TLS too.
"""

from __future__ import annotations

from channels.simulators.viber.bot import Bot, Trouble
from channels.simulators.viber.people import Person, Shown
from channels.simulators.viber.server import ViberServer

__all__ = ["Bot", "Person", "Shown", "Trouble", "ViberServer"]
