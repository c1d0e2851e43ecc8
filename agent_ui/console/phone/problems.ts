import { Refused } from "../api/http";
import { inWords } from "../desk/desk.svelte";
import { t } from "../words/words.svelte";

/** How the hub's English sentences begin, and the words that the console has for them. */
export const KNOWN = [
  ["There is no line that can call", "no_line"],
  ["The line of this call is closed", "line_closed"],
  ["The line for this call is closed", "line_closed"],
  ["This line carries no calls", "line_closed"],
  ["This line cannot call numbers", "no_line"],
  ["You are in a call, or", "in_a_call"],
  ["You are in this call already", "in_a_call"],
  ["You are not in this call", "left"],
  ["You are not asked any more", "not_asked"],
  ["The caller has hung up", "hung_up"],
  ["Nobody speaks with the caller", "nobody_speaks"],
  ["Nobody has answered yet", "nobody_answered"],
  ["Nobody else is in the call", "nobody_answered"],
  ["Nobody of this queue is signed in", "nobody_there"],
  ["They are in this call already", "in_it_already"],
  ["Another transfer is under way", "transfer_under_way"],
  ["Say what came of the call", "disposition_first"],
  ["Say which number rings", "number_missing"],
  ["That is our own number", "own_number"],
  ["That is this very call", "own_number"],
  ["That is you", "own_number"],
  ["You cannot listen to this call", "cannot_listen"],
  ["This call is yours already", "in_it_already"],
  ["A call belongs to a queue", "no_queue"],
  ["This line has no words", "no_words"],
  ["This line rings no telephones", "no_telephone"],
] as const;

/** Why a number is not called (`crm_core/words/dialling.py`). */
const WHY_NOT = ["no_number", "emergency", "short", "own", "forbidden", "costly", "premium", "country", "agent_rate", "account_rate", "cost"] as const;

/** Why a number is not called, by the hub's code; another reason is told in general. */
export function refusedInWords(code: unknown): string {
  const why = WHY_NOT.find((one) => one === code);
  return why ? t(`call.refused.${why}`) : t("call.problem.own_number");
}

/** What went wrong with a call, in the person's language; the hub's own words where the console has none. */
export function problemOfCall(error: unknown): string {
  if (!(error instanceof Refused)) return inWords(error);
  const known = KNOWN.find(([start]) => error.detail.startsWith(start));
  const why = WHY_NOT.find((one) => one === error.facts["why"]);
  if (error.code === "dial_refused") return why ? t(`call.refused.${why}`) : error.detail;
  if (known) return t(`call.problem.${known[1]}`);
  return ["conflict", "gone", "invalid"].includes(error.code) && error.detail ? error.detail : inWords(error);
}
