// The words of calls, loaded with them.

import { speakerOf, type Language, type Plural } from "../../words/words";
import type { words as english } from "./en";

export type CallKey = keyof typeof english;
export type CallWords = Record<CallKey, string | Plural>;
export type CallSay = (key: CallKey, values?: Record<string, string | number>) => string;

const load: Record<Language, () => Promise<{ words: CallWords }>> = {
  en: () => import("./en"),
  uk: () => import("./uk"),
  ru: () => import("./ru"),
  pl: () => import("./pl"),
  "zh-CN": () => import("./zh-CN"),
};

export async function words(language: Language): Promise<CallSay> {
  return speakerOf((await load[language]()).words, language);
}
