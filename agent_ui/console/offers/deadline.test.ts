import { describe, expect, it } from "vitest";
import { countdown, dashes, secondsLeft, shareLeft } from "./deadline";

const offer = { made_at: 1_000_000, expires_at: 1_030_000 };

describe("the ring of an offer", () => {
  it("is full when the offer is made and empty when it ends", () => {
    expect(shareLeft(offer, 1_000_000)).toBe(1);
    expect(shareLeft(offer, 1_015_000)).toBe(0.5);
    expect(shareLeft(offer, 1_030_000)).toBe(0);
  });

  it("never leaves its bounds when clocks differ", () => {
    expect(shareLeft(offer, 990_000)).toBe(1);
    expect(shareLeft(offer, 2_000_000)).toBe(0);
    expect(shareLeft({ made_at: 5, expires_at: 5 }, 5)).toBe(0);
  });

  it("counts down to zero only when the time is over", () => {
    expect(secondsLeft(offer, 1_000_001)).toBe(30);
    expect(secondsLeft(offer, 1_029_001)).toBe(1);
    expect(secondsLeft(offer, 1_029_999)).toBe(1);
    expect(secondsLeft(offer, 1_030_000)).toBe(0);
    expect(secondsLeft(offer, 1_040_000)).toBe(0);
  });

  it("draws a dash as long as what is left", () => {
    const [dash, gap] = dashes(0.25, 10).split(" ").map(Number);
    expect(dash).toBeCloseTo((2 * Math.PI * 10) / 4, 1);
    expect((dash ?? 0) + (gap ?? 0)).toBeGreaterThan(2 * Math.PI * 10);
    expect(dashes(0, 10).startsWith("0.00 ")).toBe(true);
  });

  it("is read as seconds, and as minutes when there are some", () => {
    expect(countdown(8)).toBe("8");
    expect(countdown(65)).toBe("1:05");
    expect(countdown(300)).toBe("5:00");
  });
});
