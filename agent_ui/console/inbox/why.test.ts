import { beforeAll, describe, expect, it } from "vitest";
import { speak } from "../words/words.svelte";
import { type Decision, chosenIn, othersInWords, outcome, verdictInWords } from "./why";

const AT = 1_800_000_000_000;
const names: Record<number, string> = { 1: "Anna", 2: "Ben" };
const nameOf = (id: number) => names[id] ?? "Somebody";
const decision: Decision = {
  at: AT,
  because: "longest_idle",
  considered: 4,
  verdicts: [
    { agent: 1, reason: "chosen", detail: { used: 20, total: 100, idle_since: AT - 180_000 } },
    { agent: 2, reason: "skill_too_low", detail: { skill: "polish", has: 2, needs: 5 } },
  ],
  others: { not_present: 3 },
};

describe("why a conversation went where it went", () => {
  beforeAll(() => speak("en"));

  it("names who was chosen and why", () => {
    expect(chosenIn(decision)).toBe(1);
    expect(outcome(decision, nameOf)).toBe("Anna had waited for work the longest of those who could take it.");
  });

  it("tells the numbers behind a verdict", () => {
    expect(decision.verdicts.map((one) => verdictInWords(one, decision.at, nameOf))).toEqual(["chosen · load 20 of 100 · without new work for 3 min", "a skill is missing · polish: has 2, needs 5"]);
  });

  it("tells how long somebody is kept from it, and for whom", () => {
    const held = verdictInWords({ agent: 2, reason: "held_for_preferred", detail: { preferred: 1, until: AT + 12_000 } }, AT, nameOf);
    expect(held).toBe("kept for the preferred agent first · for Anna · for another 12 s");
    const full = verdictInWords({ agent: 2, reason: "no_units", detail: { used: 90, total: 100, needs: 20 } }, AT, nameOf);
    expect(full).toBe("too much in hand · load 90 of 100 · needs 20");
  });

  it("counts the others by reason", () => {
    expect(othersInWords(decision)).toEqual(["3 more: no console open"]);
  });

  it("says it when nobody was chosen", () => {
    const none: Decision = { ...decision, because: "nobody_free", verdicts: [] };
    expect(chosenIn(none)).toBeNull();
    expect(outcome(none, nameOf)).toBe("Nobody in the queue could take it.");
  });
});
