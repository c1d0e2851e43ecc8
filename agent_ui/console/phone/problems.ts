import { Refused } from "../api/http";
import { inWords, reasonInWords } from "../desk/refusals";
import { t } from "../words/words.svelte";

/** Why a number is not called (`crm_core/words/dialling.py`). */
const WHY_NOT = ["no_number", "emergency", "short", "own", "forbidden", "costly", "premium", "country", "agent_rate", "account_rate", "cost"] as const;

/** Why a number is not called, by the hub's code; another reason is told in general. */
export function refusedInWords(code: unknown): string {
  const why = WHY_NOT.find((one) => one === code);
  return why ? t(`call.refused.${why}`) : t("call.problem.own_number");
}

/** What went wrong with a call, in the person's language; the hub's own words where the console has none. */
export function problemOfCall(error: unknown): string {
  const hasOnlyEnglish = error instanceof Refused && ["conflict", "gone"].includes(error.code) && reasonInWords(error) === null;
  return (hasOnlyEnglish && error.detail) || inWords(error);
}
