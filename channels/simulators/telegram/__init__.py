"""A Bot API server for the demo and the tests: it keeps its state, and people can be played on it.

    server = BotServer(clock)
    bot = server.bot("1000:secret", username="shop_bot")
    ann = bot.person("Ann")
    async with server.serving() as url:    # what a Telegram account's `api_url` is set to
        ann.write("hello")                 # the bot's webhook is called, or its poll answered
        async for shown in ann.watch(): …  # what stands on Ann's phone

Requests are read with aiogram's methods, answers are built of its types. What Telegram refuses is refused here.
"""

from __future__ import annotations

from channels.simulators.telegram.bot import Bot, Trouble
from channels.simulators.telegram.people import Person, Shown
from channels.simulators.telegram.server import BotServer

__all__ = ["Bot", "BotServer", "Person", "Shown", "Trouble"]
