// The widget's words. A language is loaded when somebody needs it; a key that is missing does not compile.

import type { words as english } from "./en";

/** A text for each plural category of the language; `other` always. */
export type Plural = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };
export type Key = keyof typeof english;
export type Words = Record<Key, string | Plural>;

export const languages = ["en", "uk", "ru", "pl", "zh-CN"] as const;
export type Language = (typeof languages)[number];

const load: Record<Language, () => Promise<{ words: Words }>> = {
  en: () => import("./en"),
  uk: () => import("./uk"),
  ru: () => import("./ru"),
  pl: () => import("./pl"),
  "zh-CN": () => import("./zh-CN"),
};

/** The first of the wanted languages that the widget has. */
export function choose(wanted: readonly (string | undefined)[]): Language {
  for (const tag of wanted) {
    const exact = languages.find((l) => l.toLowerCase() === tag?.toLowerCase());
    const near = languages.find((l) => l.slice(0, 2) === tag?.slice(0, 2).toLowerCase());
    if (exact ?? near) return (exact ?? near)!;
  }
  return "en";
}

export type Say = (key: Key, values?: Record<string, string | number>) => string;

/** A function that says things in a language. `n` among the values chooses the plural. */
export async function speaker(language: Language): Promise<Say> {
  return speakerOf((await load[language]()).words, language);
}

/** The same with words of one's own, such as those of a part that is loaded later. */
export function speakerOf<K extends string>(words: Record<K, string | Plural>, language: Language): (key: K, values?: Record<string, string | number>) => string {
  const rules = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(language);
  return (key, values = {}) => {
    const entry = words[key];
    const text = typeof entry === "string" ? entry : (entry[rules.select(Number(values["n"]))] ?? entry.other);
    return text.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = values[name];
      return typeof value === "number" ? numbers.format(value) : (value ?? "");
    });
  };
}
