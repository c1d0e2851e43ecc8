import { describe, expect, it } from "vitest";
import { mannerOf, officeHours, sentManner } from "./manner";

describe("the manner of an account", () => {
  it("is always open and silent when nobody said anything", () => {
    expect(mannerOf({})).toEqual({ language: "en", greeting: {}, away: {}, hours: null, survey: false, fallback_account_id: null });
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
