import { SvelteMap } from "svelte/reactivity";
import type { WayKey } from "../api/ways";
import type { DraftExtras } from "../wire";
import type { Keeping } from "./outgoing.svelte";

/** A button below a message, as it is typed: with an address it opens that, without one it is an answer. */
export interface ButtonTyped {
  text: string;
  url: string;
}

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
  buttons: ButtonTyped[];
  sendAt: number | null;
}

export const BLANK: Letter = { way: null, mode: "reply", about: null, quote: "", subject: null, to: [], cc: [], bcc: [], html: "", template: null, buttons: [], sendAt: null };

/** Replies in the making, by conversation, kept on this device; the hub keeps them with their texts, as drafts. */
export class Letters {
  /** Hears of every change that is made here. */
  onchange: (conversationId: number) => void = () => undefined;
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
    this.onchange(conversationId);
  }

  /** What the hub keeps of it. */
  take(conversationId: number, extras: DraftExtras): void {
    this.#letters.set(conversationId, letterOf(extras));
    this.#keep();
  }

  /** Whether nothing is said in it. By which way one would write is no word yet. */
  isBlank(conversationId: number): boolean {
    return JSON.stringify(draftedOf({ ...this.of(conversationId), way: null })) === NOTHING;
  }

  /** The conversations in whose letters something is said. */
  said(): number[] {
    return [...this.#letters.keys()].filter((id) => !this.isBlank(id));
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

/** A letter as the hub keeps it: cut to what it takes, so that an odd one never keeps the text from being kept. */
export function draftedOf(letter: Letter): DraftExtras {
  const { way, mode, about, quote, subject, to, cc, bcc, html, template, buttons, sendAt } = letter;
  return {
    identity_id: way?.identity_id ?? null,
    account_id: way?.account_id ?? null,
    mode,
    about_id: about,
    quote: cut(quote),
    subject: subject === null ? null : cut(subject),
    to: lines(to),
    cc: lines(cc),
    bcc: lines(bcc),
    html: html.length > LONGEST_HTML ? "" : html,
    template: template?.id ?? "",
    variables: Object.fromEntries(Object.entries(template?.variables ?? {}).slice(0, 30)),
    buttons: buttons.slice(0, 20).map(({ text, url }) => ({ text: cut(text, 40), url: cut(url, 500), key: "" })),
    send_at: sendAt,
  };
}

/** The letter that the hub kept. */
export function letterOf(extras: DraftExtras): Letter {
  const { identity_id, account_id, about_id, template, variables, buttons, send_at, mode, quote, subject, to, cc, bcc, html } = extras;
  return {
    way: identity_id === null || account_id === null ? null : { identity_id, account_id },
    mode,
    about: about_id,
    quote,
    subject,
    to,
    cc,
    bcc,
    html,
    template: template ? { id: template, variables } : null,
    buttons: buttons.map(({ text, url }) => ({ text, url })),
    sendAt: send_at,
  };
}

/** Characters of a laid out text that the hub keeps. */
const LONGEST_HTML = 64_000;
const NOTHING = JSON.stringify(draftedOf(BLANK));

function lines(all: readonly string[]): string[] {
  return all.slice(0, 50).map((one) => cut(one));
}

function cut(text: string, most = 400): string {
  return text.length > most ? [...text].slice(0, most).join("") : text;
}
