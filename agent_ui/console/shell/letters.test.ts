import { describe, expect, it } from "vitest";
import { lettersOf } from "./letters";

describe("the letters of queues in a narrow rail", () => {
  it("are those a person would choose", () => {
    expect(lettersOf(["Support", "Orders and returns", "Продажі", "售后"])).toEqual(["SU", "OA", "ПР", "售"]);
  });

  it("tell queues apart that begin alike", () => {
    const letters = lettersOf(["Sales EU", "Support EMEA", "Sales", "Salt", "Sales EU"]);
    expect(new Set(letters).size).toBe(5);
    expect(letters.every((one) => [...one].length <= 2)).toBe(true);
  });

  it("are numbers when there are no letters left", () => {
    expect(lettersOf(["A", "A", "A", "…"])).toEqual(["A", "A2", "A3", "#"]);
  });
});
