import { describe, expect, it } from "vitest";
import { call, leg } from "../../shared/testing";
import { exportUrl } from "../api/calls";
import { CallList } from "./list.svelte";
import { NOTHING, belongs, dayOf, listingOf, momentOf, pathOf } from "./listing";

describe("a list of calls", () => {
  it("has an address that says all its choices, and no more", () => {
    const listing = { ...NOTHING, view: "missed", direction: "in", queue_id: 2, number: "067", since: 1_000, recorded: "true", sort: "longest" } as const;
    const path = pathOf(listing, 5);
    expect(path.startsWith("calls/5?")).toBe(true);
    expect(listingOf({ query: new URLSearchParams(path.split("?")[1]) })).toEqual(listing);
    expect(pathOf(NOTHING)).toBe("calls");
    expect(listingOf({ query: new URLSearchParams("view=nonsense&queue=-3&sort=x&direction=up") })).toEqual(NOTHING);
  });

  it("is taken away as a file with every choice that it shows", () => {
    expect(exportUrl(NOTHING)).toBe("/api/v1/calls/export");
    const chosen = { ...NOTHING, number: "067", disposition: "Sold", recorded: "true", sort: "oldest", queue_id: 2 } as const;
    const said = new URLSearchParams(exportUrl(chosen).split("?")[1]);
    expect(Object.fromEntries(said)).toEqual({ number: "067", disposition: "Sold", recorded: "true", sort: "oldest", queue_id: "2" });
  });

  it("holds the calls that the hub would list", () => {
    const one = call(1, { outcome: "abandoned", queue_id: 2, agent_id: null, legs: [leg(3, { agent_id: 7 })] });
    expect(belongs(one, { ...NOTHING, view: "missed", queue_id: 2, agent_id: 7, number: "0671" })).toBe(true);
    expect(belongs(one, { ...NOTHING, view: "answered" })).toBe(false);
    expect(belongs(one, { ...NOTHING, recorded: "true" })).toBe(false);
    expect(belongs(one, { ...NOTHING, until: 0, since: 1 })).toBe(false);
    const out = call(2, { direction: "out", outcome: "no_answer" });
    expect([belongs(out, { ...NOTHING, view: "missed" }), belongs(out, { ...NOTHING, view: "failed" })]).toEqual([false, true]);
    const recorded = (state: "running" | "missing" | "stored") => call(3, { recordings: [{ id: 1, state, since: 0, external_id: "", file_id: null, duration: null, is_voicemail: false, agent_id: null }] });
    expect((["running", "missing", "stored"] as const).map((state) => belongs(recorded(state), { ...NOTHING, recorded: "true" }))).toEqual([false, false, true]);
  });

  it("takes days as whole ones", () => {
    expect(dayOf(momentOf("2026-11-22"))).toBe("2026-11-22");
    expect(dayOf(momentOf("2026-11-22", 1), -1)).toBe("2026-11-22");
    expect([momentOf(""), dayOf(0)]).toEqual([0, ""]);
  });

  it("stays true while calls come, change and leave it", async () => {
    const answered = { ...NOTHING, view: "answered" } as const;
    const list = new CallList(answered, async () => ({ items: [call(9, { outcome: "answered" }), call(5, { outcome: "answered" })], next_cursor: null }));
    await list.load();
    list.take(call(7, { outcome: "answered" }));
    list.take(call(8, { outcome: "missed" }));
    expect(list.rows.map(({ id }) => id)).toEqual([9, 7, 5]);
    list.take(call(5, { outcome: "failed", version: 2 }));
    list.take(call(9, { outcome: "failed", version: 1 }));
    expect(list.rows.map(({ id }) => id)).toEqual([9, 7]);
  });

  it("leaves what stands behind its end to the next page", async () => {
    const pages: Record<string, { items: ReturnType<typeof call>[]; next_cursor: string | null }> = {
      "": { items: [call(9), call(8)], next_cursor: "c" },
      c: { items: [call(3), call(2)], next_cursor: null },
    };
    const list = new CallList(NOTHING, async (cursor) => pages[cursor ?? ""]!);
    await list.load();
    list.take(call(3, { version: 2 }));
    expect(list.rows.map(({ id }) => id)).toEqual([9, 8]);
    await list.more();
    expect([list.rows.map(({ id }) => id), list.complete]).toEqual([[9, 8, 3, 2], true]);
  });
});
