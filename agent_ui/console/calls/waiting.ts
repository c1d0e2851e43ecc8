import type { CallValue } from "../wire";

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
