import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { call, leg } from "../../shared/testing";
import { LANGUAGES, speak } from "../words/words.svelte";
import { legOfReport, toldInWords, whyInWords } from "./history";

const told = (name: string, facts: Record<string, unknown> | null = null) => toldInWords({ name, facts });

describe("the history of a call", () => {
  beforeAll(() => speak("en"));

  it("says what was reported, and what came with it", () => {
    expect(told("DigitPressed", { digit: "2" })).toBe("Pressed 2");
    expect(told("QualityMeasured", { leg_id: 4, quality: "fair" })).toBe("The sound was measured · The sound is choppy at times");
    expect(told("CostTold", { cost: "0.0085 USD" })).toBe("The provider told the price · 0.0085 USD");
    expect(told("RecordingFailed", { external_id: "RE1", reason: "absent" })).toBe("The recording failed · the provider has none");
    expect(told("LegEnded", { leg_id: 2, reason: "failed", by: null, detail: "480 gone" })).toBe("Left the call · it did not work: 480 gone");
    expect(told("LegEnded", { leg_id: 2, reason: "hung_up", by: "agent", detail: "" })).toBe("Left the call");
    expect(told("RecordingStored", { voicemail: true })).not.toBe(told("RecordingStored", { voicemail: false }));
    expect(told("Rewritten", { agent_id: 1, disposition: null, note: "before" })).toBe("What was written down was changed");
  });

  it("names whose leg it was; without one it is the contact's own", () => {
    const one = call(1, { legs: [leg(2, { role: "customer", agent_id: null }), leg(3, { agent_id: 7 })] });
    expect(legOfReport(one, { facts: { leg_id: 3 } })?.agent_id).toBe(7);
    expect(legOfReport(one, { facts: { leg_id: null } })?.role).toBe("customer");
    expect(legOfReport(one, { facts: { digit: "1" } })).toBeUndefined();
    expect(legOfReport(one, { facts: null })).toBeUndefined();
  });

  it("shows no name of the program in any language", async () => {
    const source = readFileSync(join(import.meta.dirname, "history.ts"), "utf8");
    const names = [...source.slice(source.indexOf("NAMES"), source.indexOf("as const")).matchAll(/"(\w+)"/g)].map((found) => found[1] ?? "");
    for (const { code } of LANGUAGES) {
      await speak(code);
      expect(names.filter((name) => [name, `calls.told.${name}`].includes(told(name)))).toEqual([]);
      expect(whyInWords("ended_by_supervisor")).not.toMatch(/_|calls\./);
    }
    expect(names.length).toBeGreaterThan(15);
    await speak("en");
    expect(whyInWords("The carrier said 503")).toBe("The carrier said 503");
  });
});
