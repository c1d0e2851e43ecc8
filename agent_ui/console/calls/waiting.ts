import type { AgentValue, CallValue } from "../wire";

/** How many callers wait in each queue, and since when the first of them. */
export function waitingIn(calls: readonly CallValue[]): Map<number, { n: number; since: number }> {
  const found = new Map<number, { n: number; since: number }>();
  for (const { state, queue_id, queued_at, since } of calls) {
    if (queue_id === null || (state !== "queued" && state !== "offered")) continue;
    const before = found.get(queue_id);
    const from = queued_at ?? since;
    found.set(queue_id, { n: (before?.n ?? 0) + 1, since: Math.min(before?.since ?? from, from) });
  }
  return found;
}

/** Since when the first caller waits whom an agent would be rung for; null when none does. */
export function waitsFor(calls: readonly CallValue[], me: Pick<AgentValue, "queues">): number | null {
  const mine = [...waitingIn(calls)].filter(([queue_id]) => me.queues.includes(queue_id));
  return mine.length ? Math.min(...mine.map(([, { since }]) => since)) : null;
}
