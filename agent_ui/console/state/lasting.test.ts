import { describe, expect, it } from "vitest";
import { duration, lasting } from "./lasting";

describe("the time in a state", () => {
  it("is read as a clock", () => {
    expect(lasting(7_900)).toBe("0:07");
    expect(lasting(761_000)).toBe("12:41");
    expect(lasting(11_109_000)).toBe("3:05:09");
  });

  it("is never negative when the hub's clock is behind", () => {
    expect(lasting(-5_000)).toBe("0:00");
    expect(duration(-5_000)).toBe("PT0S");
  });
});
