import { describe, expect, it } from "vitest";
import { SilentPort } from "./port";
import { loudness } from "./sound";
import { ownTab } from "./tab";
import { waysOut } from "./targets";

/** Locks as a browser keeps them for all tabs of an origin. */
function browser(): LockManager {
  const held = new Set<string>();
  const request = async (name: string, _: LockOptions, run: LockGrantedCallback<unknown>): Promise<unknown> => {
    if (held.has(name)) return run(null);
    held.add(name);
    return run({ name, mode: "exclusive" });
  };
  return { request, query: async () => ({}) } as unknown as LockManager;
}

function storage(): Storage {
  const kept = new Map<string, string>();
  return { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) } as unknown as Storage;
}

describe("the ways out", () => {
  it("are all numbers of all lines that call numbers, the hub's own choice first", () => {
    const line = { name: "Sales", media: "twilio", number: "+1", more_numbers: ["+2"], dials_numbers: true, records: true, listens_in: true };
    const ways = waysOut([{ ...line, account_id: 9 }, { ...line, account_id: 4, name: "Exchange", number: "", more_numbers: [] }, { ...line, account_id: 1, dials_numbers: false }]);
    expect(ways.map(({ account_id, number, name }) => [account_id, number, name])).toEqual([
      [4, "", "Exchange"],
      [9, "+1", "Sales · +1"],
      [9, "+2", "Sales · +2"],
    ]);
  });
});

describe("the tab's name", () => {
  it("is the same after a refresh, when the page before let go of it", async () => {
    const own = storage();
    const first = await ownTab(own, browser());
    expect(first).toMatch(/^[0-9a-f]{24}$/);
    expect(await ownTab(own, browser())).toBe(first);
  });

  it("is another in a duplicated tab, whose store is a copy", async () => {
    const [own, locks] = [storage(), browser()];
    const first = await ownTab(own, locks);
    expect(await ownTab(own, locks)).not.toBe(first);
  });
});

describe("sound", () => {
  it("is measured in decibels between silence and full swing", () => {
    expect(loudness(new Float32Array(8))).toBe(0);
    expect(loudness(new Float32Array(8).fill(1))).toBe(1);
    expect(loudness(new Float32Array(8).fill(0.01))).toBeCloseTo(1 / 3, 2);
  });

  it("is carried by nobody in a silent port, which keeps what it was told", () => {
    const port = new SilentPort("tab");
    port.press("5");
    port.setMuted(true);
    expect([port.pressed, port.muted, port.state]).toEqual([["5"], true, "idle"]);
  });
});
