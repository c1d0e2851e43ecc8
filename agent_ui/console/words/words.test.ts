import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import en from "./en";
import pl from "./pl";
import ru from "./ru";
import uk from "./uk";
import { type Phrase, fitting, soon, speak, t, timeOf } from "./words.svelte";
import zh from "./zh-CN";

const catalogues: Record<string, Record<string, Phrase>> = { en, uk, ru, pl, "zh-CN": zh };
const root = join(import.meta.dirname, "..");

function sources(): string {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.(svelte|ts)$/.test(path) && !/\.test\.ts$|^words\/(?!words\.svelte)/.test(path))
    .map((path) => readFileSync(join(root, path), "utf8"))
    .join("\n");
}

function placeholders(phrase: Phrase): string[] {
  const text = typeof phrase === "string" ? phrase : (phrase.other ?? "");
  return [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
}

describe("the catalogues", () => {
  it("say every English key in every language and no other", () => {
    for (const [language, catalogue] of Object.entries(catalogues)) {
      expect(Object.keys(catalogue).sort(), language).toEqual(Object.keys(en).sort());
    }
  });

  it("have every plural form their language needs", () => {
    for (const [language, catalogue] of Object.entries(catalogues)) {
      const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
      for (const [key, phrase] of Object.entries(catalogue)) {
        if (typeof phrase === "string") continue;
        expect(Object.keys(phrase).sort(), `${language} ${key}`).toEqual([...forms].sort());
      }
    }
  });

  it("keep the facts a phrase speaks of", () => {
    for (const [language, catalogue] of Object.entries(catalogues)) {
      for (const [key, phrase] of Object.entries(en as Record<string, Phrase>)) {
        expect(placeholders(catalogue[key] ?? ""), `${language} ${key}`).toEqual(placeholders(phrase));
      }
    }
  });

  it("hold no key that nothing says", () => {
    const text = sources();
    const prefixes = [...text.matchAll(/`([a-z_]+\.(?:[a-z_]+\.)*)\$\{/g)].map((found) => found[1] ?? "");
    const unused = Object.keys(en).filter(
      (key) => !text.includes(`"${key}"`) && !text.includes(`'${key}'`) && !prefixes.some((p) => key.startsWith(p)),
    );
    expect(unused).toEqual([]);
  });

  it("choose the plural form of the language", async () => {
    await speak("uk");
    expect([1, 2, 5, 21].map((n) => t("span.minutes", { n })).length).toBe(4);
    await speak("en");
    expect(t("side.count", { n: 1 })).not.toBe(t("side.count", { n: 2 }));
  });

  it("find the language a browser asks for", () => {
    expect(fitting([null, "zh-TW", "en"])).toBe("zh-CN");
    expect(fitting(["uk-UA"])).toBe("uk");
    expect(fitting(["xx", "pl"])).toBe("pl");
    expect(fitting(["xx"])).toBe("en");
  });
});

describe("the time of day", () => {
  const morning = new Date(2026, 10, 22, 8, 5).getTime();

  it("has no nought before the hour where there are two eights a day, and one where there is one", async () => {
    await speak("en");
    expect(timeOf(morning)).toMatch(/^8:05\sAM$/);
    expect(soon(morning, morning - 86_400_000)).toMatch(/\b8:05\sAM$/);
    await speak("uk");
    expect(timeOf(morning)).toBe("08:05");
    expect(soon(morning, morning - 86_400_000)).toMatch(/\b08:05$/);
    await speak("en");
  });
});
