import type { Activity, AgentValue } from "../wire";
import { t } from "../words/words.svelte";

const ORDER: readonly Activity[] = ["available", "busy", "break", "training", "not_responding", "offline"];

/** How many agents are in each state; those whose console is closed count as they said last. */
export function byState(agents: readonly AgentValue[]): { activity: Activity; n: number }[] {
  return ORDER.map((activity) => ({ activity, n: agents.filter((agent) => agent.activity === activity).length }));
}

const MODES = ["talk", "consult", "monitor", "whisper", "barge"] as const;

/** How an agent takes part in a call, in words. */
export function phoningInWords(mode: string): string {
  const known = MODES.find((one) => one === mode);
  return known ? t(`live.phone.${known}`) : mode;
}
