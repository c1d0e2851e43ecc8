import type { CallListing } from "../api/calls";
import type { Page } from "../api/conversations";
import type { CallValue } from "../wire";
import { belongs, rank } from "./listing";

/** A list of calls that stays true while calls change. */
export class CallList {
  rows = $state.raw<readonly CallValue[]>([]);
  state = $state<"loading" | "ready" | "failed">("loading");
  complete = $state(false);
  #cursor: string | null = null;
  #turn = 0;
  #busy = false;
  /** What was told while the pages were on their way. */
  #heard: CallValue[] | null = null;

  constructor(
    readonly listing: CallListing,
    readonly ask: (cursor: string | null) => Promise<Page<CallValue>>,
    /** So many rows are fetched at once, page by page: what counts them has to have them all. */
    readonly atOnce = 1,
  ) {}

  /** From the beginning; what is shown stays until the answer is there. */
  async load(): Promise<void> {
    const turn = ++this.#turn;
    this.#heard = [];
    try {
      const found = await this.#fetched();
      if (turn !== this.#turn) return;
      const known = new Map(this.rows.map((call) => [call.id, call]));
      this.rows = found.items.map((call) => newest(known.get(call.id), call));
      this.#cursor = found.next_cursor;
      this.complete = found.next_cursor === null;
      this.state = "ready";
    } catch {
      if (turn === this.#turn && this.state !== "ready") this.state = "failed";
    }
    if (turn !== this.#turn) return;
    const heard = this.#heard;
    this.#heard = null;
    for (const call of heard) this.take(call);
  }

  async #fetched(): Promise<Page<CallValue>> {
    const turn = this.#turn;
    let { items, next_cursor } = await this.ask(null);
    while (next_cursor !== null && items.length < this.atOnce && turn === this.#turn) {
      const page = await this.ask(next_cursor);
      items = [...items, ...page.items];
      next_cursor = page.next_cursor;
    }
    return { items, next_cursor };
  }

  async more(): Promise<void> {
    if (this.#busy || this.complete || this.state !== "ready") return;
    this.#busy = true;
    const turn = this.#turn;
    try {
      const { items, next_cursor } = await this.ask(this.#cursor);
      if (turn !== this.#turn) return;
      this.#cursor = next_cursor;
      this.complete = next_cursor === null;
      this.rows = this.#placed([...this.rows.filter((one) => !items.some(({ id }) => id === one.id)), ...items]);
    } catch {
      return;
    } finally {
      this.#busy = false;
    }
  }

  /** A call changed: it comes, moves or goes. */
  take(call: CallValue): void {
    this.#heard?.push(call);
    if (this.state !== "ready") return;
    const held = this.rows.find(({ id }) => id === call.id);
    const value = newest(held, call);
    if (held && value === held) return;
    const rest = this.rows.filter(({ id }) => id !== call.id);
    if (!belongs(value, this.listing)) {
      if (held) this.rows = rest;
      return;
    }
    const placed = this.#placed([...rest, value]);
    // What would stand behind the last row of an unfinished list comes with its page.
    this.rows = !held && !this.complete && placed.at(-1) === value ? rest : placed;
  }

  #placed(rows: CallValue[]): CallValue[] {
    return rows
      .map((call) => ({ call, at: rank(call, this.listing.sort) }))
      .sort((a, b) => a.at[0] - b.at[0] || a.at[1] - b.at[1])
      .map(({ call }) => call);
  }
}

function newest(held: CallValue | undefined, call: CallValue): CallValue {
  return held && held.version >= call.version ? held : call;
}
