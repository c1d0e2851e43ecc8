import type { Key } from "../words/en";
import { t } from "../words/words.svelte";

/** What the channels and the hub say of a message that could not be read as a whole, by their codes. */
const WORDS: Record<string, Key> = {
  crash: "entry.problem.unreadable",
  memory: "entry.problem.unreadable",
  timeout: "entry.problem.too_slow",
  too_large: "entry.problem.too_large",
  file_too_large: "entry.problem.file_too_large",
  too_large_for_bot: "entry.problem.file_too_large",
  file_missing: "entry.problem.media_missing",
  media_missing: "entry.problem.media_missing",
  not_fetched: "entry.problem.not_fetched",
  not_understood: "entry.problem.not_understood",
  unreadable: "entry.problem.unreadable",
  empty: "entry.problem.empty",
  cut: "entry.problem.cut",
};

/** Why not all of a message could be read, in the person's language; codes of later versions have a general sentence. */
export function problemInWords(code: string): string {
  return t(WORDS[code] ?? "entry.problem.other");
}
