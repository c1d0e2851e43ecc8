import { SvelteMap } from "svelte/reactivity";
import type { DraftValue, FileValue } from "../wire";

export type DraftKind = "message" | "note";

export interface Written {
  text: string;
  files: FileValue[];
}

export interface DraftKeeper {
  save(conversationId: number, kind: DraftKind, written: Written, leaving: boolean): Promise<unknown>;
  clear(conversationId: number, kind: DraftKind): Promise<unknown>;
}

const PAUSE_MS = 700;
const EMPTY: Written = { text: "", files: [] };

/** What the agent is writing, by conversation and kind. Goes to the hub when they pause, so a reload or another machine has it. */
export class Drafts {
  #written = new SvelteMap<string, Written>();
  #timers = new Map<string, ReturnType<typeof setTimeout>>();
  /** What this page said to the hub lately: when the hub tells it back, it is no news. */
  #said = new Map<string, string>();
  #queues = new Map<string, Promise<unknown>>();
  readonly #keeper: DraftKeeper;

  constructor(keeper: DraftKeeper) {
    this.#keeper = keeper;
  }

  of(conversationId: number, kind: DraftKind): Written {
    return this.#written.get(nameOf(conversationId, kind)) ?? EMPTY;
  }

  /** Whether something is written that was not sent. */
  any(conversationId: number): boolean {
    return (["message", "note"] as const).some((kind) => !isEmpty(this.of(conversationId, kind)));
  }

  write(conversationId: number, kind: DraftKind, written: Written): void {
    const name = nameOf(conversationId, kind);
    if (isEmpty(written) && isEmpty(this.of(conversationId, kind))) return;
    this.#written.set(name, written);
    clearTimeout(this.#timers.get(name));
    this.#timers.set(name, setTimeout(() => void this.#save(conversationId, kind, false), PAUSE_MS));
  }

  /** It was sent or thrown away. */
  clear(conversationId: number, kind: DraftKind): void {
    const name = nameOf(conversationId, kind);
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
    if (this.#written.delete(name)) void this.#inTurn(name, () => this.#keeper.clear(conversationId, kind)).catch(() => undefined);
  }

  /** What the hub keeps. What is being written here is newer and stays. */
  take(kept: readonly DraftValue[]): void {
    for (const draft of kept) {
      const kind = draft.kind === "note" ? "note" : "message";
      const name = nameOf(draft.conversation_id, kind);
      if (!this.#timers.has(name) && this.#said.get(name) !== draft.text) this.#written.set(name, { text: draft.text, files: draft.files });
    }
  }

  /** Saves at once what waits: the page is being left. */
  flush(): void {
    for (const [name, timer] of this.#timers) {
      clearTimeout(timer);
      const [id = "0", kind] = name.split(":");
      void this.#save(Number(id), kind as DraftKind, true);
    }
  }

  async #save(conversationId: number, kind: DraftKind, leaving: boolean): Promise<void> {
    const name = nameOf(conversationId, kind);
    const written = this.of(conversationId, kind);
    const timer = this.#timers.get(name);
    try {
      this.#said.set(name, written.text);
      const say = () => (isEmpty(written) ? this.#keeper.clear(conversationId, kind) : this.#keeper.save(conversationId, kind, written, leaving));
      await (leaving ? say() : this.#inTurn(name, say));
      if (this.#timers.get(name) === timer) this.#timers.delete(name);
    } catch {
      // Kept here; the next stroke, or the line's return, saves it.
    }
  }

  /** One after the other, so that an older save never arrives after the newer word. */
  #inTurn(name: string, say: () => Promise<unknown>): Promise<unknown> {
    const turn = (this.#queues.get(name) ?? Promise.resolve()).catch(() => undefined).then(say);
    this.#queues.set(name, turn);
    return turn;
  }
}

function nameOf(conversationId: number, kind: DraftKind): string {
  return `${conversationId}:${kind}`;
}

function isEmpty(written: Written): boolean {
  return !written.text.trim() && written.files.length === 0;
}
