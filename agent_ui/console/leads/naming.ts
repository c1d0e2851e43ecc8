import { nameOf as channelName, shapeOf as channelShape } from "../inbox/channels";
import { globe, pencil } from "../parts/shapes";
import type { CaseValue, StageCategory, StageValue } from "../wire";
import { t } from "../words/words.svelte";

// The names that a new house has are said in each agent's language; those somebody wrote stay as they are.
const STAGES = {
  New: "new",
  Working: "working",
  Nurture: "nurture",
  Qualified: "qualified",
  Disqualified: "disqualified",
  Spam: "spam",
  Duplicate: "duplicate",
  Proposal: "proposal",
  Won: "won",
  Lost: "lost",
  "In progress": "in_progress",
  Waiting: "waiting",
  Done: "done",
  Cancelled: "cancelled",
} as const;

const PIPELINES = { Leads: "lead", Deals: "deal", Requests: "request" } as const;

const REASONS = {
  "Not interested": "not_interested",
  "No budget": "no_budget",
  "Wrong number": "wrong_number",
  "Could not reach": "could_not_reach",
  "Bought elsewhere": "bought_elsewhere",
  "Not what we offer": "not_our_offer",
  "Not now": "not_now",
} as const;

export function stageName(stage: Pick<StageValue, "name"> | undefined): string {
  if (!stage) return "";
  const known = STAGES[stage.name as keyof typeof STAGES] as (typeof STAGES)[keyof typeof STAGES] | undefined;
  return known ? t(`stage.${known}`) : stage.name;
}

export function pipelineName(name: string): string {
  const known = PIPELINES[name as keyof typeof PIPELINES] as (typeof PIPELINES)[keyof typeof PIPELINES] | undefined;
  return known ? t(`pipelines.begins.${known}`) : name;
}

const DECISIONS = ["opened", "linked", "accepted", "assigned", "qualified", "disqualified", "spam", "duplicate", "nurtured", "returned", "undone", "moved", "reopened"] as const;

/** What was decided, in words; the code itself for those the console does not know. */
export function decisionName(code: string): string {
  const known = DECISIONS.find((one) => one === code);
  return known ? t(`lead.step.${known}`) : code;
}

export function reasonName(name: string): string {
  const known = REASONS[name as keyof typeof REASONS] as (typeof REASONS)[keyof typeof REASONS] | undefined;
  return known ? t(`lost_reason.${known}`) : name;
}

const KINDS: Record<StageCategory, "accent" | "good" | "warn" | "bad" | "plain"> = { new: "accent", active: "good", waiting: "warn", won: "good", lost: "plain", cancelled: "plain" };

/** The colour of a stage's badge. */
export function badgeOf(one: Pick<CaseValue, "category" | "is_spam">): "accent" | "good" | "warn" | "bad" | "plain" {
  return one.is_spam ? "bad" : KINDS[one.category];
}

/** What a lead came by, in words. */
export function sourceName(source: string): string {
  if (source === "form") return t("lead.source.form");
  if (source === "manual") return t("lead.source.manual");
  return channelName(source);
}

export function sourceShape(source: string): string {
  if (source === "form") return globe;
  return source === "manual" ? pencil : channelShape(source);
}
