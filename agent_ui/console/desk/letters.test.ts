import { describe, expect, it } from "vitest";
import { BLANK, draftedOf, letterOf, Letters } from "./letters.svelte";

class Shelf {
  held = new Map<string, string>();
  isFull = false;
  getItem = (key: string) => this.held.get(key) ?? null;
  removeItem = (key: string) => void this.held.delete(key);
  setItem = (key: string, value: string): void => {
    if (this.isFull) throw new Error("full");
    this.held.set(key, value);
  };
}

const WAY = { identity_id: 1, account_id: 2 };

describe("a letter in the making", () => {
  it("survives a reload, and what a newer console knows of it is filled in", () => {
    const shelf = new Shelf();
    new Letters("1", shelf).change(5, { subject: "Order", cc: ["a@b.org"] });
    expect(new Letters("1", shelf).of(5)).toEqual({ ...BLANK, subject: "Order", cc: ["a@b.org"] });
    shelf.held.set("switchboard.letters.2", JSON.stringify([[5, { subject: "old" }]]));
    expect(new Letters("2", shelf).of(5)).toEqual({ ...BLANK, subject: "old" });
  });

  it("is blank again once it was sent, but goes on the way that was chosen", () => {
    const letters = new Letters("1", new Shelf());
    letters.change(5, { way: WAY, subject: "Order", html: "<p>a</p>", sendAt: 9 });
    letters.clear(5);
    expect(letters.of(5)).toEqual({ ...BLANK, way: WAY });
    letters.change(6, { subject: "x" });
    letters.clear(6);
    expect(letters.of(6)).toEqual(BLANK);
  });

  it("is the same again once the hub kept it, and tells nobody that it came from there", () => {
    const letters = new Letters("1", new Shelf());
    const heard: number[] = [];
    letters.onchange = (id) => void heard.push(id);
    const letter = { ...BLANK, way: WAY, mode: "forward" as const, about: 7, quote: "Ada: hi", subject: "Fwd: Order", to: ["a@b.org"], html: "<p>hi</p>", template: { id: "HX1", variables: { name: "Ada" } }, buttons: [{ text: "Yes", url: "shop.exam" }], sendAt: 9 };
    letters.take(5, draftedOf(letter));
    expect(letters.of(5)).toEqual(letter);
    expect(letterOf(draftedOf(BLANK))).toEqual(BLANK);
    expect(heard).toEqual([]);
    letters.change(5, { subject: "Fwd: Your order" });
    expect(heard).toEqual([5]);
  });

  it("is never more than the hub keeps, and halves no letter of a word", () => {
    const { html, subject, cc, buttons } = draftedOf({ ...BLANK, html: "x".repeat(64_001), subject: "𠀀".repeat(401), cc: Array<string>(60).fill("a"), buttons: [{ text: "𠀀".repeat(41), url: "" }] });
    expect([html, subject, cc.length, buttons[0]?.text]).toEqual(["", "𠀀".repeat(400), 50, "𠀀".repeat(40)]);
  });

  it("says nothing while only its way was chosen", () => {
    const letters = new Letters("1", new Shelf());
    letters.change(5, { way: WAY });
    expect([letters.isBlank(5), letters.isBlank(6)]).toEqual([true, true]);
    letters.change(5, { buttons: [{ text: "", url: "" }] });
    expect(letters.isBlank(5)).toBe(false);
  });

  it("stays on the screen when nothing can be kept, and is not stopped by what cannot be read", () => {
    const shelf = new Shelf();
    shelf.held.set("switchboard.letters.1", "{broken");
    const letters = new Letters("1", shelf);
    shelf.isFull = true;
    letters.change(5, { subject: "Order" });
    expect(letters.of(5).subject).toBe("Order");
  });
});
