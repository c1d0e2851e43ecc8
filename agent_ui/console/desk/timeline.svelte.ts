import type { EntryValue } from "../wire";

const PAGE = 50;
const UNREAD_PAGES = 6;

export type EntriesOf = (range: { before?: number; after?: number }, limit: number) => Promise<EntryValue[]>;

/** The entries of one conversation that are here: a stretch without gaps up to the newest. */
export class Timeline {
  /** Ordered by id, oldest first. */
  entries = $state.raw<readonly EntryValue[]>([]);
  state = $state<"loading" | "ready" | "failed">("loading");
  hasOlder = $state(true);
  loadingOlder = $state(false);
  /** The newest entry that was on the screen while somebody could see it. */
  seen = 0;
  /** The first entry that was unread when the timeline was opened; fixed until it is opened again. */
  firstUnread = $state<number | null>(null);
  readonly #of: EntriesOf;
  #during: EntryValue[] | null = null;

  constructor(of: EntriesOf) {
    this.#of = of;
  }

  get newest(): EntryValue | undefined {
    return this.entries.at(-1);
  }

  /** The newest entry the contact wrote, 0 when there is none. */
  get newestInbound(): number {
    return this.entries.findLast((entry) => entry.direction === "in")?.id ?? 0;
  }

  /** Loads the newest entries, back to the last one read; when opened first, marks where reading goes on. */
  async load(readId: number): Promise<void> {
    this.#during = [];
    try {
      let entries = await this.#of({}, PAGE);
      let whole = entries.length < PAGE;
      for (let pages = 1; !whole && pages < UNREAD_PAGES && readId > 0 && (entries[0]?.id ?? 0) > readId; pages++) {
        const older = await this.#of({ before: entries[0]?.id ?? 0 }, PAGE);
        whole = older.length < PAGE;
        entries = [...older, ...entries];
      }
      const held = this.entries;
      const joins = held.length > 0 && entries.length > 0 && (held.at(-1)?.id ?? 0) >= (entries[0]?.id ?? 0);
      this.entries = joins ? merged(held, entries) : entries;
      if (!joins) this.hasOlder = !whole;
      if (this.state === "loading" && readId > 0) this.mark(readId);
      this.state = "ready";
    } catch {
      if (this.state === "loading") this.state = "failed";
    } finally {
      const during = this.#during ?? [];
      this.#during = null;
      if (during.length) this.entries = merged(this.entries, during);
    }
  }

  /** Marks where reading goes on: the first entry after the one read that the agent did not write. */
  mark(readId: number): void {
    this.firstUnread = this.entries.find((entry) => entry.id > readId && entry.direction === "in")?.id ?? null;
  }

  /** One more page of older entries. */
  async older(limit = PAGE): Promise<void> {
    const first = this.entries[0];
    if (!first || !this.hasOlder || this.loadingOlder) return;
    this.loadingOlder = true;
    try {
      const older = await this.#of({ before: first.id }, limit);
      this.hasOlder = older.length >= limit;
      this.entries = merged(older, this.entries);
    } catch {
      // Scrolling up asks again.
    } finally {
      this.loadingOlder = false;
    }
  }

  /** Loads older pages until the entry is here. Returns whether there is such an entry. */
  async reach(entryId: number): Promise<boolean> {
    while (this.hasOlder && (this.entries[0]?.id ?? 0) > entryId) {
      const before = this.entries.length;
      await this.older(100);
      if (this.entries.length === before) break;
    }
    return this.entries.some((entry) => entry.id === entryId);
  }

  /** An entry came or changed. */
  put(entry: EntryValue): void {
    if (this.#during) this.#during.push(entry);
    const first = this.entries[0];
    if (first && entry.id < first.id && this.hasOlder) return;
    this.entries = merged(this.entries, [entry]);
  }
}

/** Both, ordered by id; of two with the same id the one with the greater version. */
export function merged(some: readonly EntryValue[], others: readonly EntryValue[]): EntryValue[] {
  const last = some.at(-1);
  const firstOther = others[0];
  if (!last || (firstOther && others.length === 1 && firstOther.id > last.id)) return [...some, ...others];
  const byId = new Map(some.map((entry) => [entry.id, entry]));
  for (const entry of others) {
    const held = byId.get(entry.id);
    if (!held || entry.version >= held.version) byId.set(entry.id, entry);
  }
  return [...byId.values()].sort((a, b) => a.id - b.id);
}
