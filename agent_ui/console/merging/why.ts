import type { Candidate } from "../api/merging";
import { t } from "../words/words.svelte";

const KNOWN = ["proved", "same_number", "claimed", "mentioned", "same_name", "same_firm"] as const;

/** Why somebody may be somebody, in words; a reason the console does not know is said in general. */
export function whyInWords({ why, address }: Pick<Candidate, "why" | "address">): string {
  const known = KNOWN.find((one) => one === why);
  return known ? t(`maybe.why.${known}`, { address }) : t("maybe.why.other");
}
