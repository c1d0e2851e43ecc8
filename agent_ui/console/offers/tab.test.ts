import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Tab } from "./tab";

describe("the tab while an offer waits", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    document.title = "Mine";
    document.head.innerHTML += '<link rel="icon" href="/favicon.svg">';
  });
  afterEach(() => void vi.useRealTimers());

  it("shows the offer by turns with its own title and is then as before", () => {
    const tab = new Tab();
    tab.call("Anna waits");
    expect(document.title).toBe("Anna waits");
    expect(document.querySelector<HTMLLinkElement>("link[rel=icon]")?.href).toContain("favicon-offer");
    vi.advanceTimersByTime(1_000);
    expect(document.title).toBe("Mine");
    vi.advanceTimersByTime(1_000);
    tab.rest();
    expect(document.title).toBe("Mine");
    expect(document.querySelector<HTMLLinkElement>("link[rel=icon]")?.href).not.toContain("favicon-offer");
  });

  it("does not take an earlier offer for its own title", () => {
    const tab = new Tab();
    tab.call("Anna waits");
    tab.call("Ben waits");
    vi.advanceTimersByTime(3_000);
    tab.rest();
    expect(document.title).toBe("Mine");
  });

  it("keeps a title that the page took meanwhile", () => {
    const tab = new Tab();
    tab.call("Anna waits");
    document.title = "Anna";
    vi.advanceTimersByTime(1_000);
    tab.rest();
    expect(document.title).toBe("Anna");
  });
});
