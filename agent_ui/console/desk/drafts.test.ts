import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Drafts, type DraftKeeper, type Written } from "./drafts.svelte";

class Hub implements DraftKeeper {
  kept = new Map<string, string>();
  saves = 0;
  isAway = false;

  save = async (id: number, kind: string, written: Written): Promise<void> => {
    if (this.isAway) throw new Error("away");
    this.saves += 1;
    this.kept.set(`${id} ${kind}`, written.text);
  };

  clear = async (id: number, kind: string): Promise<void> => void this.kept.delete(`${id} ${kind}`);
}

const text = (words: string): Written => ({ text: words, files: [] });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a draft", () => {
  it("goes to the hub once the agent pauses", async () => {
    const hub = new Hub();
    const drafts = new Drafts(hub);
    for (const words of ["H", "He", "Hel"]) drafts.write(1, "message", text(words));
    await vi.advanceTimersByTimeAsync(1_000);
    expect([hub.saves, hub.kept.get("1 message")]).toEqual([1, "Hel"]);
  });

  it("of a note is another than that of a reply", () => {
    const drafts = new Drafts(new Hub());
    drafts.write(1, "note", text("secret"));
    expect(drafts.of(1, "message").text).toBe("");
    expect(drafts.any(1)).toBe(true);
  });

  it("is not overwritten by the hub while it is being written", async () => {
    const drafts = new Drafts(new Hub());
    const kept = { conversation_id: 1, kind: "message" as const, text: "old", files: [], updated_at: 0 };
    drafts.write(1, "message", text("new words"));
    drafts.take([kept]);
    expect(drafts.of(1, "message").text).toBe("new words");
  });

  it("stays here while the hub is away and is saved when leaving", async () => {
    const hub = new Hub();
    hub.isAway = true;
    const drafts = new Drafts(hub);
    drafts.write(1, "message", text("kept"));
    await vi.advanceTimersByTimeAsync(1_000);
    hub.isAway = false;
    drafts.flush();
    await vi.advanceTimersByTimeAsync(1);
    expect(hub.kept.get("1 message")).toBe("kept");
  });

  it("does not come back when the hub tells of it after it was sent", async () => {
    const drafts = new Drafts(new Hub());
    drafts.write(1, "message", text("sent"));
    await vi.advanceTimersByTimeAsync(1_000);
    drafts.clear(1, "message");
    drafts.take([{ conversation_id: 1, kind: "message", text: "sent", files: [], updated_at: 0 }]);
    expect(drafts.of(1, "message").text).toBe("");
  });

  it("is taken over from another machine", () => {
    const drafts = new Drafts(new Hub());
    drafts.take([{ conversation_id: 1, kind: "note", text: "from the phone", files: [], updated_at: 0 }]);
    expect(drafts.of(1, "note").text).toBe("from the phone");
  });

  it("is cleared at the hub only after the save before it", async () => {
    const hub = new Hub();
    const slow = new Drafts({ save: async (id, kind, written) => (await new Promise((done) => setTimeout(done, 500)), hub.save(id, kind, written)), clear: hub.clear });
    slow.write(1, "message", text("sent"));
    await vi.advanceTimersByTimeAsync(800);
    slow.clear(1, "message");
    await vi.advanceTimersByTimeAsync(2_000);
    expect([hub.saves, hub.kept.size]).toEqual([1, 0]);
  });

  it("is gone everywhere once it was sent", async () => {
    const hub = new Hub();
    const drafts = new Drafts(hub);
    drafts.write(1, "message", text("sent"));
    await vi.advanceTimersByTimeAsync(1_000);
    drafts.clear(1, "message");
    await vi.advanceTimersByTimeAsync(1_000);
    expect([hub.kept.size, drafts.of(1, "message").text]).toEqual([0, ""]);
  });
});
