import { describe, expect, it } from "vitest";
import type { CannedValue, EntryValue } from "../wire";
import { filledIn, fitting, word } from "./canned";
import { Heights } from "./heights";
import { linked } from "./linked";
import { rowsOf } from "./rows";
import { choices, fieldOf } from "./snoozing";

const hrefs = (text: string) => linked(text).flatMap((piece) => (piece.href ? [piece.href] : []));

describe("an address in a message", () => {
  it("becomes a link only when it is http or https", () => {
    expect(hrefs("see https://shop.example/a?b=1 and http://x.example")).toEqual(["https://shop.example/a?b=1", "http://x.example/"]);
    expect(hrefs("javascript:alert(1) data:text/html,x vbscript:x file:///etc/passwd")).toEqual([]);
  });

  it("ends before the sentence does", () => {
    expect(hrefs("(https://a.example/b_(c)). 见https://a.example/路。")).toEqual(["https://a.example/b_(c)", "https://a.example/%E8%B7%AF"]);
  });

  it("leaves every character of the text in its place", () => {
    for (const text of ["", "<img src=x onerror=alert(1)>", "https://", "a https://a.example, b", "\u202ehttps://a.example\u202d", "https://[", "x".repeat(5000)]) {
      expect(linked(text).map((piece) => piece.text).join("")).toBe(text);
    }
  });
});

const entry = (id: number, at: number, changes: Partial<EntryValue> = {}): EntryValue =>
  ({ id, at, kind: "message", direction: "in", author: { kind: "contact", id: 1, name: "Ada" }, text: "", files: [], ...changes }) as EntryValue;

describe("the rows of a timeline", () => {
  const noon = new Date(2026, 0, 5, 12).getTime();

  it("have a line for each day and one before what is unread", () => {
    const rows = rowsOf([entry(1, noon - 86_400_000), entry(2, noon), entry(3, noon + 1000)], 3, []);
    expect(rows.map((row) => row.kind)).toEqual(["day", "entry", "day", "entry", "unread", "entry"]);
    expect(new Set(rows.map((row) => row.key)).size).toBe(rows.length);
  });

  it("group what one person says in one breath", () => {
    const rows = rowsOf([entry(1, noon), entry(2, noon + 1000), entry(3, noon + 2000, { kind: "note", direction: "internal" })], null, []);
    const shown = rows.flatMap((row) => (row.kind === "entry" ? [[row.first, row.last]] : []));
    expect(shown).toEqual([
      [true, false],
      [false, true],
      [true, true],
    ]);
  });
});

describe("rows of unlike height", () => {
  it("are found by offset, guessed first and measured later", () => {
    const heights = new Heights();
    const keys = Array.from({ length: 5000 }, (_, n) => `e${n}`);
    heights.lay(keys, () => 10);
    expect([heights.total, heights.at(0), heights.at(95), heights.at(1e9)]).toEqual([50_000, 0, 9, 4999]);
    expect(heights.measure("e0", 110)).toBe(true);
    expect(heights.measure("e0", 110.2)).toBe(false);
    heights.lay(keys, () => 10);
    expect([heights.total, heights.top(1), heights.at(109), heights.at(110)]).toEqual([50_100, 110, 0, 1]);
  });
});

const canned = (shortcut: string, title: string, text = ""): CannedValue => ({ id: shortcut.length, shortcut, title, text, language: "", deleted: false, version: 1 });

describe("a canned reply", () => {
  it("is filled in as text and leaves what it does not know", () => {
    const known = { contact: { name: "Ada {{agent.name}} Lovelace" }, agent: { name: "Olena K" } };
    expect(filledIn("Hi {{contact.first_name}} from {{ agent.name }}, {{x.y}}", known)).toBe("Hi Ada from Olena K, {{x.y}}");
    expect(filledIn("{{contact.name}}", known)).toBe("Ada {{agent.name}} Lovelace");
  });

  it("is offered by its shortcut first", () => {
    expect(fitting([canned("thanks", "Say hello"), canned("hello", "Greeting")], "hel").map((one) => one.shortcut)).toEqual(["hello", "thanks"]);
  });

  it("is offered in the contact's language first", () => {
    const all = [{ ...canned("bye", ""), language: "en" }, canned("cheers", ""), { ...canned("papa", ""), language: "uk" }];
    expect(fitting(all, "", "uk-UA").map((one) => one.shortcut)).toEqual(["papa", "cheers", "bye"]);
    expect(fitting(all, "").map((one) => one.shortcut)).toEqual(["bye", "cheers", "papa"]);
  });

  it("is looked for only where a word begins", () => {
    expect(word("say /hel", 8, "/")).toEqual({ from: 4, typed: "hel" });
    expect(word("either/or", 9, "/")).toBe(null);
    expect(word("https://x", 9, "/")).toBe(null);
    expect(word("@Anna Ko", 8, "@")).toEqual({ from: 0, typed: "Anna Ko" });
  });
});

describe("moments to snooze until", () => {
  it("lie in the future, at nine in the morning where days are meant", () => {
    const wednesday = new Date(2026, 0, 7, 16, 30).getTime();
    const found = choices(wednesday);
    expect(found.map((one) => one.id)).toEqual(["hour", "later", "tomorrow", "monday", "week"]);
    expect(found.every((one) => one.until > wednesday)).toBe(true);
    expect(new Date(found[3]!.until).getDay()).toBe(1);
    expect(fieldOf(found[2]!.until)).toBe("2026-01-08T09:00");
  });
});
