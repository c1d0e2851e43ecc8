import type { Page } from "../api/conversations";
import type { CaseValue } from "../wire";
import { type LeadListing, belongs, compare } from "./listing";

export interface Source {
  me: number;
  keep: (value: CaseValue) => CaseValue;
  page: (cursor: string | null) => Promise<Page<CaseValue>>;
}

/** The leads of one listing, kept in their order while they change. */
export class LeadList {
  state = $state<"loading" | "ready" | "failed">("loading");
  rows = $state.raw<readonly CaseValue[]>([]);
  complete = $state(false);
  #cursor: string | null = null;
  #turn = 0;
  #asking = false;
  #during = new Map<number, CaseValue>();

  constructor(
    readonly listing: LeadListing,
    readonly source: Source,
  ) {}

  /** The first page anew; what is shown stays until it is here. */
  load(): Promise<void> {
    return this.#ask(null);
  }

  /** The next page, when there is one and none is on its way. */
  async more(): Promise<void> {
    if (!this.complete && !this.#asking && this.state === "ready") await this.#ask(this.#cursor);
  }

  /** A case changed: its row comes, moves or goes. */
  take(value: CaseValue): void {
    if (this.#asking) this.#during.set(value.id, value);
    const held = this.rows.find(({ id }) => id === value.id);
    if (held && held.version > value.version) return;
    const others = this.rows.filter(({ id }) => id !== value.id);
    // Whether searched words stand in a lead is only known to the hub: a new one waits for the next search.
    if (!belongs(this.listing, value, this.source.me) || (!held && this.listing.text)) {
      if (held) this.rows = others;
      return;
    }
    const after = others.findIndex((other) => compare(this.listing.sort, value, other) < 0);
    // Beyond the pages loaded so far: it comes with its page.
    if (after < 0 && !this.complete && others.length) this.rows = others;
    else this.rows = after < 0 ? [...others, value] : others.toSpliced(after, 0, value);
  }

  async #ask(cursor: string | null): Promise<void> {
    const turn = ++this.#turn;
    this.#asking = true;
    this.#during.clear();
    try {
      const page = await this.source.page(cursor);
      if (turn !== this.#turn) return;
      this.#show(page, cursor === null ? [] : this.rows);
    } catch {
      if (turn === this.#turn && this.state === "loading") this.state = "failed";
    } finally {
      if (turn === this.#turn) {
        this.#asking = false;
        for (const value of this.#during.values()) this.take(value);
      }
    }
  }

  #show(page: Page<CaseValue>, before: readonly CaseValue[]): void {
    const come = page.items.map((value) => this.source.keep(value)).filter((value) => belongs(this.listing, value, this.source.me));
    const ids = new Set(come.map(({ id }) => id));
    this.rows = [...before.filter(({ id }) => !ids.has(id)), ...come].sort((a, b) => compare(this.listing.sort, a, b));
    this.#cursor = page.next_cursor;
    this.complete = page.next_cursor === null;
    this.state = "ready";
  }
}
