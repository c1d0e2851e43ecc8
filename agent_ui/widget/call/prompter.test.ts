import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ShownPrompt } from "../protocol";
import { Prompter } from "./prompter";

/** A sound of a browser; what becomes of it is up to the test. */
class Sound {
  static all: Sound[] = [];
  paused = true;
  onplaying: () => void = () => undefined;
  onended: () => void = () => undefined;
  onerror: () => void = () => undefined;
  refuse: (error: Error) => void = () => undefined;
  constructor(readonly src: string) {
    Sound.all.push(this);
  }
  play(): Promise<void> {
    this.paused = false;
    return new Promise((_, reject) => (this.refuse = reject));
  }
  pause(): void {
    this.paused = true;
    this.refuse(new DOMException("paused", "AbortError"));
  }
}

const words = (seq: number, file: number | null = 5): ShownPrompt => ({
  seq, text: "Welcome.", digits: "", choices: {}, sound: file === null ? null : { id: file, url: `https://files.example/${file}` },
});

let told: boolean[];
const over = (heard: boolean) => void told.push(heard);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("Audio", Sound);
  Sound.all = [];
  told = [];
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a recorded prompt", () => {
  it("is played once, and said to be over when it is", async () => {
    const prompter = new Prompter();
    prompter.play(words(1), over);
    prompter.play(words(1), over);
    expect(Sound.all.map(({ src, paused }) => [src, paused])).toEqual([["https://files.example/5", false]]);
    let isSilent = false;
    void prompter.silence().then(() => (isSilent = true));
    await vi.advanceTimersByTimeAsync(0);
    expect([isSilent, told]).toEqual([false, []]);
    Sound.all[0]!.onended();
    await vi.advanceTimersByTimeAsync(0);
    expect([isSilent, told]).toEqual([true, [true]]);
  });

  it("that is over is said to be so again while the call does not go on: the line may have been away", () => {
    const prompter = new Prompter();
    prompter.play(words(1), over);
    Sound.all[0]!.onended();
    prompter.play(words(1), over);
    expect([told, Sound.all.length]).toEqual([[true, true], 1]);
  });

  it.each([
    ["is not there", (sound: Sound) => sound.onerror()],
    ["may not be played", (sound: Sound) => sound.refuse(new DOMException("no", "NotAllowedError"))],
    ["does not begin", () => vi.advanceTimersByTime(8_000)],
  ])("that %s is read", async (_, fails) => {
    const prompter = new Prompter();
    prompter.play(words(1), over);
    fails(Sound.all[0]!);
    await vi.advanceTimersByTimeAsync(0);
    expect([told, Sound.all[0]!.paused]).toEqual([[false], true]);
  });

  it("that has begun may take its time", async () => {
    const prompter = new Prompter();
    prompter.play(words(1), over);
    Sound.all[0]!.onplaying();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toEqual([]);
  });

  it("is cut short by what comes after it, and not said to be over", async () => {
    const prompter = new Prompter();
    prompter.play(words(1), over);
    prompter.play(words(2, 6), over);
    expect(Sound.all.map(({ paused }) => paused)).toEqual([true, false]);
    prompter.play(null, over);
    await prompter.silence();
    expect([told, Sound.all.map(({ paused }) => paused)]).toEqual([[], [true, true]]);
  });

  it("has nothing to play where nobody recorded it", async () => {
    const prompter = new Prompter();
    prompter.play(words(1, null), over);
    await prompter.silence();
    expect([told, Sound.all]).toEqual([[], []]);
  });
});
