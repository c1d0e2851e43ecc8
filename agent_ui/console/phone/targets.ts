import type { CallerId, LineFacts } from "../api/calls";
import type { AgentValue, QueueValue } from "../wire";

/** Somebody a call can go to. */
export interface Target {
  kind: "agent" | "queue" | "number";
  id: number;
  name: string;
  /** Whether somebody would take it now; the hub says no to those who are not signed in. */
  free: boolean;
  /** Of a queue: how many serve it who are signed in. */
  here?: number;
}

/** A way by which a call can go out, as one chooses it. */
export interface Way extends CallerId {
  key: string;
  name: string;
}

/** Every number of every line that can call numbers; the first is what is taken when nobody chooses. */
export function waysOut(lines: readonly LineFacts[]): Way[] {
  return lines
    .filter((line) => line.dials_numbers)
    .toSorted((a, b) => a.account_id - b.account_id)
    .flatMap((line) => [line.number, ...line.more_numbers].map((number) => ({ account_id: line.account_id, number, key: `${line.account_id} ${number}`, name: [line.name, number].filter(Boolean).join(" · ") })));
}

const MOST = 60;

/** Colleagues and queues whose name holds what was typed: those who are free first, then by name. */
export function targetsOf(agents: readonly AgentValue[], queues: readonly QueueValue[], me: number, typed: string): Target[] {
  const words = typed.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const fits = (name: string) => words.every((word) => name.toLocaleLowerCase().includes(word));
  const isIn = (agent: AgentValue) => !agent.disabled && agent.activity !== "offline";
  const people = agents
    .filter((agent) => agent.id !== me && !agent.disabled && fits(agent.name))
    .map((agent): Target => ({ kind: "agent", id: agent.id, name: agent.name, free: isIn(agent) && agent.present && agent.activity === "available" }));
  const lines = queues
    .filter((queue) => !queue.archived && fits(queue.name))
    .map((queue): Target => {
      const here = agents.filter((agent) => isIn(agent) && agent.queues.includes(queue.id)).length;
      return { kind: "queue", id: queue.id, name: queue.name, free: here > 0, here };
    });
  return [...people, ...lines].sort((a, b) => Number(b.free) - Number(a.free) || a.name.localeCompare(b.name)).slice(0, MOST);
}

/** Whether what was typed can be a number to call: digits with what people write between them. */
export function looksLikeNumber(typed: string): boolean {
  const digits = typed.replace(/\D/g, "").length;
  return digits >= 3 && digits <= 15 && /^\s*\+?[\d\s()./-]+$/.test(typed);
}
