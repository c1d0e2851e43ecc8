import { describe, expect, it } from "vitest";
import { call } from "../../shared/testing";
import type { CallValue } from "../wire";
import { CallList } from "./list.svelte";
import { NOTHING } from "./listing";
import { waitingIn, waitsFor } from "./waiting";

const LIVE = { ...NOTHING, view: "live", sort: "oldest" } as const;
const PAGE = 100;

/** A hub with live calls, the oldest first, and a page of a hundred for each question. */
class Hub {
  asked = 0;
  /** Runs before a page is answered. */
  meanwhile: (page: number) => void = () => undefined;
  constructor(public calls: CallValue[]) {}
  readonly ask = async (cursor: string | null) => {
    const from = Number(cursor ?? 0);
    const items = this.calls.filter(({ state }) => state !== "ended").slice(from, from + PAGE);
    this.meanwhile(this.asked++);
    return { items, next_cursor: from + PAGE < this.calls.length ? String(from + PAGE) : null };
  };
}

const queued = (id: number, queue_id: number) => call(id, { state: "queued", queue_id, agent_id: null, queued_at: id });
const ids = (list: CallList) => list.rows.map(({ id }) => id);

describe("the live view", () => {
  it("counts everybody who waits, however many pages they stand on", async () => {
    const hub = new Hub(Array.from({ length: 250 }, (_, n) => queued(n + 1, n < 230 ? 1 : 2)));
    const list = new CallList(LIVE, hub.ask, 1_000);
    await list.load();
    expect([list.rows.length, list.complete, hub.asked]).toEqual([250, true, 3]);
    const waiting = waitingIn(list.rows);
    expect([waiting.get(1)?.n, waiting.get(2)?.n, waiting.get(1)?.since]).toEqual([230, 20, 1]);
    list.take(queued(251, 2));
    list.take(call(1, { state: "talking", queue_id: 1, version: 2 }));
    expect([waitingIn(list.rows).get(1)?.n, waitingIn(list.rows).get(2)?.n]).toEqual([229, 21]);
  });

  it("misses nothing that happens while the pages are on their way", async () => {
    const hub = new Hub(Array.from({ length: 150 }, (_, n) => queued(n + 1, 1)));
    const list = new CallList(LIVE, hub.ask, 1_000);
    hub.meanwhile = (page) => {
      if (page !== 1) return;
      list.take(call(5, { state: "ended", outcome: "abandoned", version: 2 }));
      list.take(queued(200, 1));
    };
    await list.load();
    expect([list.rows.length, ids(list).includes(5), ids(list).at(-1)]).toEqual([150, false, 200]);
  });

  it("stops at its limit, says so, and goes on when asked", async () => {
    const hub = new Hub(Array.from({ length: 350 }, (_, n) => queued(n + 1, 1)));
    const list = new CallList(LIVE, hub.ask, 200);
    await list.load();
    expect([list.rows.length, list.complete]).toEqual([200, false]);
    await list.more();
    await list.more();
    expect([list.rows.length, list.complete]).toEqual([350, true]);
  });

  it("tells an agent of the first caller they would be rung for, and of no other queue's", () => {
    const calls = [queued(7, 2), queued(9, 1), queued(11, 1), call(3, { state: "talking", queue_id: 1 })];
    expect([[1], [1, 2], [3]].map((queues) => waitsFor(calls, { queues }))).toEqual([9, 7, null]);
  });
});
