import { SvelteMap } from "svelte/reactivity";
import type { WayKey } from "../api/ways";
import type { Keeping } from "./outgoing.svelte";

/** What a reply is besides its text and files: which way it goes, and all that only mail has. */
export interface Letter {
  /** The way chosen by hand; none follows the conversation's own. */
  way: WayKey | null;
  mode: "reply" | "all" | "forward";
  /** The entry that is answered or forwarded; none answers the conversation. */
  about: number | null;
  /** Who it was by and how it began, to be shown above the reply. */
  quote: string;
  /** None follows the way. */
  subject: string | null;
  to: string[];
  cc: string[];
  bcc: string[];
  /** The text as it was laid out; empty for plain text. */
  html: string;
  template: { id: string; variables: Record<string, string> } | null;
  sendAt: number | null;
}

export const BLANK: Letter = { way: null, mode: "reply", about: null, quote: "", subject: null, to: [], cc: [], bcc: [], html: "", template: null, sendAt: null };

/** Replies in the making, by conversation. The hub keeps their texts as drafts; the rest is kept on this device. */
export class Letters {
  #letters = new SvelteMap<number, Letter>();
  readonly #keeping: Keeping;
  readonly #name: string;

  constructor(name: string, keeping: Keeping = localStorage) {
    this.#keeping = keeping;
    this.#name = `switchboard.letters.${name}`;
    for (const [id, letter] of this.#kept()) this.#letters.set(id, { ...BLANK, ...letter });
  }

  of(conversationId: number): Letter {
    return this.#letters.get(conversationId) ?? BLANK;
  }

  change(conversationId: number, change: Partial<Letter>): void {
    this.#letters.set(conversationId, { ...this.of(conversationId), ...change });
    this.#keep();
  }

  /** It was sent or thrown away. The way that was chosen stays chosen. */
  clear(conversationId: number): void {
    const { way } = this.of(conversationId);
    if (way) this.#letters.set(conversationId, { ...BLANK, way });
    else this.#letters.delete(conversationId);
    this.#keep();
  }

  #keep(): void {
    try {
      if (this.#letters.size) this.#keeping.setItem(this.#name, JSON.stringify([...this.#letters].slice(-100)));
      else this.#keeping.removeItem(this.#name);
    } catch {
      // A full or forbidden storage costs the memory across reloads; the letter stays on the screen.
    }
  }

  #kept(): [number, Letter][] {
    try {
      return JSON.parse(this.#keeping.getItem(this.#name) ?? "[]") as [number, Letter][];
    } catch {
      return [];
    }
  }
}
