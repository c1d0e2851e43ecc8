import { describe, expect, it } from "vitest";
import type { Way } from "../api/ways";
import { BLANK, draftedOf, type Letter } from "../desk/letters.svelte";
import type { EntryValue, FileValue, Named } from "../wire";
import { linesOf, linkOf, pressablesOf, troubleOfButtons } from "./buttons";
import { laters } from "./later";
import { type Laid, isLink, laidOut, plainOf, signatureText } from "./plain";
import { addressOf, bareSubject, distinct, everybody, isAddress, parted, subjectOf, toOf } from "./recipients";
import { rowsOf } from "./rows";
import { begun, extrasOf, needsWay } from "./sending";
import { addressed, filled, gapsOf, others, stateOf, takenWay, troubleOf } from "./ways";

const NOON = new Date(2026, 10, 25, 12).getTime();
const CARRIES: Way["carries"] = { max_text: null, max_file_bytes: 1_000, max_files: 2, html: false, subject: false, copies: false, signature: "", segments: false, buttons: 0, templates: [] };
const MAIL: Way["carries"] = { ...CARRIES, html: true, subject: true, copies: true };

const way = (account_id: number, changes: Partial<Way> = {}): Way => ({
  identity_id: account_id * 10,
  account_id,
  channel: "sms",
  account_name: "",
  scheme: "tel",
  display: `address ${account_id}`,
  name: "",
  state: "open",
  why: "",
  window_until: null,
  is_default: false,
  is_guest: false,
  carries: CARRIES,
  subject: "",
  to: [],
  cc: [],
  ...changes,
});
const letter = (changes: Partial<Letter> = {}): Letter => ({ ...BLANK, ...changes });
const named = (...values: string[]): Named[] => values.map((value) => ({ value, name: "" }));
const mailed = (id: number, to: string[], cc: string[], changes: Partial<EntryValue> = {}): EntryValue =>
  ({ id, at: NOON + id, kind: "message", direction: "in", channel: "email", author: { kind: "contact", id: 1, name: "Ada" }, text: "words", files: [], details: { subject: "Re: Order", to: named(...to), cc: named(...cc) }, ...changes }) as EntryValue;
const said = (text: string, ...sizes: number[]) => ({ text, files: sizes.map((size, id) => ({ id, size, name: `${id}.pdf` }) as FileValue) });

describe("the way a reply takes", () => {
  const all = [way(1), way(2, { is_default: true }), way(3, { state: "closed", why: "blocked" })];

  it("is the one chosen while it is there, else the conversation's own, else one that is free", () => {
    expect(takenWay(all, { identity_id: 30, account_id: 3 })?.account_id).toBe(3);
    expect(takenWay(all, { identity_id: 99, account_id: 3 })?.account_id).toBe(2);
    expect(takenWay([way(3, { state: "closed" }), way(4)], null)?.account_id).toBe(4);
    expect(takenWay([], null)).toBeNull();
  });

  it("is shut when its window ends, even while nobody asks the hub again", () => {
    const open = way(1, { window_until: NOON });
    expect(stateOf(open, NOON - 1)).toBe("open");
    expect(stateOf(open, NOON)).toBe("closed");
    expect(stateOf({ ...open, carries: { ...CARRIES, templates: [{ id: "t", name: "", text: "", language: "" }] } }, NOON)).toBe("template");
    expect(troubleOf(open, said("hi"), letter(), NOON)).toEqual({ code: "closed", why: "window" });
  });

  it("can be another one that is free when the first failed", () => {
    expect(others(all, { identity_id: 20, account_id: 2 }, NOON).map((one) => one.account_id)).toEqual([1]);
  });

  it("is called by its address, or by a name where the address is a program's key: a group's title stands in it", () => {
    expect(addressed({ scheme: "mailto", name: "Ann", display: "ann@example.org" })).toBe("ann@example.org");
    expect(addressed({ scheme: "telegram", name: "Ann · Buyers", display: "7" })).toBe("Ann · Buyers");
    expect(addressed({ scheme: "telegram", name: "", display: "7" })).toBe("7");
  });

  it("leads to somebody on copy only when it is chosen", () => {
    const guest = way(5, { is_guest: true });
    expect(takenWay([way(3, { state: "closed" }), guest], null)?.account_id).toBe(3);
    expect(takenWay([...all, guest], { identity_id: 50, account_id: 5 })?.account_id).toBe(5);
    expect(others([...all, guest], { identity_id: 20, account_id: 2 }, NOON).map((one) => one.account_id)).toEqual([1]);
  });
});

describe("what keeps a reply from going", () => {
  it("is said with its reason when the way is shut", () => {
    for (const why of ["opted_out", "blocked", "bounced", "cannot_start", "account_closed"] as const) {
      expect(troubleOf(way(1, { state: "closed", why }), said("hi"), letter(), NOON)).toEqual({ code: "closed", why });
    }
  });

  it("is a missing template, or a gap in it, while nothing else may be sent", () => {
    const only = way(1, { state: "template" });
    expect(troubleOf(only, said("hi"), letter(), NOON)).toEqual({ code: "template" });
    expect(troubleOf(only, said("hi"), letter({ template: { id: "t", variables: { name: " " } } }), NOON)).toEqual({ code: "gaps" });
    expect(troubleOf(only, said("hi"), letter({ template: { id: "t", variables: { name: "Ada" } } }), NOON)).toBeNull();
  });

  it("is a text or files beyond what the channel carries; characters are counted as people count them", () => {
    const small = way(1, { carries: { ...CARRIES, max_text: 3 } });
    expect(troubleOf(small, said("𠀀𠀀𠀀"), letter(), NOON)).toBeNull();
    expect(troubleOf(small, said("four"), letter(), NOON)).toEqual({ code: "too_long", n: 1 });
    expect(troubleOf(small, said("", 1, 1, 1), letter(), NOON)).toEqual({ code: "too_many_files", n: 2 });
    expect(troubleOf(small, said("", 1, 1_001), letter(), NOON)).toEqual({ code: "file_too_large", name: "1.pdf" });
    expect(troubleOf(way(1, { carries: { ...CARRIES, max_file_bytes: 0 } }), said("", 1), letter(), NOON)).toEqual({ code: "no_files" });
  });

  it("is a wrong address, or nobody to forward to, and only where mail is sent", () => {
    const mail = way(1, { carries: MAIL });
    expect(troubleOf(mail, said("hi"), letter({ cc: ["ada@shop"] }), NOON)).toEqual({ code: "address", value: "ada@shop" });
    expect(troubleOf(way(1), said("hi"), letter({ cc: ["ada@shop"] }), NOON)).toBeNull();
    expect(troubleOf(mail, said(""), letter({ mode: "forward", about: 1 }), NOON)).toEqual({ code: "nobody" });
  });

  it("is a time that is past, or after the window in which anything may be written", () => {
    expect(troubleOf(way(1), said("hi"), letter({ sendAt: NOON }), NOON)).toEqual({ code: "past" });
    expect(troubleOf(way(1, { window_until: NOON + 10 }), said("hi"), letter({ sendAt: NOON + 10 }), NOON)).toEqual({ code: "after_window" });
    expect(troubleOf(way(1, { window_until: NOON + 10 }), said("hi"), letter({ sendAt: NOON + 9 }), NOON)).toBeNull();
  });
});

describe("a template", () => {
  it("names each of its gaps once and keeps those that nothing stands in", () => {
    const text = "Hello {{ name }}, order {{1}} of {{name}}.";
    expect(gapsOf(text)).toEqual(["name", "1"]);
    expect(filled(text, { name: "Ada $&", "1": "" })).toBe("Hello Ada $&, order {{1}} of Ada $&.");
  });
});

describe("addresses of mail", () => {
  it("are read with names, in lists, with commas in quotation marks", () => {
    expect(parted('Ada <ada@x.org>, "Byron, Lord" <b@x.org>; c@x.org\nd@x.org,')).toEqual(["Ada <ada@x.org>", "Byron, Lord <b@x.org>", "c@x.org", "d@x.org"]);
    expect(addressOf("Ada <Ada@X.org>")).toBe("ada@x.org");
  });

  it("are told from what is none", () => {
    for (const good of ["a@b.co", "Ada <a.b+c@sub.example.org>", "имя@пример.рф"]) expect(isAddress(good), good).toBe(true);
    for (const bad of ["", "a", "a@b", "a@b.", "a b@c.org", "a@b@c.org", "a@b.org\r\nBcc: x@y.org", `${"x".repeat(250)}@b.co`]) expect(isAddress(bad), bad).toBe(false);
  });

  it("stand in a field once", () => {
    expect(distinct(["A@x.org", "Ada <a@x.org>", "b@x.org"], ["B@x.org"])).toEqual(["A@x.org"]);
  });
});

describe("an answer to all", () => {
  const mail = way(1, { display: "ada@x.org", carries: MAIL, cc: named("eve@x.org") });

  it("of the newest mail goes to whom the hub says", () => {
    const newest = mailed(9, ["us@shop.example", "eve@x.org"], []);
    expect(everybody(newest, newest, mail)).toEqual(["eve@x.org"]);
  });

  it("of an older mail never goes to ourselves or twice to whom it answers", () => {
    const newest = mailed(9, ["us@shop.example", "eve@x.org"], []);
    const older = mailed(3, ["us@shop.example", "bob@x.org"], ["ada@x.org", "eve@x.org", "Bob@x.org"]);
    expect(everybody(older, newest, mail)).toEqual(["bob@x.org", "eve@x.org"]);
  });

  it("begins with the subject, those people, and what is answered", () => {
    const entry = mailed(9, ["us@shop.example", "eve@x.org"], []);
    expect(begun("all", entry, "Ada", entry, mail)).toMatchObject({ mode: "all", about: 9, quote: "Ada: words", subject: "Re: Order", cc: ["eve@x.org"], to: [] });
    expect(begun("forward", entry, "Ada", entry, mail)).toMatchObject({ mode: "forward", subject: "Fwd: Order", cc: [] });
    expect(begun("reply", entry, "Ada", entry, way(2))).toMatchObject({ mode: "reply", subject: null, cc: [] });
  });
});

describe("an answer to whoever wants it elsewhere", () => {
  const mail = way(1, { display: "noreply@m.org", name: "Market", carries: MAIL, to: named("ada@x.org"), cc: named("eve@x.org") });
  const asking = mailed(9, ["us@shop.example", "eve@x.org"], ["Ada@x.org"], { details: { subject: "", to: named("us@shop.example", "eve@x.org"), cc: named("ada@x.org"), answer_to: named("ada@x.org") } as EntryValue["details"] });

  it("goes there by itself, and the hub is told what was shown", () => {
    expect(toOf(letter(), mail)).toEqual(["ada@x.org"]);
    expect(extrasOf(letter(), mail).to).toEqual(["ada@x.org"]);
    expect(toOf(letter(), { ...mail, to: [] })).toEqual(["Market <noreply@m.org>"]);
    expect(extrasOf(letter(), { ...mail, to: [] }).to).toBeUndefined();
    expect(extrasOf(letter(), way(2)).to).toBeUndefined();
  });

  it("goes to whom one names instead", () => {
    expect(extrasOf(letter({ to: ["Market <NoReply@m.org>"] }), mail).to).toEqual(["noreply@m.org"]);
    expect(draftedOf(letter({ to: ["bob@x.org"] })).to).toEqual(["bob@x.org"]);
  });

  it("answers each mail where that mail says, and has nobody twice", () => {
    expect(begun("reply", asking, "Market", asking, mail).to).toEqual(["ada@x.org"]);
    expect(begun("all", asking, "Market", asking, mail)).toMatchObject({ to: ["ada@x.org"], cc: ["eve@x.org"] });
    expect(begun("all", asking, "Market", undefined, mail).cc).toEqual(["us@shop.example", "eve@x.org"]);
    expect(begun("reply", mailed(3, [], []), "Market", asking, mail).to).toEqual(["Market <noreply@m.org>"]);
    expect(begun("forward", asking, "Market", asking, mail).to).toEqual([]);
  });

  it("goes nowhere without an address, but to one that is named", () => {
    const none = way(1, { state: "closed", why: "no_address", carries: MAIL });
    expect(troubleOf(none, said("hi"), letter(), NOON)).toEqual({ code: "closed", why: "no_address" });
    expect(troubleOf(none, said("hi"), letter({ to: ["ada@x.org"] }), NOON)).toBeNull();
  });
});

describe("a subject", () => {
  it("does not grow by being answered, in any language of the house", () => {
    for (const subject of ["Re: Re: Order", "FW: Re: Order", "Відп: Order", "Отв: Order", "Odp: Order", "回复：Order", "转发: RE[2]: Order"]) {
      expect(bareSubject(subject), subject).toBe("Order");
      expect(subjectOf(subject, "reply")).toBe("Re: Order");
    }
    expect(bareSubject("Reply: needed")).toBe("Reply: needed");
    expect([subjectOf("", "reply"), subjectOf("", "forward")]).toEqual(["", "Fwd:"]);
  });

  it("stands in the timeline only where it becomes another one", () => {
    const subjects = ["Order", "Re: Order", "", "Refund", "RE: Refund", "Order"];
    const rows = rowsOf(subjects.map((subject, id) => mailed(id + 1, [], [], { details: { subject } as EntryValue["details"] })), null, []);
    expect(rows.flatMap((row) => (row.kind === "entry" ? [row.subject] : []))).toEqual(["Order", "", "", "Refund", "", "Order"]);
  });
});

describe("what a letter says to the hub", () => {
  const full = letter({ subject: "Hello", cc: ["Eve <Eve@x.org>"], bcc: ["b@x.org"], html: "<p>hi</p>", about: 7, sendAt: NOON });

  it("is all of it on a way that carries mail", () => {
    expect(extrasOf(full, way(1, { carries: MAIL }))).toEqual({ way: { identity_id: 10, account_id: 1 }, subject: "Hello", cc: ["eve@x.org"], bcc: ["b@x.org"], html: "<p>hi</p>", reply_to_id: 7, send_at: NOON });
  });

  it("is nothing that the way cannot carry", () => {
    expect(extrasOf(full, way(1))).toEqual({ way: { identity_id: 10, account_id: 1 }, reply_to_id: 7, send_at: NOON });
    expect(extrasOf(letter(), null)).toEqual({});
  });

  it("goes to others when it is forwarded, and answers nothing", () => {
    expect(extrasOf(letter({ mode: "forward", about: 7, to: ["Bob <bob@x.org>"] }), way(1, { carries: MAIL, subject: "Re: Order" }))).toEqual({ way: { identity_id: 10, account_id: 1 }, forward_of: 7, to: ["bob@x.org"], subject: "Re: Order" });
  });
});

describe("buttons below a message", () => {
  const pressing = (...all: [string, string?][]) => all.map(([text, url = ""]) => ({ text, url }));
  const chat = way(1, { carries: { ...CARRIES, buttons: 2 } });

  it("lead to pages of the web, typed as people type them", () => {
    expect(["", " ", "shop.example/a b", "http://shop.example", "shop.example:8080/x", "магазин.укр/ціни"].map(linkOf)).toEqual(["", "", "https://shop.example/a%20b", "http://shop.example/", "https://shop.example:8080/x", "https://xn--80aairftm.xn--j1amh/%D1%86%D1%96%D0%BD%D0%B8"]);
    expect(["javascript:alert(1)", "javascript:1", "mailto:a@b.org", "shop", "https://", `shop.example/${"x".repeat(500)}`].map(linkOf)).toEqual([null, null, null, null, null, null]);
  });

  it("go without those that nothing stands on", () => {
    expect(pressablesOf(pressing([" Yes "], ["", " "], ["Hours", "shop.example"]))).toEqual([{ text: "Yes", url: "" }, { text: "Hours", url: "https://shop.example/" }]);
  });

  it("are said what is wrong with them, in the order in which one would mend it", () => {
    expect(troubleOfButtons(pressing(["a"], ["b"], ["c"]), "?", 2)).toEqual({ code: "too_many_buttons", n: 2 });
    expect(troubleOfButtons(pressing(["a"], [""], ["c"]), "?", 2)).toBeNull();
    expect(troubleOfButtons(pressing(["a", "nowhere"]), "?", 2)).toEqual({ code: "button_link", value: "nowhere" });
    expect(troubleOfButtons(pressing(["", "shop.example"]), "?", 2)).toEqual({ code: "mute_button" });
    expect(troubleOfButtons(pressing(["Yes"], ["Yes "]), "?", 2)).toEqual({ code: "same_buttons", value: "Yes" });
    expect(troubleOfButtons(pressing(["Yes"]), " ", 2)).toEqual({ code: "bare_buttons" });
    expect(troubleOfButtons(pressing([""]), "", 2)).toBeNull();
  });

  it("keep a reply back, and go with it, only where the way carries them", () => {
    const question = letter({ buttons: pressing(["Yes"], ["Yes"]) });
    expect(troubleOf(chat, said("?"), question, NOON)).toEqual({ code: "same_buttons", value: "Yes" });
    expect(troubleOf(way(1), said("?"), question, NOON)).toEqual({ code: "no_buttons" });
    expect(troubleOf(way(1), said("?"), letter({ buttons: pressing([""]) }), NOON)).toBeNull();
    expect(troubleOf(chat, said("?"), { ...question, template: { id: "t", variables: {} } }, NOON)).toBeNull();
    const good = letter({ buttons: pressing(["Yes"], ["No"], [""]) });
    expect(extrasOf(good, chat).buttons).toEqual([{ text: "Yes", url: "" }, { text: "No", url: "" }]);
    expect(extrasOf(good, way(1)).buttons).toBeUndefined();
    expect(extrasOf(letter({ buttons: pressing([""]) }), chat).buttons).toBeUndefined();
  });
});

describe("what a way has no buttons for", () => {
  it("can stand in the text, a line each, with all that was typed", () => {
    expect(linesOf([{ text: " Yes ", url: "" }, { text: "", url: " " }, { text: "Hours", url: "shop.example/hours" }, { text: "", url: "nowhere" }])).toBe("• Yes\n• Hours: https://shop.example/hours\n• nowhere");
  });

  it("waits until the way is known, with whatever only a way carries", () => {
    const bare = { html: "<p>hi</p>", about: 7, sendAt: NOON, buttons: [{ text: "", url: "" }] };
    expect([letter(), letter(bare)].map(needsWay)).toEqual([false, false]);
    const all = [letter({ mode: "forward", about: 7 }), letter({ cc: ["b@x.org"] }), letter({ bcc: ["b@x.org"] }), letter({ subject: "" }), letter({ template: { id: "t", variables: {} } }), letter({ buttons: [{ text: "Yes", url: "" }] })];
    expect(all.map(needsWay)).toEqual(all.map(() => true));
  });
});

describe("moments to send at", () => {
  it("are all to come, in order, and none twice", () => {
    for (let hour = 0; hour < 24 * 8; hour++) {
      const now = NOON + hour * 3_600_000;
      const all = laters(now).map((one) => one.at);
      expect(all.every((at) => at > now)).toBe(true);
      expect([...new Set(all)].sort((a, b) => a - b)).toEqual(all);
    }
  });
});

describe("a laid out text", () => {
  const bold = (text: string): Laid => ({ type: "text", text, marks: [{ type: "bold" }] });
  const paragraph = (...content: Laid[]): Laid => ({ type: "paragraph", content });
  const item = (...content: Laid[]): Laid => ({ type: "listItem", content });

  it("says the same in plain words", () => {
    const link: Laid = { type: "text", text: "here", marks: [{ type: "link", attrs: { href: "https://a.example/" } }] };
    const laid = { type: "doc", content: [paragraph({ type: "text", text: "Dear " }, bold("Ada"), { type: "hardBreak" }, link), { type: "orderedList", content: [item(paragraph(bold("one"))), item(paragraph(bold("two")), { type: "bulletList", content: [item(paragraph(bold("deep")))] })] }, { type: "blockquote", content: [paragraph(bold("you")), paragraph(bold("said"))] }] };
    expect(plainOf(laid)).toBe("Dear Ada\nhere (https://a.example/)\n\n1. one\n2. two\n   - deep\n\n> you\n> \n> said");
  });

  it("begins as the plain words were, whatever stands in them", () => {
    expect(laidOut("<b>a & b</b>\nc\n\nd")).toBe("<p>&lt;b&gt;a &amp; b&lt;/b&gt;<br>c</p><p>d</p>");
  });

  it("takes addresses of the web and of mail as links, and nothing that runs", () => {
    expect(["https://a.example", "mailto:a@b.org"].map(isLink)).toEqual([true, true]);
    expect(["javascript:alert(1)", "data:text/html,x", "https://", "ftp://a.example", " https://a.example"].map(isLink)).toEqual([false, false, false, false, false]);
  });

  it("ends with the signature's words for the eye", () => {
    expect(signatureText("<p><b>Ada</b><br>Support</p><script>x</script><p>Tel 1</p>")).toBe("Ada\nSupport\nTel 1");
    expect(signatureText("")).toBe("");
  });
});
