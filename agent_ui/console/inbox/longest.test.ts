import { describe, expect, it } from "vitest";
import { tooManyOf } from "./longest";

describe("the longest text", () => {
  it("has as many characters as the hub takes, counted as people count them", () => {
    expect([19_999, 20_000, 20_001, 25_000].map((n) => tooManyOf("a".repeat(n)))).toEqual([0, 0, 1, 5_000]);
    expect([19_999, 20_000, 20_001].map((n) => tooManyOf("😀".repeat(n)))).toEqual([0, 0, 1]);
  });
});
