import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Asking, PAUSE_MS } from "./asking";

/** A hub that keeps every question until it is told to answer. */
class SlowHub {
  questions: { text: string; signal: AbortSignal; answer: (found: string) => void; fail: () => void }[] = [];

  find = (text: string, signal: AbortSignal) =>
    new Promise<string>((resolve, reject) => {
      this.questions.push({ text, signal, answer: resolve, fail: () => reject(new Error("away")) });
    });
}

function listening() {
  const heard: string[] = [];
  return {
    heard,
    hears: {
      started: (text: string) => heard.push(`asks ${text}`),
      answered: (text: string, answer: string) => heard.push(`${text}: ${answer}`),
      failed: (text: string) => heard.push(`${text} failed`),
    },
  };
}

describe("searching as one types", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("asks once for a word typed quickly", async () => {
    const hub = new SlowHub();
    const { hears } = listening();
    const asking = new Asking(hub.find, hears);
    for (const text of ["a", "an", "ann", "anna"]) asking.typed(text);
    await vi.advanceTimersByTimeAsync(PAUSE_MS);
    expect(hub.questions.map(({ text }) => text)).toEqual(["anna"]);
  });

  it("hears only the newest question, whichever is answered last", async () => {
    const hub = new SlowHub();
    const { heard, hears } = listening();
    const asking = new Asking(hub.find, hears);
    asking.typed("order");
    await vi.advanceTimersByTimeAsync(PAUSE_MS);
    asking.typed("order 7");
    expect(hub.questions[0]?.signal.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(PAUSE_MS);
    hub.questions[1]?.answer("new");
    hub.questions[0]?.answer("old");
    await vi.advanceTimersByTimeAsync(0);
    expect(heard).toEqual(["asks order", "asks order 7", "order 7: new"]);
  });

  it("asks nothing for an empty box and forgets what was asked", async () => {
    const hub = new SlowHub();
    const { heard, hears } = listening();
    const asking = new Asking(hub.find, hears);
    asking.typed("ann");
    await vi.advanceTimersByTimeAsync(PAUSE_MS);
    asking.typed("  ");
    hub.questions[0]?.fail();
    await vi.advanceTimersByTimeAsync(PAUSE_MS * 2);
    expect(heard).toEqual(["asks ann"]);
    expect(hub.questions).toHaveLength(1);
  });

  it("says when the hub could not be asked", async () => {
    const hub = new SlowHub();
    const { heard, hears } = listening();
    new Asking(hub.find, hears).typed("ann");
    await vi.advanceTimersByTimeAsync(PAUSE_MS);
    hub.questions[0]?.fail();
    await vi.advanceTimersByTimeAsync(0);
    expect(heard.at(-1)).toBe("ann failed");
  });
});
