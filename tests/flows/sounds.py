"""What a browser hears of a call, measured in its pages: energy of what comes, and of what is made there."""

from __future__ import annotations

import asyncio
from typing import Final

from playwright.async_api import BrowserContext, Frame, Page

FLAGS: Final = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
)
"""A microphone that beeps every second, allowed without asking; connections within this machine."""
HEARD: Final = 1e-4
"""Energy within two seconds of what can be heard: the beep of one second has a hundred times as much."""

LOUD: Final = 0.01
"""A sample of full swing is 1."""

_LISTEN: Final = """
(() => {
  const Real = window.RTCPeerConnection;
  if (!Real || window.__connections) return;
  const found = (window.__connections = []);
  window.RTCPeerConnection = class extends Real {
    constructor(...given) { super(...given); found.push(this); }
  };
  const Sound = window.Audio;
  window.__sounds = [];
  window.Audio = class extends Sound {
    constructor(...given) { super(...given); window.__sounds.push(this); }
  };
  const connect = AudioNode.prototype.connect;
  window.__meters = [];
  AudioNode.prototype.connect = function (to, ...rest) {
    if (to instanceof AudioDestinationNode) {
      const meter = this.context.createAnalyser();
      connect.call(this, meter);
      window.__meters.push(meter);
    }
    return connect.call(this, to, ...rest);
  };
})();
"""
_ENERGY: Final = """
async () => {
  let energy = 0;
  for (const one of window.__connections ?? []) {
    if (one.connectionState !== "connected") continue;
    (await one.getStats()).forEach((s) => { if (s.type === "inbound-rtp") energy += s.totalAudioEnergy ?? 0; });
  }
  return energy;
}
"""
_MADE: Final = """
async () => {
  let most = 0;
  for (let turn = 0; turn < 10; turn++) {
    for (const meter of window.__meters ?? []) {
      const samples = new Float32Array(meter.fftSize);
      meter.getFloatTimeDomainData(samples);
      most = Math.max(most, ...samples.map(Math.abs));
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return most;
}
"""


_PLAYS: Final = """
(link) => window.__sounds.some((one) => one.src.includes(link) && !one.paused && one.currentTime > 0.2)
"""


async def listen_to(context: BrowserContext) -> None:
    """Measure in every page of `context` from now on."""
    await context.add_init_script(_LISTEN)


async def comes(page: Page | Frame) -> float:
    """Energy that comes over living connections within two seconds."""
    before: float = await page.evaluate(_ENERGY)
    await asyncio.sleep(2.2)
    after: float = await page.evaluate(_ENERGY)
    return after - before


async def until_comes(page: Page | Frame, *, tries: int = 27) -> None:
    """Wait until sound comes to a page that plays it as it comes."""
    found: list[float] = []
    for _ in range(tries):
        found.append(await comes(page))
        if found[-1] > HEARD:
            return
    raise AssertionError(f"no sound came: {found}")


async def until_none_comes(page: Page | Frame, *, tries: int = 27) -> None:
    """Wait until no sound comes to a page that plays it as it comes."""
    found: list[float] = []
    for _ in range(tries):
        found.append(await comes(page))
        if abs(found[-1]) < HEARD / 10:
            return
    raise AssertionError(f"sound still came: {found}")


async def made(page: Page | Frame) -> float:
    """The loudest sample within a second of what the page itself mixes or makes and plays."""
    loudest: float = await page.evaluate(_MADE)
    return loudest


async def until_made(page: Page | Frame, *, tries: int = 60) -> None:
    """Wait until a page plays what it mixes or makes."""
    found: list[float] = []
    for _ in range(tries):
        found.append(await made(page))
        if found[-1] > LOUD:
            return
    raise AssertionError(f"nothing was played: {found}")


async def until_none_made(page: Page | Frame, *, tries: int = 20) -> None:
    """Wait until a page has played nothing of its own for three seconds."""
    found: list[float] = []
    for _ in range(tries):
        found.append(max([await made(page) for _ in range(3)]))
        if found[-1] < LOUD / 10:
            return
    raise AssertionError(f"something was played: {found}")


async def until_plays(page: Page | Frame, link: str) -> None:
    """Wait until a page plays a file whose address holds `link`."""
    await page.wait_for_function(_PLAYS, arg=link, timeout=60_000)


async def until_plays_no(page: Page | Frame, link: str) -> None:
    """Wait until it does so no more."""
    await page.wait_for_function(f"(link) => !({_PLAYS.strip()})(link)", arg=link, timeout=60_000)
