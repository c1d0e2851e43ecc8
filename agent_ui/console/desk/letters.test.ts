import { describe, expect, it } from "vitest";
import { BLANK, Letters } from "./letters.svelte";

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

  it("stays on the screen when nothing can be kept, and is not stopped by what cannot be read", () => {
    const shelf = new Shelf();
    shelf.held.set("switchboard.letters.1", "{broken");
    const letters = new Letters("1", shelf);
    shelf.isFull = true;
    letters.change(5, { subject: "Order" });
    expect(letters.of(5).subject).toBe("Order");
  });
});
