import { describe, expect, it } from "vitest";
import type { IdentityValue } from "../wire";
import { browserOf, languageOf, shapeOfScheme, shownFacts } from "./identities";

const visitor: IdentityValue = { id: 1, scheme: "visitor", value: "x", display: "x", name: "", contact_id: null, verified: false, is_primary: false, is_shared: false, label: "", last_seen: null, facts: {} };

describe("what is known of a visitor", () => {
  it("never makes a link of anything but a web address", () => {
    const facts = { page: "javascript:alert(1)", referrer: "https://shop.example/a?b=<c>" };
    const [page, referrer] = shownFacts({ ...visitor, facts });
    expect(page?.href).toBeNull();
    expect(referrer?.href).toBe("https://shop.example/a?b=%3Cc%3E");
  });

  it("leaves out what is not known", () => {
    expect(shownFacts({ ...visitor, facts: { language: "pl", secret: "x" } }).map(({ name }) => name)).toEqual(["language"]);
  });

  it("names a language, and leaves what is none as it is", () => {
    expect(languageOf("uk", "en")).toBe("Ukrainian");
    expect(languageOf("not a tag!", "en")).toBe("not a tag!");
  });

  it("says a browser in two words", () => {
    expect(browserOf("Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537.36 Chrome/125.0 Safari/537.36")).toBe("Chrome, Windows");
    expect(browserOf("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile Safari/604.1")).toBe("Safari, iOS");
    expect(browserOf("curl/8")).toBe("curl/8");
  });
});

describe("the picture of an address", () => {
  it("is that of its messenger", () => {
    expect(new Set(["viber", "whatsapp", "telegram", "tel", "mailto", "other"].map(shapeOfScheme)).size).toBe(6);
  });
});
