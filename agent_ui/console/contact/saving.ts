import type { ContactFacts } from "../api/people";
import { Refused } from "../api/http";
import type { ContactValue } from "../wire";

export type Field = keyof ContactFacts;

/** What became of a change: done, or somebody else changed the same thing meanwhile. */
export type Saved = { contact: ContactValue } | { theirs: ContactValue };

export interface Book {
  get: (id: number) => Promise<ContactValue>;
  change: (id: number, version: number, facts: ContactFacts) => Promise<ContactValue>;
}

const TRIES = 3;

/**
 * Changes one thing of a contact as it was seen. When others changed other things meanwhile, both stand;
 * when they changed the same thing to something else, nothing is changed and theirs is answered. Raises Refused, Unreachable.
 */
export async function save(book: Book, seen: ContactValue, facts: ContactFacts): Promise<Saved> {
  let version = seen.version;
  for (let tries = 1; ; tries++) {
    try {
      return { contact: await book.change(seen.id, version, facts) };
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== "conflict" || tries === TRIES) throw error;
      const now = await book.get(seen.id);
      if (now.version === version) throw error;
      const fields = Object.keys(facts) as Field[];
      if (fields.every((field) => same(now[field], facts[field]))) return { contact: now };
      if (fields.some((field) => !same(now[field], seen[field]))) return { theirs: now };
      version = now.version;
    }
  }
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
