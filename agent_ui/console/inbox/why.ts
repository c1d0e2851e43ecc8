import { span, t } from "../words/words.svelte";

/** What became of one agent; the codes of `routing.explanation.Reason`. */
export type Reason =
  | "chosen"
  | "outranked"
  | "not_in_queue"
  | "not_routable"
  | "not_present"
  | "not_permitted"
  | "muted"
  | "skill_too_low"
  | "no_units"
  | "medium_full"
  | "not_alongside"
  | "wrapping_up"
  | "cooling_down"
  | "excluded"
  | "held_for_preferred"
  | "reserved_for_earlier";

/** Why the outcome is what it is; the codes of `routing.explanation.Because`. */
export type Because = "preferred" | "longest_idle" | "least_busy" | "nobody_free" | "nobody_in_queue" | "queue_unknown";

export interface Verdict {
  agent: number;
  reason: Reason;
  /** The numbers behind the reason; moments are milliseconds. */
  detail: Readonly<Record<string, number | string>>;
}

/** One decision of the engine taken apart, as it is kept with the work. */
export interface Decision {
  at: number;
  because: Because;
  considered: number;
  verdicts: readonly Verdict[];
  /** How many agents without a verdict of their own fell to each reason. */
  others: Readonly<Partial<Record<Reason, number>>>;
}

type NameOf = (agentId: number) => string;

/** The agent that was chosen; null when nobody was. */
export function chosenIn(decision: Decision): number | null {
  return decision.verdicts.find(({ reason }) => reason === "chosen")?.agent ?? null;
}

/** The outcome in a sentence. */
export function outcome(decision: Decision, nameOf: NameOf): string {
  const chosen = chosenIn(decision);
  return t(`why.because.${decision.because}`, { who: chosen === null ? "" : nameOf(chosen) });
}

/** What became of an agent, with the numbers behind it. */
export function verdictInWords({ reason, detail }: Verdict, at: number, nameOf: NameOf): string {
  return [t(`why.reason.${reason}`), ...numbers(detail, at, nameOf)].join(" · ");
}

/** The agents that are only counted, a line for each reason. */
export function othersInWords({ others }: Decision): string[] {
  return (Object.entries(others) as [Reason, number][]).map(([reason, n]) => t("why.more", { n, reason: t(`why.reason.${reason}`) }));
}

function numbers(detail: Verdict["detail"], at: number, nameOf: NameOf): string[] {
  const said: string[] = [];
  if ("skill" in detail) return [t("why.skill", detail)];
  if ("total" in detail) said.push(t("state.units", detail));
  if ("idle_since" in detail) said.push(t("why.idle", { span: span(at - Number(detail["idle_since"])) }));
  if ("needs" in detail) said.push(t("why.needs", detail));
  if ("most" in detail) said.push(t("why.at_once", detail));
  if ("preferred" in detail) said.push(t("why.kept_for", { who: nameOf(Number(detail["preferred"])) }));
  if ("until" in detail) said.push(t("why.left", { span: span(Number(detail["until"]) - at) }));
  return said;
}
