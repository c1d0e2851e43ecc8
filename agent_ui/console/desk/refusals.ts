import { type FieldProblem, Refused } from "../api/http";
import { type Facts, isKey, t } from "../words/words.svelte";

/** Codes that say enough by themselves when the hub names no reason. */
const GENERAL = ["denied", "not_found", "conflict", "gone", "too_large", "too_many", "store_unavailable", "store_full", "overloaded", "not_open_now", "not_signed_in", "moved_on"] as const;

/** Why the hub refused, in the person's language; null where it gave no code that the console has words for. */
export function reasonInWords({ code, facts }: Refused): string | null {
  const why = String(facts["why"] ?? "");
  const keys = code === "dial_refused" ? [`call.refused.${why}`] : [`refused.${why}`, `call.problem.${why}`, `way.why.${why}`];
  const key = keys.find(isKey);
  return key && isKey(key) ? t(key, facts["facts"] as Facts | undefined) : null;
}

/** What is wrong with one value, in the person's language; in the hub's English where the console has no words. */
export function fieldInWords({ detail, why, facts }: FieldProblem): string {
  const key = `refused.${why ?? ""}`;
  return isKey(key) ? t(key, facts) : detail;
}

/** What is wrong with the value at a place of the form, such as `settings/imap_host`, or within it. */
export function wrongAt(fields: readonly FieldProblem[], place: string): string | undefined {
  const found = fields.find(({ pointer }) => `${pointer}/`.startsWith(`#/${place}/`));
  return found && fieldInWords(found);
}

/** What went wrong, in the person's language; `nameOf` names a value where a form calls it something. */
export function inWords(error: unknown, nameOf: (field: FieldProblem) => string | undefined = () => undefined): string {
  if (!(error instanceof Refused)) return t("problem.unreachable");
  if (error.fields.length) {
    const said = error.fields.map((field) => [nameOf(field), fieldInWords(field)].filter(Boolean).join(": "));
    return [t("problem.fields"), ...new Set(said)].join(" ");
  }
  const general = GENERAL.find((one) => one === error.code);
  return reasonInWords(error) ?? (general ? t(`problem.${general}`) : error.code === "invalid" || error.code === "dial_refused" ? error.detail || t("problem.invalid") : t("problem.error"));
}
