import { describe, expect, it } from "vitest";
import { agent, conversation } from "../../shared/testing";
import type { Listing } from "../api/conversations";
import { List, type Source } from "./list.svelte";
import { belongs, nameOf } from "./listing";
import type { ConversationValue } from "../wire";

const me = agent(1, { queues: [7] });
const listing = (changes: Partial<Listing> = {}): Listing => ({ view: "all", queue_id: null, channel: null, tag: null, sort: "newest", ...changes });

/** A hub that keeps conversations and gives pages of two. */
class Shelf implements Source {
  readonly me = me;
  rows: ConversationValue[];
  asked = 0;
  known = new Map<number, ConversationValue>();

  constructor(count: number) {
    this.rows = Array.from({ length: count }, (_, n) => conversation(n + 1, { last_activity_at: 1000 - n * 10 }));
  }

  async page(_: Listing, cursor: string | null): Promise<{ items: ConversationValue[]; next_cursor: string | null }> {
    this.asked += 1;
    const from = Number(cursor ?? 0);
    return { items: this.rows.slice(from, from + 2), next_cursor: from + 2 < this.rows.length ? String(from + 2) : null };
  }

  keep(value: ConversationValue): ConversationValue {
    const known = this.known.get(value.id);
    if (known && known.version > value.version) return known;
    this.known.set(value.id, value);
    return value;
  }
}

describe("a conversation stands in a list", () => {
  it("by view, as the hub decides it", () => {
    const inQueue = conversation(1, { queue_id: 7, assignee_id: null });
    expect(belongs(listing({ view: "queue" }), inQueue, me)).toBe(true);
    expect(belongs(listing({ view: "queue" }), { ...inQueue, queue_id: 8 }, me)).toBe(false);
    expect(belongs(listing({ view: "mine" }), inQueue, me)).toBe(false);
    expect(belongs(listing({ view: "mine" }), { ...inQueue, assignee_id: 1 }, me)).toBe(true);
    expect(belongs(listing({ view: "mine" }), { ...inQueue, assignee_id: 1, status: "snoozed" }, me)).toBe(false);
    expect(belongs(listing({ view: "closed" }), { ...inQueue, status: "closed" }, me)).toBe(true);
    expect(belongs(listing({ view: "all" }), { ...inQueue, status: "closed" }, me)).toBe(false);
  });

  it("only when it passes every filter", () => {
    const row = conversation(1, { tags: ["a"], channel: "webchat", queue_id: 7 });
    expect(belongs(listing({ tag: "a", channel: "webchat", queue_id: 7 }), row, me)).toBe(true);
    expect(belongs(listing({ tag: "b" }), row, me)).toBe(false);
    expect(belongs(listing({ channel: "sms" }), row, me)).toBe(false);
    expect(nameOf(listing({ tag: "a" }))).not.toBe(nameOf(listing({ channel: "a" })));
  });
});

describe("a list", () => {
  it("pages to the end without a row twice", async () => {
    const shelf = new Shelf(5);
    const list = new List(listing(), shelf);
    await list.load();
    expect(list.ids).toEqual([1, 2]);
    await Promise.all([list.more(), list.more()]);
    await list.more();
    expect(list.ids).toEqual([1, 2, 3, 4, 5]);
    expect(list.complete).toBe(true);
    expect(shelf.asked).toBe(3);
  });

  it("moves a row up when something happens in it, and drops it when it leaves", async () => {
    const shelf = new Shelf(4);
    const list = new List(listing(), shelf);
    await list.load();
    await list.more();
    list.take({ ...shelf.rows[3]!, last_activity_at: 5000 });
    expect(list.ids).toEqual([4, 1, 2, 3]);
    list.take({ ...shelf.rows[0]!, status: "closed" });
    expect(list.ids).toEqual([4, 2, 3]);
  });

  it("leaves to a later page what stands behind the rows that are here", async () => {
    const shelf = new Shelf(6);
    const list = new List(listing(), shelf);
    await list.load();
    list.take(conversation(99, { last_activity_at: 1 }));
    expect(list.ids).toEqual([1, 2]);
    list.take(conversation(98, { last_activity_at: 995 }));
    expect(list.ids).toEqual([1, 98, 2]);
  });

  it("keeps what happens while a page is on its way", async () => {
    const shelf = new Shelf(2);
    const list = new List(listing(), shelf);
    const loading = list.load();
    list.take(conversation(50, { last_activity_at: 9000 }));
    await loading;
    expect(list.ids).toEqual([50, 1, 2]);
  });
});
