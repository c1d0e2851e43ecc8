import type { CaseQuery, CaseSort } from "../api/cases";
import type { Place } from "../router.svelte";
import type { CaseValue, StageCategory } from "../wire";

export type Whose = "all" | "unowned" | "mine";

/** Which leads, in which order. Without a stage: all that are open. */
export interface LeadListing {
  whose: Whose;
  stage_id: number | null;
  source: string | null;
  text: string;
  sort: CaseSort;
}

export const WHOSE: readonly Whose[] = ["all", "unowned", "mine"];
export const SORTS: readonly CaseSort[] = ["newest", "oldest", "stage_since"];

export function isOpen(category: StageCategory): boolean {
  return category === "new" || category === "active" || category === "waiting";
}

/** The list a place names. */
export function listingOf({ query }: Place): LeadListing {
  const one = <T extends string>(name: string, all: readonly T[]): T => all.find((known) => known === query.get(name)) ?? (all[0] as T);
  return {
    whose: one("whose", WHOSE),
    stage_id: Number(query.get("stage")) || null,
    source: query.get("source"),
    text: query.get("text") ?? "",
    sort: one("sort", SORTS),
  };
}

/** The address of a list, or of a lead in it. */
export function pathOf(listing: Partial<LeadListing>, leadId?: number | null): string {
  const query = new URLSearchParams();
  if (listing.whose && listing.whose !== "all") query.set("whose", listing.whose);
  if (listing.stage_id) query.set("stage", String(listing.stage_id));
  if (listing.source) query.set("source", listing.source);
  if (listing.text) query.set("text", listing.text);
  if (listing.sort && listing.sort !== "newest") query.set("sort", listing.sort);
  const text = query.toString();
  return `leads${leadId ? `/${leadId}` : ""}${text ? `?${text}` : ""}`;
}

/** What the hub is asked for. */
export function queryOf({ whose, stage_id, source, text, sort }: LeadListing, me: number): CaseQuery {
  return { kind: "lead", open: stage_id === null ? true : null, owner_id: whose === "mine" ? me : whose === "unowned" ? 0 : null, stage_id, source, text: text.trim() || null, sort };
}

/** Whether a case stands in a list, as the hub decides it; words that were searched for are only known to the hub. */
export function belongs(listing: LeadListing, one: CaseValue, me: number): boolean {
  if (one.kind !== "lead") return false;
  if (listing.stage_id === null ? !isOpen(one.category) : one.stage_id !== listing.stage_id) return false;
  if (listing.source !== null && one.source !== listing.source) return false;
  return listing.whose === "all" || one.owner_id === (listing.whose === "mine" ? me : null);
}

/** Negative when `a` stands before `b`. */
export function compare(sort: CaseSort, a: CaseValue, b: CaseValue): number {
  if (sort === "newest") return b.id - a.id;
  if (sort === "oldest") return a.id - b.id;
  return a.stage_since - b.stage_since || a.id - b.id;
}
