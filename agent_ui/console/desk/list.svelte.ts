import type { Listing, Page } from "../api/conversations";
import type { AgentValue, ConversationValue } from "../wire";
import { belongs, compare, sortKey } from "./listing";

/** What a list needs of the desk. */
export interface Source {
  readonly me: AgentValue;
  page(listing: Listing, cursor: string | null): Promise<Page<ConversationValue>>;
  /** Keeps a conversation and gives the newest value known of it. */
  keep(conversation: ConversationValue): ConversationValue;
}

/** One list of conversations: pages from the hub, kept true by events. Rows are ids; values live in the desk. */
export class List {
  ids = $state.raw<readonly number[]>([]);
  state = $state<"loading" | "ready" | "failed">("loading");
  /** Whether the last row of the hub is here. */
  complete = $state(false);
  #keys = new Map<number, readonly [number, number]>();
  #cursor: string | null = null;
  #during: ConversationValue[] | null = null;
  #turn = 0;

  constructor(
    readonly listing: Listing,
    readonly source: Source,
  ) {}

  /** The first page anew; what is shown stays until it is here. */
  async load(): Promise<void> {
    const turn = ++this.#turn;
    this.#during = [];
    try {
      const page = await this.source.page(this.listing, null);
      if (turn !== this.#turn) return;
      this.#keys.clear();
      this.#add(page, []);
      this.state = "ready";
    } catch {
      if (turn === this.#turn && this.state === "loading") this.state = "failed";
    } finally {
      if (turn === this.#turn) this.#replay();
    }
  }

  /** The next page, when there is one and none is on its way. */
  async more(): Promise<void> {
    if (this.complete || this.#during || this.state !== "ready") return;
    const turn = ++this.#turn;
    this.#during = [];
    try {
      const page = await this.source.page(this.listing, this.#cursor);
      if (turn === this.#turn) this.#add(page, this.ids);
    } catch {
      // Scrolling on asks again.
    } finally {
      if (turn === this.#turn) this.#replay();
    }
  }

  /** A conversation changed: its row comes, moves or goes. */
  take(conversation: ConversationValue): void {
    if (this.#during) {
      this.#during.push(conversation);
      return;
    }
    const known = this.#keys.has(conversation.id);
    const isMention = this.listing.view === "mentions" && known && conversation.status !== "closed";
    if (!isMention && !belongs(this.listing, conversation, this.source.me)) {
      this.drop(conversation.id);
      return;
    }
    const key = sortKey(this.listing, conversation);
    const old = this.#keys.get(conversation.id);
    if (old && compare(old, key) === 0) return;
    const ids = known ? this.ids.filter((id) => id !== conversation.id) : [...this.ids];
    const at = this.#place(ids, key);
    if (at === ids.length && !this.complete && ids.length > 0) {
      this.drop(conversation.id);
      return;
    }
    ids.splice(at, 0, conversation.id);
    this.#keys.set(conversation.id, key);
    this.ids = ids;
  }

  drop(id: number): void {
    if (!this.#keys.delete(id)) return;
    this.ids = this.ids.filter((other) => other !== id);
  }

  #add(page: Page<ConversationValue>, before: readonly number[]): void {
    const ids = [...before];
    for (const item of page.items) {
      const conversation = this.source.keep(item);
      if (this.#keys.has(item.id)) continue;
      if (this.listing.view !== "mentions" && !belongs(this.listing, conversation, this.source.me)) continue;
      this.#keys.set(item.id, sortKey(this.listing, conversation));
      ids.push(item.id);
    }
    this.#cursor = page.next_cursor;
    this.complete = page.next_cursor === null;
    this.ids = ids.sort((a, b) => compare(this.#keys.get(a) ?? [0, 0], this.#keys.get(b) ?? [0, 0]));
  }

  #replay(): void {
    const during = this.#during ?? [];
    this.#during = null;
    for (const conversation of during) this.take(conversation);
  }

  #place(ids: readonly number[], key: readonly [number, number]): number {
    let low = 0;
    let high = ids.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(this.#keys.get(ids[middle] ?? 0) ?? [0, 0], key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
