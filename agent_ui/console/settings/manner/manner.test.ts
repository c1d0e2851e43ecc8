import { describe, expect, it } from "vitest";
import { PLAIN_CALLS, freeDigit, mannerOf, officeHours, recordedWith, sentManner, wrongMenu } from "./manner";

describe("how an account answers calls", () => {
  const key = { digit: "1", label: "", then: "queue", queue_id: null, number: "" } as const;

  it("stays as it is stored when only something else is changed", () => {
    const calls = { record: true, menu: [key], menu_prompt: { en: "Press 1", uk: " " } };
    expect(sentManner({ ...mannerOf({ calls }), survey: true }).calls).toEqual({ ...PLAIN_CALLS, record: true, menu: [key], menu_prompt: { en: "Press 1" } });
  });

  it("keeps a recording for each thing said in each language", () => {
    const both = recordedWith(recordedWith({}, "greeting", "en", 5), "greeting", "uk", 6);
    expect(recordedWith(both, "closed", "en", 7)).toEqual({ greeting: { en: 5, uk: 6 }, closed: { en: 7 } });
    expect(recordedWith(both, "greeting", "en", null)).toEqual({ greeting: { uk: 6 } });
    expect(sentManner(mannerOf({ calls: { recorded: both } })).calls.recorded).toEqual(both);
  });

  it("has a menu with words, with each key once and with whole numbers", () => {
    expect(wrongMenu({ menu: [], menu_prompt: {} })).toBeNull();
    expect(wrongMenu({ menu: [key], menu_prompt: { en: " " } })).toBe("words");
    expect(wrongMenu({ menu: [key, key], menu_prompt: { en: "Press 1" } })).toBe("twice");
    expect(wrongMenu({ menu: [{ ...key, then: "number", number: "112" }], menu_prompt: { en: "Press 1" } })).toBe("number");
    expect(wrongMenu({ menu: [{ ...key, then: "number", number: "+380441234567" }], menu_prompt: { en: "Press 1" } })).toBeNull();
    expect(freeDigit([key])).toBe("2");
  });
});

describe("the manner of an account", () => {
  it("is always open and silent when nobody said anything", () => {
    expect(mannerOf({})).toEqual({ language: "en", greeting: {}, away: {}, hours: null, survey: false, calls: PLAIN_CALLS, fallback_account_id: null });
  });

  it("is read with the seconds the hub writes", () => {
    const hours = { timezone: "Europe/Kyiv", week: [[["09:00:00", "18:00:00"]], [], [], [], [], [], []], holidays: ["2027-01-01", "2026-12-25"] };
    expect(mannerOf({ hours }).hours).toMatchObject({ week: [[["09:00", "18:00"]], [], [], [], [], [], []], holidays: ["2026-12-25", "2027-01-01"] });
  });

  it("is sent without empty texts, and without absence notes where it never closes", () => {
    const manner = { ...mannerOf({}), greeting: { en: "Hello", uk: " " }, away: { en: "Closed" } };
    expect(sentManner(manner)).toMatchObject({ greeting: { en: "Hello" }, away: {} });
    expect(sentManner({ ...manner, hours: officeHours("Europe/Kyiv") }).away).toEqual({ en: "Closed" });
  });
});
