import { circleCheck, circleDot, coffee, graduationCap, circle, circleAlert } from "../parts/shapes";
import type { Activity } from "../wire";
import { t } from "../words/words.svelte";

export type Chosen = Exclude<Activity, "not_responding">;

/** The states an agent chooses from, each with its picture. */
export const ACTIVITIES: readonly { activity: Chosen; shape: string }[] = [
  { activity: "available", shape: circleCheck },
  { activity: "busy", shape: circleDot },
  { activity: "break", shape: coffee },
  { activity: "training", shape: graduationCap },
  { activity: "offline", shape: circle },
];

/** Why somebody is on a break. The code is kept, so that each reader sees their language. */
export const REASONS = ["short", "lunch", "meeting", "technical"] as const;

export type Reason = (typeof REASONS)[number];

/** The colour of a state's dot, as a custom property. */
export function dotOf(activity: Activity): string {
  if (activity === "available") return "var(--dot-available)";
  if (activity === "busy" || activity === "not_responding") return "var(--dot-busy)";
  return activity === "offline" ? "var(--dot-offline)" : "var(--dot-away)";
}

export function shapeOfActivity(activity: Activity): string {
  return ACTIVITIES.find((one) => one.activity === activity)?.shape ?? circleAlert;
}

/** A state in words, with its reason where there is one. */
export function activityInWords(activity: Activity, reason: string): string {
  const words = t(`state.${activity}`);
  if (!reason) return words;
  return `${words}: ${isReason(reason) ? t(`reason.${reason}`) : reason}`;
}

function isReason(reason: string): reason is Reason {
  return (REASONS as readonly string[]).includes(reason);
}
