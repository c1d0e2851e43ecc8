import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Hush } from "./hush";
import { Rejoining } from "./rejoining";

describe("a microphone", () => {
  it("stays cut while words come that are older than the press", () => {
    const hush = new Hush();
    hush.hear(7, false);
    hush.press(true);
    hush.hear(7, false);
    expect(hush.on).toBe(true);
    hush.hear(7, true);
    expect(hush.on).toBe(true);
  });

  it("opens when the hub says so, and not before", () => {
    const hush = new Hush();
    hush.hear(7, true);
    hush.press(false);
    expect(hush.on).toBe(true);
    hush.hear(7, false);
    expect(hush.on).toBe(false);
  });

  it("is opened by another tab after it was cut here", () => {
    const hush = new Hush();
    hush.press(true);
    hush.hear(7, true);
    hush.hear(7, false);
    expect(hush.on).toBe(false);
  });

  it("is open in the next call", () => {
    const hush = new Hush();
    hush.hear(7, false);
    hush.press(true);
    hush.hear(0, false);
    hush.hear(8, false);
    expect(hush.on).toBe(false);
  });
});

describe("a leg without sound", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function hub() {
    const asked: number[] = [];
    const answers = { away: false };
    const rejoin = async (callId: number) => {
      asked.push(callId);
      if (answers.away) throw new Error("away");
    };
    return { asked, answers, legs: new Rejoining({ rejoin }) };
  }

  it("is replaced once, after somebody else could have seen to it", async () => {
    const { asked, legs } = hub();
    legs.missing(7, 2);
    legs.missing(7, 2);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(asked).toEqual([7]);
  });

  it("is left alone when its sound came back", async () => {
    const { asked, legs } = hub();
    legs.missing(7, 2);
    legs.found(7);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(asked).toEqual([]);
  });

  it("is asked for again after the hub was away", async () => {
    const { asked, answers, legs } = hub();
    answers.away = true;
    legs.missing(7, 2);
    await vi.advanceTimersByTimeAsync(3_000);
    answers.away = false;
    legs.missing(7, 2);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(asked).toEqual([7, 7]);
  });
});
