import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { DraftExtras, FileValue } from "../wire";
import { Drafts, type DraftKeeper, type Kept, type Written } from "./drafts.svelte";
import { BLANK, draftedOf, Letters } from "./letters.svelte";
import type { Said } from "./said";

class Hub implements DraftKeeper {
  kept = new Map<string, string>();
  extras = new Map<string, DraftExtras | null>();
  saves = 0;
  isAway = false;

  save = async (id: number, kind: string, written: Kept): Promise<void> => {
    if (this.isAway) throw new Error("away");
    this.saves += 1;
    this.kept.set(`${id} ${kind}`, written.text);
    this.extras.set(`${id} ${kind}`, written.extras);
  };

  clear = async (id: number, kind: string): Promise<void> => void this.kept.delete(`${id} ${kind}`);
}

const shelf = () => {
  const kept = new Map<string, string>();
  return { getItem: (name: string) => kept.get(name) ?? null, setItem: (name: string, value: string) => void kept.set(name, value), removeItem: (name: string) => void kept.delete(name) };
};
const told = (words: string, extras: DraftExtras | null = null) => ({ conversation_id: 1, kind: "message" as const, text: words, files: [], extras, updated_at: 0 });
const went = (words: string, files: FileValue[] = [], details: Partial<Said["details"]> = null): Said => ({ text: words, files, details: details as Said["details"] });
const file = (id: number): FileValue => ({ id, name: `${id}.pdf`, type: "application/pdf", size: 1 }) as FileValue;
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
    const kept = { conversation_id: 1, kind: "message" as const, text: "old", files: [], extras: null, updated_at: 0 };
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

  it("that could not be saved is saved once the line is back", async () => {
    const hub = new Hub();
    hub.isAway = true;
    const drafts = new Drafts(hub);
    drafts.write(1, "note", text("kept"));
    await vi.advanceTimersByTimeAsync(1_000);
    hub.isAway = false;
    drafts.renew([]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect([hub.saves, hub.kept.get("1 note")]).toEqual([1, "kept"]);
  });

  it("does not come back when the hub tells of it after it was sent", async () => {
    const drafts = new Drafts(new Hub());
    drafts.write(1, "message", text("sent"));
    await vi.advanceTimersByTimeAsync(1_000);
    drafts.clear(1, "message");
    drafts.take([{ conversation_id: 1, kind: "message", text: "sent", files: [], extras: null, updated_at: 0 }]);
    expect(drafts.of(1, "message").text).toBe("");
  });

  it("is taken over from another machine", () => {
    const drafts = new Drafts(new Hub());
    drafts.take([{ conversation_id: 1, kind: "note", text: "from the phone", files: [], extras: null, updated_at: 0 }]);
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

describe("a drafted reply", () => {
  const desk = (hub = new Hub()) => {
    const letters = new Letters("1", shelf());
    return { hub, letters, drafts: new Drafts(hub, letters) };
  };

  it("is kept with all that it is besides, once for both", async () => {
    const { hub, letters, drafts } = desk();
    drafts.write(1, "message", text("Dear Ada"));
    letters.change(1, { subject: "Order", buttons: [{ text: "Yes", url: "" }] });
    await vi.advanceTimersByTimeAsync(1_000);
    expect([hub.saves, hub.kept.get("1 message")]).toEqual([1, "Dear Ada"]);
    expect(hub.extras.get("1 message")).toEqual(draftedOf({ ...BLANK, subject: "Order", buttons: [{ text: "Yes", url: "" }] }));
  });

  it("is kept without a word when it has a subject, and no more once it has none", async () => {
    const { hub, letters } = desk();
    letters.change(1, { subject: "Order" });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(hub.kept.get("1 message")).toBe("");
    letters.change(1, { subject: null });
    await vi.advanceTimersByTimeAsync(1_000);
    expect([hub.saves, hub.kept.size]).toEqual([1, 0]);
  });

  it("is none while only its way was chosen", async () => {
    const { hub, letters } = desk();
    letters.change(1, { way: { identity_id: 1, account_id: 2 } });
    await vi.advanceTimersByTimeAsync(1_000);
    expect([hub.saves, hub.kept.size]).toEqual([0, 0]);
  });

  it("comes from another machine with all of it, and goes when it was sent there", () => {
    const { letters, drafts } = desk();
    drafts.take([told("Dear Ada", draftedOf({ ...BLANK, subject: "Order" }))]);
    expect([drafts.of(1, "message").text, letters.of(1).subject]).toEqual(["Dear Ada", "Order"]);
    drafts.gone(1, "message");
    expect([drafts.of(1, "message").text, letters.of(1)]).toEqual(["", BLANK]);
  });

  it("goes when the line was away while it was sent elsewhere", () => {
    const { drafts } = desk();
    drafts.take([told("Dear Ada")]);
    drafts.renew([]);
    expect(drafts.of(1, "message").text).toBe("");
  });

  it("goes when its very words were sent from another machine, though they were typed here", async () => {
    const { letters, drafts } = desk();
    drafts.write(1, "message", text("Dear Ada"));
    letters.change(1, { subject: "Order" });
    drafts.sent(1, "message", went("Dear Ada", [], { subject: "Order" }));
    expect(drafts.of(1, "message").text).toBe("Dear Ada");
    await vi.advanceTimersByTimeAsync(1_000);
    drafts.sent(1, "message", went("Dear Ann"));
    drafts.sent(1, "note", went("Dear Ada"));
    expect(drafts.of(1, "message").text).toBe("Dear Ada");
    drafts.sent(1, "message", went("Dear Ada", [], { subject: "Order" }));
    expect([drafts.of(1, "message").text, letters.of(1)]).toEqual(["", BLANK]);
  });

  it("stays when less of it, or more, was sent from another machine", async () => {
    const { letters, drafts } = desk();
    const all = { subject: "Order", cc: [{ value: "eve@x.org", name: "" }], buttons: [{ text: "Yes", url: "", key: "" }], reply_to_id: 7, send_at: 9 };
    drafts.write(1, "message", { text: "Thanks", files: [file(5)] });
    letters.change(1, { about: 7, subject: "Order", cc: ["Eve <eve@x.org>"], buttons: [{ text: "Yes", url: "" }], sendAt: 9 });
    await vi.advanceTimersByTimeAsync(1_000);
    for (const less of [went("Thanks", [], all), went("Thanks", [file(5), file(6)], all), went("Thanks", [file(5)]), ...Object.keys(all).map((part) => went("Thanks", [file(5)], { ...all, [part]: undefined }))]) drafts.sent(1, "message", less);
    expect([drafts.of(1, "message").files.length, letters.of(1).subject]).toEqual([1, "Order"]);
    drafts.sent(1, "message", went("Thanks", [file(5)], all));
    expect([drafts.of(1, "message"), letters.of(1)]).toEqual([text(""), BLANK]);
  });

  it("goes when it was forwarded from another machine, to the same people", async () => {
    const { letters, drafts } = desk();
    letters.change(1, { mode: "forward", about: 7, to: ["Bob <bob@x.org>"] });
    await vi.advanceTimersByTimeAsync(1_000);
    const words = "---------- Forwarded message ----------";
    drafts.sent(1, "message", went(words, [file(8)], { to: [{ value: "eve@x.org", name: "" }] }));
    expect(letters.of(1).about).toBe(7);
    drafts.sent(1, "message", went(words, [file(8)], { to: [{ value: "bob@x.org", name: "Bob" }] }));
    expect(letters.of(1)).toEqual(BLANK);
  });

  it("does not come back after a reload when it was sent from another machine meanwhile", async () => {
    const kept = shelf();
    const before = new Letters("1", kept);
    const way = { identity_id: 1, account_id: 2 };
    before.change(1, { way, mode: "forward", about: 7, to: ["bob@x.org"], html: "<p>hi</p>" });
    before.change(2, { buttons: [{ text: "Yes", url: "" }] });
    before.change(3, { subject: "Order" });
    const letters = new Letters("1", kept);
    const drafts = new Drafts(new Hub(), letters);
    letters.change(2, { buttons: [{ text: "No", url: "" }] });
    drafts.renew([{ ...told("Dear Ada", draftedOf({ ...BLANK, subject: "Order" })), conversation_id: 3 }]);
    expect([letters.of(1), letters.of(2).buttons[0]?.text, letters.of(3).subject]).toEqual([{ ...BLANK, way }, "No", "Order"]);
    expect(new Letters("1", kept).of(1)).toEqual({ ...BLANK, way });
  });

  it("follows another machine there and back again", async () => {
    const { drafts } = desk();
    drafts.write(1, "message", text("abc"));
    await vi.advanceTimersByTimeAsync(1_000);
    for (const words of ["abcd", "abc"]) {
      drafts.take([told(words, draftedOf(BLANK))]);
      expect(drafts.of(1, "message").text).toBe(words);
    }
  });

  it("can say once more what was sent before", async () => {
    const { drafts } = desk();
    drafts.write(1, "message", text("Thanks"));
    await vi.advanceTimersByTimeAsync(1_000);
    drafts.clear(1, "message");
    drafts.gone(1, "message");
    drafts.take([told("Thanks", draftedOf(BLANK))]);
    expect(drafts.of(1, "message").text).toBe("Thanks");
  });

  it("stays when it was written on here, whatever became of it elsewhere", () => {
    const { letters, drafts } = desk();
    drafts.take([told("Dear Ada", draftedOf(BLANK))]);
    letters.change(1, { subject: "Order" });
    drafts.gone(1, "message");
    drafts.renew([]);
    expect([drafts.of(1, "message").text, letters.of(1).subject]).toEqual(["Dear Ada", "Order"]);
  });

  it("leaves what this device knows besides where whoever wrote it said nothing of that", () => {
    const { letters, drafts } = desk();
    letters.take(1, draftedOf({ ...BLANK, subject: "Order" }));
    drafts.take([told("by another program")]);
    expect([drafts.of(1, "message").text, letters.of(1).subject]).toEqual(["by another program", "Order"]);
  });

  it("is no news when the hub tells back what this page said", async () => {
    const { hub, letters, drafts } = desk();
    drafts.write(1, "message", text("Dear Ada"));
    letters.change(1, { cc: ["eve@x.org"] });
    await vi.advanceTimersByTimeAsync(1_000);
    const echo = hub.extras.get("1 message") ?? null;
    drafts.clear(1, "message");
    letters.clear(1);
    drafts.take([told("Dear Ada", echo)]);
    expect([drafts.of(1, "message").text, letters.of(1)]).toEqual(["", BLANK]);
  });
});
