import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Upload } from "../api/conversations";
import { Unreachable } from "../api/http";
import { speak } from "../words/words.svelte";
import Music from "./Music.svelte";

/** A hub that keeps what it is given, as the type that its bytes have. */
const keeping = (type: string): Upload => async (file) => ({ id: 7, name: file.name, type, size: file.size, width: null, height: null });

describe("a queue's music", () => {
  let shown: ReturnType<typeof mount> | undefined;

  beforeAll(() => speak("en"));
  afterEach(async () => {
    if (shown) await unmount(shown);
    shown = undefined;
  });

  function show(upload: Upload, fileId: number | null = null): void {
    shown = mount(Music, { target: document.body, props: { fileId, upload } });
    flushSync();
  }

  /** Chooses a file and waits for what is said of it. */
  async function choose(name: string, said: string, bytes = 10): Promise<void> {
    const input = document.querySelector<HTMLInputElement>("input[type=file]")!;
    const file = new File([new Uint8Array(bytes)], name);
    Object.defineProperty(input, "files", { value: [file], configurable: true });
    input.dispatchEvent(new Event("change", { bubbles: true }));
    await vi.waitFor(() => {
      flushSync();
      expect(words()).toContain(said);
    });
  }

  const words = () => document.querySelector(".music")?.textContent ?? "";
  const sound = () => document.querySelector("audio")?.getAttribute("src") ?? null;
  const button = (name: string) => [...document.querySelectorAll("button")].find((one) => one.textContent?.includes(name));

  it("is uploaded, can be heard, and is taken away again", async () => {
    show(keeping("audio/mpeg"));
    expect([sound(), words().includes("The music of the line")]).toEqual([null, true]);
    await choose("waltz.mp3", "waltz.mp3");
    expect(sound()).toBe("/api/v1/files/7");
    button("Remove")!.click();
    flushSync();
    expect([sound(), words().includes("The music of the line")]).toEqual([null, true]);
  });

  it("is refused in words when it is something else, too large, or could not be sent; what plays stays", async () => {
    show(keeping("image/png"), 3);
    await choose("cover.png", "no WAV or MP3");
    await choose("day.wav", "larger than", 20 * 1024 * 1024 + 1);
    expect([sound(), words().includes("no WAV")]).toEqual(["/api/v1/files/3", false]);
  });

  it("says that it could not be sent", async () => {
    show(() => Promise.reject(new Unreachable()));
    await choose("waltz.mp3", "could not be uploaded");
    expect(sound()).toBeNull();
  });
});
