import { describe, expect, it } from "vitest";
import type { Page } from "../api/conversations";
import type { CaseValue } from "../wire";
import { LeadList } from "./list.svelte";
import { type LeadListing, belongs, listingOf, pathOf, queryOf } from "./listing";
import { speak } from "../words/words.svelte";
import { amountOf, moneyOf } from "./money";
import { isName, qualification } from "./qualifying";

const ME = 1;
const ALL: LeadListing = { whose: "all", stage_id: null, source: null, text: "", sort: "newest" };

function lead(id: number, said: Partial<CaseValue> = {}): CaseValue {
  return { id, number: id, kind: "lead", title: "", pipeline_id: 1, stage_id: 1, category: "new", stage_since: id * 10, contact_id: null, identity_id: 1, conversation_id: 1, who: "Maria", owner_id: null, queue_id: 1, source: "email", account_id: 1, first_words: "Hello", reason: "", is_spam: false, origin_id: null, amount: null, currency: "", nurture_until: null, can_undo: false, tags: [], created_at: id, closed_at: null, version: 1, ...said };
}

/** A hub that keeps leads and answers pages of two, when it is let. */
class Hub {
  leads: CaseValue[] = [];
  gate: Promise<void> = Promise.resolve();
  isAway = false;
  list(listing: LeadListing): LeadList {
    return new LeadList(listing, {
      me: ME,
      keep: (one) => one,
      page: async (cursor): Promise<Page<CaseValue>> => {
        const from = Number(cursor ?? 0);
        const found = this.leads.toSorted((a, b) => b.id - a.id);
        const page = { items: found.slice(from, from + 2), next_cursor: from + 2 < found.length ? String(from + 2) : null };
        await this.gate;
        if (this.isAway) throw new Error("away");
        return page;
      },
    });
  }
}

const ids = (list: LeadList): number[] => list.rows.map(({ id }) => id);

describe("the list of leads", () => {
  it("shows the newest first and goes on when asked", async () => {
    const hub = new Hub();
    hub.leads = [lead(1), lead(2), lead(3)];
    const list = hub.list(ALL);
    await list.load();
    expect([ids(list), list.complete]).toEqual([[3, 2], false]);
    await list.more();
    expect([ids(list), list.complete]).toEqual([[3, 2, 1], true]);
  });

  it("lets a lead come, change and go as it is told of", async () => {
    const hub = new Hub();
    hub.leads = [lead(1)];
    const list = hub.list({ ...ALL, whose: "unowned" });
    await list.load();
    list.take(lead(2));
    expect(ids(list)).toEqual([2, 1]);
    list.take(lead(1, { owner_id: 7, version: 2 }));
    expect(ids(list)).toEqual([2]);
    list.take(lead(2, { kind: "deal", version: 2 }));
    expect(ids(list)).toEqual([]);
  });

  it("never lets an older word undo a newer one", async () => {
    const hub = new Hub();
    hub.leads = [lead(1, { version: 3, title: "new" })];
    const list = hub.list(ALL);
    await list.load();
    list.take(lead(1, { version: 2, title: "old" }));
    expect(list.rows[0]?.title).toBe("new");
  });

  it("keeps what happened while a page was on its way", async () => {
    const hub = new Hub();
    hub.leads = [lead(1)];
    let open = (): void => undefined;
    hub.gate = new Promise((done) => (open = done));
    const list = hub.list(ALL);
    const loading = list.load();
    list.take(lead(2));
    list.take(lead(1, { category: "lost", version: 2 }));
    open();
    await loading;
    expect(ids(list)).toEqual([2]);
  });

  it("leaves what lies beyond the loaded pages to its page", async () => {
    const hub = new Hub();
    hub.leads = [lead(5), lead(6), lead(7)];
    const list = hub.list(ALL);
    await list.load();
    list.take(lead(1));
    expect(ids(list)).toEqual([7, 6]);
  });

  it("says that it could not be loaded, and keeps what it shows when it is asked again in vain", async () => {
    const hub = new Hub();
    hub.leads = [lead(1)];
    hub.isAway = true;
    const list = hub.list(ALL);
    await list.load();
    expect(list.state).toBe("failed");
    hub.isAway = false;
    await list.load();
    hub.isAway = true;
    await list.load();
    expect([list.state, ids(list)]).toEqual(["ready", [1]]);
  });
});

describe("which leads stand in a list", () => {
  it("are the open ones, or those of a stage", () => {
    expect(belongs(ALL, lead(1, { category: "waiting" }), ME)).toBe(true);
    expect(belongs(ALL, lead(1, { category: "lost", stage_id: 5 }), ME)).toBe(false);
    expect(belongs({ ...ALL, stage_id: 5 }, lead(1, { category: "lost", stage_id: 5 }), ME)).toBe(true);
    expect(belongs({ ...ALL, source: "sms" }, lead(1), ME)).toBe(false);
    expect(belongs({ ...ALL, whose: "mine" }, lead(1, { owner_id: ME }), ME)).toBe(true);
  });

  it("are named by the address of the page", () => {
    const listing: LeadListing = { whose: "mine", stage_id: 5, source: "sms", text: "maria k", sort: "oldest" };
    const [path = "", query = ""] = pathOf(listing, 9).split("?");
    expect(path).toBe("leads/9");
    expect(listingOf({ screen: "leads", rest: ["9"], query: new URLSearchParams(query) })).toEqual(listing);
    expect(listingOf({ screen: "leads", rest: [], query: new URLSearchParams("whose=x&sort=y&stage=z") })).toEqual(ALL);
  });

  it("are asked for as the hub takes it", () => {
    expect(queryOf({ ...ALL, whose: "unowned", text: " " }, ME)).toEqual({ kind: "lead", open: true, owner_id: 0, stage_id: null, source: null, text: null, sort: "newest" });
    expect(queryOf({ ...ALL, whose: "mine", stage_id: 5 }, ME)).toMatchObject({ open: null, owner_id: ME, stage_id: 5 });
  });
});

describe("qualifying a lead", () => {
  const typed = { becomes: "deal", contactId: null, name: " Maria ", company: "", title: " 40 jackets " } as const;

  it("makes a contact of the name typed, without an empty company", () => {
    expect(qualification(typed)).toEqual({ becomes: "deal", name: "Maria", title: "40 jackets" });
  });

  it("takes numbers, addresses and visitors for no names", () => {
    expect(["+380 67 123 45 67", "orders@nordwind.example", "Visitor 4821", "Maria K.", "李娜"].filter(isName)).toEqual(["Maria K.", "李娜"]);
  });

  it("says nothing of names when it is somebody known, and nothing of a title for a contact only", () => {
    expect(qualification({ ...typed, contactId: 7, becomes: "contact" })).toEqual({ becomes: "contact", contact_id: 7 });
  });
});

describe("an amount", () => {
  it("is understood as it is written here and elsewhere, in the smallest unit", () => {
    expect(["1234.5", "1 234,50", "1,234.50", "1.234,5", " 1'234.50"].map((typed) => amountOf(typed, "EUR"))).toEqual([123_450, 123_450, 123_450, 123_450, 123_450]);
    expect([amountOf("1,234", "EUR"), amountOf("1.000.000", ""), amountOf("5000", "JPY"), amountOf("", "EUR")]).toEqual([123_400, 100_000_000, 5_000, null]);
    expect(["12 apples", "-5", "1.2.3", "1,23,4", "5.5", "9".repeat(18)].map((typed) => amountOf(typed, "JPY"))).toEqual([NaN, NaN, NaN, NaN, NaN, NaN]);
  });

  it("is sent with a deal, and with nothing else", () => {
    const typed = { becomes: "deal", contactId: 7, name: "", company: "", title: "", amount: 123_450 } as const;
    expect(qualification(typed)).toEqual({ becomes: "deal", contact_id: 7, amount: 123_450 });
    expect(qualification({ ...typed, becomes: "request" })).not.toHaveProperty("amount");
    expect(qualification({ ...typed, amount: null })).not.toHaveProperty("amount");
  });

  it("is shown in its currency, where it has one", async () => {
    await speak("en");
    expect([moneyOf(123_450, "EUR"), moneyOf(5_000, "JPY"), moneyOf(123_450, "")]).toEqual(["€1,234.50", "¥5,000", "1,234.50"]);
  });
});
