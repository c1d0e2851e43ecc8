import { describe, expect, it } from "vitest";
import { hits, marked, matches } from "./marking";

const shown = (text: string, typed: string) =>
  marked(text, hits(text, typed))
    .map(({ text: piece, hit }) => (hit ? `[${piece}]` : piece))
    .join("");

describe("marks in what was found", () => {
  it("stand on the beginnings of words, whatever their case", () => {
    expect(shown("Anna Kowalska, annex", "ann")).toBe("[Ann]a Kowalska, [ann]ex");
    expect(shown("Joanna", "ann")).toBe("Joanna");
    expect(shown("Олена Шевченко", "шев")).toBe("Олена [Шев]ченко");
  });

  it("find a number through its punctuation", () => {
    expect(shown("+48 (600) 123-456", "600123")).toBe("+48 ([600) 123]-456");
  });

  it("find Chinese words inside a line", () => {
    expect(shown("我的订单在哪里", "订单")).toBe("我的[订单]在哪里");
  });

  it("stand right behind letters that are two units long or grow in lower case", () => {
    expect(shown("😀 Hello", "hel")).toBe("😀 [Hel]lo");
    expect(shown("İ hello", "hel")).toBe("İ [hel]lo");
    expect(marked("😀 hello", [[3, 8]]).at(-1)).toEqual({ text: "hello", hit: true });
  });

  it("leave a text whole when marks overlap or lie outside it", () => {
    expect(marked("abcdef", [[1, 3], [2, 4], [5, 99]]).map(({ text }) => text).join("")).toBe("abcdef");
  });

  it("match when every word typed begins a word", () => {
    expect(matches("Go to Unassigned", "un go")).toBe(true);
    expect(matches("Go to Unassigned", "assigned")).toBe(false);
  });
});
