import type { Side } from "../api/merging";
import type { ContactValue, IdentityValue } from "../wire";

/** What two contacts can differ in, in the order it is shown. Tags and own fields of both are kept. */
export const FIELDS = ["name", "company", "title", "language", "timezone", "owner_id", "note"] as const;
export type Field = (typeof FIELDS)[number];
export type Choices = Partial<Record<Field, Side>>;

/** The fields in which both say something and not the same. */
export function differing(survivor: ContactValue, absorbed: ContactValue): Field[] {
  return FIELDS.filter((field) => isSaid(survivor[field]) && isSaid(absorbed[field]) && survivor[field] !== absorbed[field]);
}

/** A choice for every field that is not the same: what was chosen, else whoever says something, else the survivor. */
export function choicesOf(survivor: ContactValue, absorbed: ContactValue, chosen: Choices): Record<string, Side> {
  const asked = differing(survivor, absorbed);
  return Object.fromEntries(
    FIELDS.filter((field) => survivor[field] !== absorbed[field]).map((field) => [field, asked.includes(field) ? (chosen[field] ?? "survivor") : isSaid(survivor[field]) ? "survivor" : "absorbed"]),
  );
}

/** The choices when the other one survives: what is kept stays the same. */
export function turned(chosen: Choices): Choices {
  return Object.fromEntries(Object.entries(chosen).map(([field, side]) => [field, side === "survivor" ? "absorbed" : "survivor"]));
}

/** By which addresses the merged contact will be known: primary ones first, each once. */
export function addresses(survivor: ContactValue, absorbed: ContactValue): IdentityValue[] {
  const all = [...survivor.identities, ...absorbed.identities];
  return all.filter((one, at) => all.findIndex(({ id }) => id === one.id) === at).sort((a, b) => Number(b.is_primary) - Number(a.is_primary));
}

function isSaid(value: string | number | null): boolean {
  return value !== null && value !== "";
}
