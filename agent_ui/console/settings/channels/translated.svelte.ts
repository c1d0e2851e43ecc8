import { type Language, language } from "../../words/words.svelte";

/** What channels say of their settings, in the languages besides their own English: each sentence by the English one. */
const SOURCES: Record<Exclude<Language, "en">, () => Promise<{ default: Record<string, string> }>> = {
  uk: () => import("./uk.json"),
  ru: () => import("./ru.json"),
  pl: () => import("./pl.json"),
  "zh-CN": () => import("./zh-CN.json"),
};

let known = $state.raw<{ language: Language; sentences: Record<string, string> }>({ language: "en", sentences: {} });

/** Fetches the sentences of a language; until they are there, and where they cannot be fetched, settings speak English. */
export async function learn(wanted: Language): Promise<void> {
  const sentences = wanted === "en" ? {} : (await SOURCES[wanted]()).default;
  known = { language: wanted, sentences };
}

/** A channel's English sentence in the language shown; itself where nobody has said it otherwise. */
export function translated(english: string): string {
  return (known.language === language() && known.sentences[english]) || english;
}
