import { describe, expect, it } from "vitest";
import type { EntryValue } from "../wire";
import { Timeline, merged } from "./timeline.svelte";

const entry = (id: number, changes: Partial<EntryValue> = {}): EntryValue => ({
  id,
  conversation_id: 1,
  kind: "message",
  direction: "in",
  author: { kind: "contact", id: 1, name: "Ada" },
  at: id * 1000,
  channel: "webchat",
  account_id: 1,
  text: `entry ${id}`,
  files: [],
  notice: null,
  delivery: null,
  delivery_reason: null,
  client_key: null,
  identity_id: null,
  details: null,
  version: 1,
  ...changes,
});

/** A conversation of the hub with entries 1 to `count`. */
function shelf(count: number): { all: EntryValue[]; of: (range: { before?: number }, limit: number) => Promise<EntryValue[]> } {
  const all = Array.from({ length: count }, (_, n) => entry(n + 1));
  return { all, of: async ({ before }, limit) => all.filter((one) => one.id < (before ?? Infinity)).slice(-limit) };
}

const ids = (timeline: Timeline) => timeline.entries.map((one) => one.id);

describe("a timeline", () => {
  it("holds the newest entries first and the older ones when asked, without a gap", async () => {
    const { of } = shelf(120);
    const timeline = new Timeline(of);
    await timeline.load(120);
    expect([ids(timeline)[0], ids(timeline).length]).toEqual([71, 50]);
    await timeline.older();
    await timeline.older();
    expect(ids(timeline)).toEqual(Array.from({ length: 120 }, (_, n) => n + 1));
    expect(timeline.hasOlder).toBe(false);
  });

  it("opens where reading stopped, also when much is unread", async () => {
    const { of } = shelf(200);
    const timeline = new Timeline(of);
    await timeline.load(90);
    expect(timeline.firstUnread).toBe(91);
  });

  it("says that nothing is unread when all was read", async () => {
    const { of } = shelf(3);
    const timeline = new Timeline(of);
    await timeline.load(3);
    expect(timeline.firstUnread).toBe(null);
  });

  it("takes an entry once, however often it is told", async () => {
    const { of } = shelf(2);
    const timeline = new Timeline(of);
    await timeline.load(0);
    timeline.put(entry(3));
    timeline.put(entry(3));
    timeline.put(entry(3, { delivery: "read", version: 2 }));
    timeline.put(entry(3, { delivery: "sent", version: 1 }));
    expect(ids(timeline)).toEqual([1, 2, 3]);
    expect(timeline.newest?.delivery).toBe("read");
  });

  it("loses nothing that comes while it loads", async () => {
    const { of } = shelf(2);
    const timeline = new Timeline(of);
    const loading = timeline.load(0);
    timeline.put(entry(3));
    await loading;
    expect(ids(timeline)).toEqual([1, 2, 3]);
  });

  it("starts anew rather than show a gap after a long absence", async () => {
    const { all, of } = shelf(60);
    const timeline = new Timeline(of);
    await timeline.load(60);
    for (let id = 61; id <= 200; id++) all.push(entry(id));
    await timeline.load(60);
    expect(ids(timeline).every((id, index, held) => index === 0 || id === (held[index - 1] ?? 0) + 1)).toBe(true);
    expect(timeline.newest?.id).toBe(200);
  });

  it("reaches an old entry and says when there is none", async () => {
    const { of } = shelf(400);
    const timeline = new Timeline(of);
    await timeline.load(400);
    expect(await timeline.reach(12)).toBe(true);
    expect(await timeline.reach(0)).toBe(false);
  });

  it("merges in the order of ids", () => {
    expect(merged([entry(1), entry(4)], [entry(2), entry(3)]).map((one) => one.id)).toEqual([1, 2, 3, 4]);
  });
});
