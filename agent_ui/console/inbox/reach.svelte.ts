import type { Way } from "../api/ways";
import type { AnyEvent } from "../wire";

const PAUSE_MS = 300;

/** The ways to reach whoever one conversation is with, kept true while it is open. */
export class Reach {
  items = $state.raw<readonly Way[]>([]);
  state = $state<"loading" | "ready" | "failed">("loading");
  readonly #conversationId: number;
  readonly #ask: () => Promise<readonly Way[]>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;

  constructor(conversationId: number, ask: () => Promise<readonly Way[]>) {
    this.#conversationId = conversationId;
    this.#ask = ask;
  }

  /** Whether some way carries mail. */
  get mail(): boolean {
    return this.items.some((way) => way.carries.subject && way.state !== "closed");
  }

  async load(): Promise<void> {
    const turn = (this.#turn += 1);
    try {
      const items = await this.#ask();
      if (turn !== this.#turn) return;
      this.items = items;
      this.state = "ready";
    } catch {
      // What is known stays; without any, a reply goes the conversation's own way and the hub decides.
      if (turn === this.#turn && this.state === "loading") this.state = "failed";
    }
  }

  /** What happened may have opened or shut a way: their message, their answer, their addresses, an account. */
  hear(event: AnyEvent): void {
    const ours =
      event.type === "EntryAdded" || event.type === "EntryChanged"
        ? event.entry.conversation_id === this.#conversationId && (event.entry.direction === "in" || event.entry.delivery === "failed")
        : event.type === "ContactChanged"
          ? event.conversation_ids.includes(this.#conversationId)
          : event.type === "AccountChanged";
    if (ours) this.#timer ??= setTimeout(() => this.#again(), PAUSE_MS);
  }

  #again(): void {
    this.#timer = undefined;
    void this.load();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#turn += 1;
  }
}
