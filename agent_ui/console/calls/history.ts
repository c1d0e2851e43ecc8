import type { Told } from "../api/calls";
import type { CallValue } from "../wire";
import { t } from "../words/words.svelte";

/** What is reported of calls, and what supervisors do: tests/house holds it against the hub's own names. */
const NAMES = [
  "LegRinging",
  "LegAnswered",
  "LegLost",
  "LegEnded",
  "DigitPressed",
  "PromptPlayed",
  "RecordingStarted",
  "RecordingStored",
  "RecordingFailed",
  "QualityMeasured",
  "CostTold",
  "Rewritten",
  "played",
  "monitor",
  "whisper",
  "barge",
  "talk",
  "consult",
] as const;
const WHY = ["hung_up", "no_answer", "busy", "declined", "rejected", "cancelled", "failed", "lost", "empty", "too_large", "absent", "over", "replaced", "ended_by_supervisor"] as const;
const QUALITIES = ["good", "fair", "poor"] as const;

/** Why something ended: a code in words; what a provider says in its own words stays as it is. */
export function whyInWords(reason: string): string {
  const known = WHY.find((one) => one === reason);
  return known ? t(`calls.why.${known}`) : reason;
}

/** A line of a call's history in words, with what was reported beside it. */
export function toldInWords({ name, facts }: Pick<Told, "name" | "facts">): string {
  const known = NAMES.find((one) => one === name);
  if (!known) return name;
  if (known === "RecordingStored" && facts?.["voicemail"] === true) return t("calls.told.voicemail");
  const said = (fact: string): string => String(facts?.[fact] ?? "");
  const quality = QUALITIES.find((one) => one === said("quality"));
  const more = quality ? t(`call.quality.${quality}`) : said("cost") || (name === "Rewritten" ? "" : [said("reason") === "hung_up" ? "" : whyInWords(said("reason")), said("detail")].filter(Boolean).join(": "));
  return [t(`calls.told.${known}`, { digit: said("digit") }), more].filter(Boolean).join(" · ");
}

/** Whose leg a report is about: none is the contact's own. Nothing where no leg is meant. */
export function legOfReport(call: Pick<CallValue, "legs">, { facts }: Pick<Told, "facts">): CallValue["legs"][number] | undefined {
  if (facts === null || !("leg_id" in facts)) return undefined;
  return facts["leg_id"] === null ? call.legs.find((leg) => leg.role === "customer") : call.legs.find((leg) => leg.id === facts["leg_id"]);
}
