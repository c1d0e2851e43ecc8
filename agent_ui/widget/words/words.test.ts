import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { linked } from "../format";
import { choose, languages, speaker, type Key, type Plural } from "./words";
import { words as english } from "./en";

const folder = join(import.meta.dirname, "..");
const keys = Object.keys(english) as Key[];
const catalogue = async (language: string) => ((await import(`../words/${language}.ts`)) as { words: Record<string, string | Plural> }).words;
const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();
const forms = (entry: string | Plural) => (typeof entry === "string" ? [entry] : Object.values(entry));

describe.each(languages)("the words in %s", (language) => {
  it("are all there and none more", async () => {
    expect(Object.keys(await catalogue(language)).sort()).toEqual([...keys].sort());
  });

  it("leave nothing empty and fill the same holes as in English", async () => {
    for (const [key, entry] of Object.entries(await catalogue(language))) {
      const wanted = holes(forms(english[key as Key] as string | Plural)[0]!);
      for (const form of forms(entry)) {
        expect(form.trim(), key).not.toBe("");
        expect(holes(form), key).toEqual(wanted);
      }
    }
  });

  it("have a form for each plural the language knows", async () => {
    const wanted = new Intl.PluralRules(language).resolvedOptions().pluralCategories.toSorted();
    for (const [key, entry] of Object.entries(await catalogue(language)))
      if (typeof entry !== "string") expect(Object.keys(entry).sort(), key).toEqual(wanted);
  });

  it("count as one counts in it", async () => {
    const say = await speaker(language);
    const said = [1, 2, 5, 21].map((n) => say("unread", { n }));
    expect(said.every((text, i) => text.includes(String([1, 2, 5, 21][i])))).toBe(true);
  });
});

it("are every one used", () => {
  const sources = [folder, join(folder, "loader")]
    .flatMap((f) => readdirSync(f).filter((n) => n.endsWith(".ts") && !n.includes(".test.")).map((n) => readFileSync(join(f, n), "utf8")))
    .join("\n");
  expect(keys.filter((key) => !new RegExp(`"${key}"`).test(sources))).toEqual([]);
});

it("are chosen by what the page or the browser asks for", () => {
  expect(choose(["zh-Hans-CN"])).toBe("zh-CN");
  expect(choose([undefined, "fr-FR", "pl-PL", "en"])).toBe("pl");
  expect(choose(["uk-UA"])).toBe("uk");
  expect(choose(["xx"])).toBe("en");
});

it("make links of web addresses only and elements of nothing else", () => {
  const box = document.createElement("div");
  box.append(...linked('see https://shop.example/a?b=1. or javascript:alert(1) <img src=x onerror=alert(1)> "http://x.example"'));
  expect([...box.querySelectorAll("*")].map((e) => [e.tagName, e.getAttribute("href")])).toEqual([
    ["A", "https://shop.example/a?b=1"],
    ["A", "http://x.example"],
  ]);
  expect(box.textContent).toContain("<img src=x onerror=alert(1)>");
});
