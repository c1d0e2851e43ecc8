import type { CallListing, CallSort, CallView } from "../api/calls";
import type { Place } from "../router.svelte";
import type { CallValue } from "../wire";

export const VIEWS = ["", "answered", "missed", "voicemail", "callback", "failed"] as const satisfies readonly CallView[];
export const SORTS: readonly CallSort[] = ["newest", "oldest", "longest"];

export const NOTHING: CallListing = { view: "", direction: "", queue_id: 0, agent_id: 0, number: "", since: 0, until: 0, disposition: "", recorded: "", sort: "newest" };

/** The list that an address names; what makes no sense in it is left out. */
export function listingOf({ query }: Pick<Place, "query">): CallListing {
  const one = <T extends string>(name: string, all: readonly T[], otherwise: T): T => all.find((known) => known === query.get(name)) ?? otherwise;
  const number = (name: string) => Math.max(0, Math.trunc(Number(query.get(name)) || 0));
  return {
    view: one<CallView>("view", VIEWS, ""),
    direction: one<CallListing["direction"]>("direction", ["in", "out"], ""),
    queue_id: number("queue"),
    agent_id: number("agent"),
    number: (query.get("number") ?? "").replace(/\D/g, "").slice(0, 15),
    since: number("since"),
    until: number("until"),
    disposition: query.get("disposition") ?? "",
    recorded: one<CallListing["recorded"]>("recorded", ["true", "false"], ""),
    sort: one("sort", SORTS, "newest"),
  };
}

/** The address of a list, with a call of it open. */
export function pathOf(listing: CallListing, id: number | null = null): string {
  const names = { view: "view", direction: "direction", queue_id: "queue", agent_id: "agent", number: "number", since: "since", until: "until", disposition: "disposition", recorded: "recorded", sort: "sort" } as const;
  const query = new URLSearchParams();
  for (const [key, name] of Object.entries(names) as [keyof CallListing, string][]) if (listing[key] !== NOTHING[key]) query.set(name, String(listing[key]));
  const said = query.toString();
  return `calls${id === null ? "" : `/${id}`}${said ? `?${said}` : ""}`;
}

/** Outcomes of a view that is named otherwise, or has more than one. */
const OUTCOMES: Partial<Record<CallView, readonly string[]>> = { missed: ["missed", "abandoned"], failed: ["failed", "no_answer", "busy", "cancelled"] };

/** Whether a call stands in a list: the hub's own rule, for calls that change while the list is shown. */
export function belongs(call: CallValue, listing: CallListing): boolean {
  const { view } = listing;
  const fitsView = view === "" || (view === "live" ? call.state !== "ended" : view === "ended" ? call.state === "ended" : (OUTCOMES[view] ?? [view]).includes(call.outcome ?? ""));
  return (
    fitsView &&
    (listing.direction === "" || call.direction === listing.direction) &&
    (listing.queue_id === 0 || call.queue_id === listing.queue_id) &&
    (listing.agent_id === 0 || call.agent_id === listing.agent_id || call.legs.some((leg) => leg.agent_id === listing.agent_id)) &&
    call.number.includes(listing.number) &&
    (listing.since === 0 || call.started_at >= listing.since) &&
    (listing.until === 0 || call.started_at < listing.until) &&
    (listing.disposition === "" || call.disposition === listing.disposition) &&
    (listing.recorded === "" || call.recordings.some((one) => one.state === "stored") === (listing.recorded === "true"))
  );
}

/** Where a call stands in a list: smaller is further up. */
export function rank(call: CallValue, sort: CallSort): [number, number] {
  return sort === "oldest" ? [call.id, 0] : sort === "longest" ? [-call.talk, -call.id] : [-call.id, 0];
}

/** Midnight of a day as a date field says it, on this machine's clock; 0 for none. `days` later, for an end that is meant whole. */
export function momentOf(day: string, days = 0): number {
  const [year, month, date] = day.split("-").map(Number);
  return year && month && date ? new Date(year, month - 1, date + days).getTime() : 0;
}

/** The day of a moment as a date field wants it; empty for 0. */
export function dayOf(moment: number, days = 0): string {
  if (!moment) return "";
  const at = new Date(moment);
  const shifted = new Date(at.getFullYear(), at.getMonth(), at.getDate() + days);
  return `${shifted.getFullYear()}-${String(shifted.getMonth() + 1).padStart(2, "0")}-${String(shifted.getDate()).padStart(2, "0")}`;
}
