import { type Counts, conversations } from "../api/conversations";
import { toasts } from "../parts/toasts.svelte";
import { dateAndTime, t } from "../words/words.svelte";
import type { ConversationValue } from "../wire";
import { clock } from "./clock.svelte";
import type { Desk } from "./desk.svelte";

export type CountedView = keyof Counts;

/** Whom a conversation goes to. */
export type Target = { agent_id: number } | { queue_id: number };

/** Gives a conversation to a person or back to a queue; offers to undo it. */
export async function assign(desk: Desk, conversation: ConversationValue, target: Target): Promise<void> {
  const { id, assignee_id, queue_id } = conversation;
  const shown = "agent_id" in target ? { assignee_id: target.agent_id } : { assignee_id: null, queue_id: target.queue_id };
  if (!(await desk.change(id, shown, () => conversations.assign(desk.http, id, target)))) return;
  const back: Target | null = assignee_id !== null ? { agent_id: assignee_id } : queue_id !== null ? { queue_id } : null;
  const undo = back && { label: t("undo"), run: () => void desk.change(id, {}, () => conversations.assign(desk.http, id, back)) };
  const to = "agent_id" in target ? desk.agents.get(target.agent_id)?.name : desk.queues.get(target.queue_id)?.name;
  const text = "agent_id" in target && target.agent_id === desk.me.id ? t("done.taken") : t("done.assigned", { who: to ?? "" });
  toasts.say(text, undo ?? undefined);
}

/** Closes a conversation with what came of it; offers to undo it. */
export async function close(desk: Desk, id: number, dispositionId: number | null): Promise<void> {
  const name = desk.live?.dispositions.find((one) => one.id === dispositionId)?.name ?? null;
  const shown = { status: "closed", closed_at: clock.exact(), disposition: name, waiting_since: null } as const;
  if (!(await desk.change(id, shown, () => conversations.close(desk.http, id, dispositionId)))) return;
  toasts.say(t("done.closed"), { label: t("undo"), run: () => void reopen(desk, id) });
}

/** Takes a closed or snoozed conversation up again. */
export async function reopen(desk: Desk, id: number): Promise<void> {
  await desk.change(id, { status: "open", snoozed_until: null, closed_at: null }, () => conversations.reopen(desk.http, id));
}

/** Puts a conversation away until a moment; offers to undo it. */
export async function snooze(desk: Desk, id: number, until: number): Promise<void> {
  const shown = { status: "snoozed", snoozed_until: until } as const;
  if (!(await desk.change(id, shown, () => conversations.snooze(desk.http, id, until)))) return;
  toasts.say(t("done.snoozed", { when: dateAndTime(until) }), { label: t("undo"), run: () => void reopen(desk, id) });
}

/** Gives a conversation exactly these tags. */
export async function setTags(desk: Desk, id: number, tags: string[]): Promise<void> {
  await desk.change(id, { tags }, () => conversations.setTags(desk.http, id, tags));
}

/** Says how far the agent has read, when it is theirs and further than before. */
export async function markRead(desk: Desk, conversation: ConversationValue, entryId: number): Promise<void> {
  if (conversation.assignee_id !== desk.me.id || entryId <= conversation.agent_read_id) return;
  try {
    await conversations.markRead(desk.http, conversation.id, entryId);
  } catch {
    // The next entry read says it again.
  }
}
