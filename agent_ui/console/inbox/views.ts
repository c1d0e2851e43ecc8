import type { Listing, Sort, View } from "../api/conversations";
import { alarmClock, archive, atSign, inbox, messageSquare, userX, users } from "../parts/shapes";
import { type Place, router } from "../router.svelte";

/** The views in the order they are shown. */
export const VIEWS: readonly { view: View; shape: string }[] = [
  { view: "mine", shape: inbox },
  { view: "queue", shape: users },
  { view: "unassigned", shape: userX },
  { view: "mentions", shape: atSign },
  { view: "snoozed", shape: alarmClock },
  { view: "all", shape: messageSquare },
  { view: "closed", shape: archive },
];

const SORTS: readonly Sort[] = ["newest", "oldest", "waiting"];

/** The list a place names; a place that names none is `mine`. */
export function listingOf(place: Place): Listing {
  const view = VIEWS.find((one) => one.view === place.screen)?.view ?? "mine";
  const sort = place.query.get("sort") as Sort | null;
  return {
    view,
    queue_id: Number(place.query.get("queue")) || null,
    channel: place.query.get("channel"),
    tag: place.query.get("tag"),
    sort: sort && SORTS.includes(sort) ? sort : view === "queue" ? "waiting" : "newest",
  };
}

/** The conversation a place names. */
export function conversationOf(place: Place): number | null {
  return Number(place.rest[0]) || null;
}

/** The entry a place points at: where a search result is. */
export function entryOf(place: Place): number | null {
  return Number(place.query.get("entry")) || null;
}

/** The address of a list, or of a conversation in it. */
export function pathOf(listing: Partial<Listing>, conversationId?: number | null): string {
  const query = new URLSearchParams();
  if (listing.queue_id) query.set("queue", String(listing.queue_id));
  if (listing.channel) query.set("channel", listing.channel);
  if (listing.tag) query.set("tag", listing.tag);
  if (listing.sort && listing.sort !== (listing.view === "queue" ? "waiting" : "newest")) query.set("sort", listing.sort);
  const text = query.toString();
  return `${listing.view ?? "mine"}${conversationId ? `/${conversationId}` : ""}${text ? `?${text}` : ""}`;
}

/** Shows a conversation in the list that is open; `entryId` brings that entry into sight. */
export function show(conversationId: number | null, entryId?: number): void {
  const path = pathOf(listingOf(router.place), conversationId);
  router.go(entryId ? `${path}${path.includes("?") ? "&" : "?"}entry=${entryId}` : path);
}
