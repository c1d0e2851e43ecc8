"""Towns that are ready for pictures: hubs that run, agents at their desks, visitors who have chatted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser

from tests.flows.hub_process import HubProcess
from tests.peers.complaints import Complaints
from tests.screenshots.overfull import ARABIC, EMOJI, NO_BREAKS, NOVEL
from tests.screenshots.screens import CLARA, DANA, FINN, LENA
from tests.screenshots.town import Town, write_world


@asynccontextmanager
async def open_town(world: str, folder: Path, browser: Browser, complaints: Complaints) -> AsyncIterator[Town]:
    """Write the world, start its hub, seat the agents and let the visitors chat. `folder` must be empty."""
    hub = HubProcess(folder)
    seeder = await write_world(world, hub.data_dir)
    await asyncio.to_thread(hub.start)
    town = Town(world, hub, browser, complaints, dict(seeder.seeded.conversations))
    try:
        page = await town.ask("GET", "conversations?view=queue&sort=waiting&limit=20")
        town.conversations.update({found["who"]: found["id"] for found in page["items"]})
        await town.settle(seeder.seeded.links)
        await (visit_ordinary if world == "ordinary" else visit_overfull)(town, folder)
        yield town
    except Exception:
        print(hub.read_log()[-3_000:])
        raise
    finally:
        for seat in town.seats:
            await seat.close()
        await asyncio.to_thread(hub.stop)


async def visit_ordinary(town: Town, folder: Path) -> None:
    """Three visitors: one waits, one is being answered, one was answered."""
    picture = folder / "brown-tips.png"
    Image.linear_gradient("L").resize((640, 420)).save(picture)
    leaflet = folder / "care-leaflet.pdf"
    leaflet.write_bytes(b"%PDF-1.4\n%%EOF\n" * 2_000)
    clara = await town.chat(CLARA, "Hello, do you also repot plants?")
    dana = await town.chat(DANA, "Hi! My fern has brown tips.", "What can I do?", files=(picture, leaflet))
    await town.give_to_anna(DANA, "Hello Dana! Brown tips mean dry air.", "Put it beside the shower for a week.")
    await dana.sees("Put it beside the shower for a week.")
    await dana.write("I will. Thank you!")
    finn = await town.chat(FINN, "Is it open on Sunday?")
    await town.give_to_anna(FINN, "Yes, from ten to four.")
    await finn.sees("Yes, from ten to four.")
    dispositions = (await town.ask("GET", "dispositions"))["items"]
    path = f"conversations/{town.conversations[FINN]}/close"
    await town.ask("POST", path, {"disposition_id": dispositions[0]["id"]})
    for visitor in (clara, dana, finn):
        await visitor.page.context.close()


async def visit_overfull(town: Town, folder: Path) -> None:
    """One visitor, who writes too much."""
    picture = folder / f"{NO_BREAKS[:180]}.png"
    Image.linear_gradient("L").resize((3_000, 40)).save(picture)
    lena = await town.chat(LENA, NO_BREAKS, ARABIC, EMOJI, NOVEL[:3_000].strip(), files=(picture,))
    await town.give_to_anna(LENA, NO_BREAKS, ARABIC, "https://shop.example/" + "x" * 300)
    await lena.page.context.close()
