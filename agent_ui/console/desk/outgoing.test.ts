import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Refused, Unreachable } from "../api/http";
import type { EntryValue } from "../wire";
import { Outgoing, type Parcel } from "./outgoing.svelte";

class Shelf {
  held = new Map<string, string>();
  getItem = (key: string) => this.held.get(key) ?? null;
  setItem = (key: string, value: string) => void this.held.set(key, value);
  removeItem = (key: string) => void this.held.delete(key);
}

/** A hub that may be away and takes each key once. */
class Hub {
  taken: string[] = [];
  isAway = false;
  refuses: Refused | null = null;
  newest = 0;
  answersAreLost = false;
  arrivals: string[] = [];

  carry = async (parcel: Parcel): Promise<EntryValue> => {
    if (this.isAway) throw new Unreachable();
    if (this.refuses) throw this.refuses;
    if (parcel.seen !== null && parcel.seen < this.newest) throw new Refused(409, "moved_on", "");
    if (!this.taken.includes(parcel.key)) this.taken.push(parcel.key);
    if (this.answersAreLost) throw new Unreachable();
    return { client_key: parcel.key } as EntryValue;
  };

  arrived = (parcel: Parcel): void => void this.arrivals.push(parcel.key);
}

const parcel = (key: string, changes: Partial<Parcel> = {}): Omit<Parcel, "state"> => ({ key, conversationId: 1, kind: "message", text: key, files: [], mentions: [], seen: 0, at: 0, ...changes });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("what the agent sends", () => {
  it("goes in order, one at a time", async () => {
    const hub = new Hub();
    const outgoing = new Outgoing(hub, "1", new Shelf());
    for (const key of ["a", "b", "c"]) outgoing.send(parcel(key));
    await vi.advanceTimersByTimeAsync(10);
    expect(hub.taken).toEqual(["a", "b", "c"]);
    expect(outgoing.parcels).toEqual([]);
  });

  it("waits while the hub is away and goes once when it is back", async () => {
    const hub = new Hub();
    hub.isAway = true;
    const outgoing = new Outgoing(hub, "1", new Shelf());
    outgoing.send(parcel("a"));
    outgoing.send(parcel("b"));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(outgoing.parcels.map((one) => one.state)).toEqual(["waiting", "waiting"]);
    hub.isAway = false;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(hub.taken).toEqual(["a", "b"]);
  });

  it("is one message when the answer to it was lost", async () => {
    const hub = new Hub();
    hub.answersAreLost = true;
    const outgoing = new Outgoing(hub, "1", new Shelf());
    outgoing.send(parcel("a"));
    await vi.advanceTimersByTimeAsync(3_000);
    hub.answersAreLost = false;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(hub.taken).toEqual(["a"]);
    expect(outgoing.parcels).toEqual([]);
  });

  it("survives a reload of the page", async () => {
    const hub = new Hub();
    hub.isAway = true;
    const shelf = new Shelf();
    new Outgoing(hub, "1", shelf).send(parcel("a"));
    await vi.advanceTimersByTimeAsync(10);
    hub.isAway = false;
    const after = new Outgoing(hub, "1", shelf);
    after.hurry();
    await vi.advanceTimersByTimeAsync(10);
    expect(hub.taken).toEqual(["a"]);
    expect(shelf.held.size).toBe(0);
  });

  it("asks when the contact wrote in the meantime, and goes when told to", async () => {
    const hub = new Hub();
    hub.newest = 7;
    const outgoing = new Outgoing(hub, "1", new Shelf());
    outgoing.send(parcel("a", { seen: 5 }));
    await vi.advanceTimersByTimeAsync(10);
    expect(outgoing.parcels[0]?.state).toBe("moved_on");
    expect(hub.taken).toEqual([]);
    outgoing.again("a", { seen: 7 });
    await vi.advanceTimersByTimeAsync(10);
    expect(hub.taken).toEqual(["a"]);
  });

  it("says why it was refused and does not try by itself", async () => {
    const hub = new Hub();
    hub.refuses = new Refused(409, "conflict", "Their phone said STOP.");
    const outgoing = new Outgoing(hub, "1", new Shelf());
    outgoing.send(parcel("a"));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(outgoing.parcels[0]).toMatchObject({ state: "refused", problem: "conflict", why: "Their phone said STOP." });
    expect(outgoing.callBack("a")?.text).toBe("a");
    expect(outgoing.parcels).toEqual([]);
  });

  it("keeps its way, its subject and its time over a reload", async () => {
    const [hub, shelf] = [new Hub(), new Shelf()];
    hub.isAway = true;
    const extras = { way: { identity_id: 1, account_id: 2 }, subject: "Order", send_at: 9 };
    new Outgoing(hub, "1", shelf).send(parcel("a", { extras }));
    await vi.advanceTimersByTimeAsync(10);
    expect(new Outgoing(hub, "1", shelf).parcels[0]?.extras).toEqual(extras);
  });

  it("can be called back while it is held", async () => {
    const hub = new Hub();
    const outgoing = new Outgoing(hub, "1", new Shelf());
    outgoing.send(parcel("a"), 5_000);
    outgoing.send(parcel("b", { conversationId: 2 }), 5_000);
    await vi.advanceTimersByTimeAsync(4_000);
    outgoing.callBack("a");
    await vi.advanceTimersByTimeAsync(4_000);
    expect(hub.taken).toEqual(["b"]);
  });
});
