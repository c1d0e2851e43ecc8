import type { Activity, AgentValue } from "../wire";

const ORDER: readonly Activity[] = ["available", "busy", "break", "training", "not_responding", "offline"];

/** How many agents are in each state; those whose console is closed count as they said last. */
export function byState(agents: readonly AgentValue[]): { activity: Activity; n: number }[] {
  return ORDER.map((activity) => ({ activity, n: agents.filter((agent) => agent.activity === activity).length }));
}
