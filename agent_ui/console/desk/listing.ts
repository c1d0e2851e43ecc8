import type { Listing } from "../api/conversations";
import type { AgentValue, ConversationValue } from "../wire";

/** Whether a conversation stands in a list, as the hub decides it. Mentions are only known to the hub. */
export function belongs(listing: Listing, conversation: ConversationValue, me: AgentValue): boolean {
  const { status, assignee_id, queue_id } = conversation;
  if (listing.queue_id !== null && queue_id !== listing.queue_id) return false;
  if (listing.channel !== null && conversation.channel !== listing.channel) return false;
  if (listing.tag !== null && !conversation.tags.includes(listing.tag)) return false;
  switch (listing.view) {
    case "mine":
      return status === "open" && assignee_id === me.id;
    case "queue":
      return status === "open" && assignee_id === null && queue_id !== null && me.queues.includes(queue_id);
    case "unassigned":
      return status === "open" && assignee_id === null;
    case "snoozed":
      return status === "snoozed";
    case "closed":
      return status === "closed";
    case "all":
      return status !== "closed";
    case "mentions":
      return false;
  }
}

/** Where a conversation stands in a list: rows are ordered by these two numbers, ascending. */
export function sortKey(listing: Listing, conversation: ConversationValue): readonly [number, number] {
  switch (listing.sort) {
    case "newest":
      return [-conversation.last_activity_at, -conversation.id];
    case "oldest":
      return [conversation.last_activity_at, conversation.id];
    case "waiting":
      return [conversation.waiting_since ?? Number.MAX_SAFE_INTEGER, conversation.id];
  }
}

/** Negative when `a` stands before `b`. */
export function compare(a: readonly [number, number], b: readonly [number, number]): number {
  return a[0] - b[0] || a[1] - b[1];
}

/** A listing as text: two with the same text are the same list. */
export function nameOf(listing: Listing): string {
  return [listing.view, listing.queue_id ?? "", listing.channel ?? "", listing.tag ?? "", listing.sort].join("|");
}
