import { SvelteMap } from "svelte/reactivity";
import type { DraftExtras, DraftValue, FileValue } from "../wire";
import { draftedOf, letterOf, type Letters } from "./letters.svelte";
import { isSaid, type Said } from "./said";

export type DraftKind = "message" | "note";

export interface Written {
  text: string;
  files: FileValue[];
}

/** What the hub keeps: for a reply with all that it is besides. */
export interface Kept extends Written {
  extras: DraftExtras | null;
}

export interface DraftKeeper {
  save(conversationId: number, kind: DraftKind, kept: Kept, leaving: boolean): Promise<unknown>;
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
  /** What the hub is thought to keep; `true` while it is as it came from there. */
  #stored = new Map<string, boolean>();
  #queues = new Map<string, Promise<unknown>>();
  readonly #keeper: DraftKeeper;
  readonly #letters: Letters | null;

  constructor(keeper: DraftKeeper, letters: Letters | null = null) {
    this.#keeper = keeper;
    this.#letters = letters;
    if (letters) letters.onchange = (id) => this.#touched(id);
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
    this.#later(conversationId, kind);
  }

  /** It was sent or thrown away. */
  clear(conversationId: number, kind: DraftKind): void {
    const name = nameOf(conversationId, kind);
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
    const isKept = this.#stored.delete(name);
    if (this.#written.delete(name) || isKept) void this.#inTurn(name, () => this.#keeper.clear(conversationId, kind)).catch(() => undefined);
  }

  /** What the hub keeps. What is being written here is newer and stays. */
  take(kept: readonly DraftValue[]): void {
    for (const draft of kept) {
      const kind = draft.kind === "note" ? "note" : "message";
      const name = nameOf(draft.conversation_id, kind);
      if (this.#timers.has(name) || this.#said.get(name) === markOf(draft)) continue;
      this.#written.set(name, { text: draft.text, files: draft.files });
      this.#stored.set(name, true);
      // What this page said before is no echo any more: whoever goes back to it elsewhere says something new.
      this.#said.delete(name);
      if (draft.extras) this.#letters?.take(draft.conversation_id, draft.extras);
    }
  }

  /**
   * All that the hub keeps: what came from there, and is there no more, was sent elsewhere. So was a letter that this
   * device kept across a reload, while nothing was changed in it since.
   */
  renew(kept: readonly DraftValue[]): void {
    const there = new Set(kept.map((draft) => nameOf(draft.conversation_id, draft.kind === "note" ? "note" : "message")));
    for (const name of [...this.#stored.keys()].filter((one) => !there.has(one))) this.gone(...partsOf(name));
    for (const id of this.#letters?.said() ?? []) {
      const name = nameOf(id, "message");
      if (!there.has(name) && !this.#stored.has(name) && !this.#timers.has(name)) this.#letters?.clear(id);
    }
    this.take(kept);
    // What could not be saved while the line was away is saved now.
    for (const name of [...this.#timers.keys()]) this.#later(...partsOf(name));
  }

  /** It was sent or thrown away elsewhere. What was written on here stays. */
  gone(conversationId: number, kind: DraftKind): void {
    const name = nameOf(conversationId, kind);
    if (this.#stored.get(name)) this.#forget(conversationId, kind);
    else if (this.#isNothing(conversationId, kind)) this.#said.delete(name);
  }

  /** This was sent from another machine. When it is all that stands here, nothing is left to send. */
  sent(conversationId: number, kind: DraftKind, entry: Said): void {
    const name = nameOf(conversationId, kind);
    if (this.#timers.has(name) || this.#isNothing(conversationId, kind)) return;
    const letter = kind === "note" ? null : (this.#letters?.of(conversationId) ?? null);
    if (isSaid(this.of(conversationId, kind), letter, entry)) this.#forget(conversationId, kind);
  }

  /** Saves at once what waits: the page is being left. */
  flush(): void {
    for (const [name, timer] of this.#timers) {
      clearTimeout(timer);
      void this.#save(...partsOf(name), true);
    }
  }

  #forget(conversationId: number, kind: DraftKind): void {
    this.#stored.delete(nameOf(conversationId, kind));
    this.#written.delete(nameOf(conversationId, kind));
    this.#said.delete(nameOf(conversationId, kind));
    if (kind === "message") this.#letters?.clear(conversationId);
  }

  #touched(conversationId: number): void {
    if (!this.#isNothing(conversationId, "message") || this.#stored.has(nameOf(conversationId, "message"))) this.#later(conversationId, "message");
  }

  #later(conversationId: number, kind: DraftKind): void {
    const name = nameOf(conversationId, kind);
    if (this.#stored.has(name)) this.#stored.set(name, false);
    clearTimeout(this.#timers.get(name));
    this.#timers.set(name, setTimeout(() => void this.#save(conversationId, kind, false), PAUSE_MS));
  }

  #isNothing(conversationId: number, kind: DraftKind): boolean {
    return isEmpty(this.of(conversationId, kind)) && (kind === "note" || (this.#letters?.isBlank(conversationId) ?? true));
  }

  async #save(conversationId: number, kind: DraftKind, leaving: boolean): Promise<void> {
    const name = nameOf(conversationId, kind);
    const written = this.of(conversationId, kind);
    const nothing = this.#isNothing(conversationId, kind);
    const extras = kind === "note" || !this.#letters ? null : draftedOf(this.#letters.of(conversationId));
    const timer = this.#timers.get(name);
    try {
      this.#said.set(name, markOf({ ...written, extras }));
      if (nothing) this.#stored.delete(name);
      else this.#stored.set(name, false);
      const say = () => (nothing ? this.#keeper.clear(conversationId, kind) : this.#keeper.save(conversationId, kind, { ...written, extras }, leaving));
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

function partsOf(name: string): [number, DraftKind] {
  const [id = "0", kind] = name.split(":");
  return [Number(id), kind as DraftKind];
}

/** What tells one state of a draft from another. */
function markOf({ text, files, extras }: Kept): string {
  return JSON.stringify([text, files.map((file) => file.id), extras ? draftedOf(letterOf(extras)) : null]);
}

function isEmpty(written: Written): boolean {
  return !written.text.trim() && written.files.length === 0;
}
