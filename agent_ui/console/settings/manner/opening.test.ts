import { describe, expect, it } from "vitest";
import type { BusinessHours } from "../../api/house";
import { nextSpan, openingOf, wallOf, wrongSpans } from "./opening";

const office: BusinessHours = {
  timezone: "Europe/Kyiv",
  week: [[["09:00", "13:00"], ["14:00", "18:00"]], [["09:00:00", "18:00:00"]], [["09:00", "18:00"]], [["09:00", "18:00"]], [["09:00", "17:00"]], [], []],
  holidays: ["2026-12-25"],
};
// 2026-11-23 is a Monday.
const at = (date: string, time: string) => ({ date, minutes: Number(time.slice(0, 2)) * 60 + Number(time.slice(3)) });

describe("business hours", () => {
  it("tell until when it is open today", () => {
    expect(openingOf(office, at("2026-11-23", "10:00"))).toEqual({ open: true, next: { day: 0, time: "13:00" } });
    expect(openingOf(office, at("2026-11-23", "13:00"))).toEqual({ open: false, next: { day: 0, time: "14:00" } });
  });

  it("tell that it opens on Monday when it is Friday evening", () => {
    expect(openingOf(office, at("2026-11-27", "17:00"))).toEqual({ open: false, next: { day: 3, time: "09:00" } });
  });

  it("leave holidays out", () => {
    expect(openingOf(office, at("2026-12-24", "19:00"))).toEqual({ open: false, next: { day: 4, time: "09:00" } });
    expect(openingOf(office, at("2026-12-25", "10:00")).open).toBe(false);
  });

  it("go on over midnight when the next day begins there", () => {
    const night: BusinessHours = { ...office, week: [[["18:00", "00:00"]], [["00:00", "06:00"]], [], [], [], [], []] };
    expect(openingOf(night, at("2026-11-23", "23:00"))).toEqual({ open: true, next: { day: 1, time: "06:00" } });
  });

  it("that are empty, or never end, never change", () => {
    expect(openingOf({ ...office, week: Array.from({ length: 7 }, () => []) }, at("2026-11-23", "10:00"))).toEqual({ open: false, next: null });
    const always: BusinessHours = { ...office, holidays: [], week: Array.from({ length: 7 }, () => [["00:00", "00:00"]]) };
    expect(openingOf(always, at("2026-11-23", "10:00"))).toEqual({ open: true, next: null });
  });

  it("are read on the wall of their own zone", () => {
    const moment = Date.UTC(2026, 10, 22, 23, 30);
    expect(wallOf(moment, "Europe/Kyiv")).toEqual({ date: "2026-11-23", minutes: 90 });
    expect(wallOf(moment, "America/New_York")).toEqual({ date: "2026-11-22", minutes: 18 * 60 + 30 });
  });

  it("say which spans cannot be", () => {
    expect(wrongSpans([["09:00", "12:00"], ["13:00", "00:00"]])).toBeNull();
    expect(wrongSpans([["09:00", "12:00"], ["11:00", "13:00"]])).toBe("overlap");
    expect(wrongSpans([["12:00", "09:00"]])).toBe("backwards");
  });

  it("offer an afternoon after a morning", () => {
    expect(nextSpan([])).toEqual(["09:00", "18:00"]);
    expect(nextSpan([["09:00", "13:00"]])).toEqual(["14:00", "18:00"]);
  });
});
