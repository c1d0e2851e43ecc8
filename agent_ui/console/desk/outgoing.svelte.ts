import type { Extras } from "../api/conversations";
import { Refused, Unreachable } from "../api/http";
import { reasonInWords } from "./refusals";
import type { EntryValue, FileValue } from "../wire";
import type { Letter } from "./letters.svelte";

/** What the agent sent and the hub has not confirmed yet. */
export interface Parcel {
  key: string;
  conversationId: number;
  kind: "message" | "note";
  text: string;
  files: FileValue[];
  mentions: number[];
  /** What a reply says to the hub beside its words: its way, and what only mail has. */
  extras?: Extras;
  /** The same as the composer holds it, to be written on when it is called back. */
  letter?: Letter;
  /** The kind of channel it goes by. */
  channel?: string;
  /** The newest entry the agent had seen; null sends whatever came since. */
  seen: number | null;
  at: number;
  /** `held` can still be undone; `waiting` goes as soon as the hub is there; the last two need a decision. */
  state: "held" | "waiting" | "sending" | "refused" | "moved_on";
  problem?: string;
  /** Why it was refused, in words. */
  why?: string;
}

export interface Carrier {
  carry(parcel: Parcel): Promise<EntryValue>;
  arrived(parcel: Parcel, entry: EntryValue): void;
}

export interface Keeping {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;

/** Sends one parcel a conversation at a time, in order, until the hub has it. Survives a reload; the same key never sends twice. */
export class Outgoing {
  parcels = $state.raw<readonly Parcel[]>([]);
  readonly #carrier: Carrier;
  readonly #keeping: Keeping;
  readonly #name: string;
  #wait = FIRST_WAIT_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #holds = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(carrier: Carrier, name: string, keeping: Keeping = localStorage) {
    this.#carrier = carrier;
    this.#keeping = keeping;
    this.#name = `switchboard.outgoing.${name}`;
    this.parcels = this.#kept();
  }

  of(conversationId: number): Parcel[] {
    return this.parcels.filter((parcel) => parcel.conversationId === conversationId);
  }

  /** Takes a parcel; `holdMs` leaves time to call it back. */
  send(parcel: Omit<Parcel, "state">, holdMs = 0): void {
    this.#set([...this.parcels, { ...parcel, state: holdMs > 0 ? "held" : "waiting" }]);
    if (holdMs > 0) this.#holds.set(parcel.key, setTimeout(() => this.release(parcel.key), holdMs));
    else this.hurry();
  }

  /** Takes a parcel that goes only when the agent says so: something came that they had not seen. */
  ask(parcel: Omit<Parcel, "state">): void {
    this.#set([...this.parcels, { ...parcel, state: "moved_on" }]);
  }

  /** Ends the time in which a parcel could be called back. */
  release(key: string): void {
    clearTimeout(this.#holds.get(key));
    this.#holds.delete(key);
    this.#change(key, { state: "waiting" });
    this.hurry();
  }

  /** Tries a refused parcel again; with `seen` null it goes whatever came since. */
  again(key: string, change: Partial<Pick<Parcel, "seen">> = {}): void {
    this.#change(key, { ...change, state: "waiting" });
    this.hurry();
  }

  /** Takes a parcel out, unless it is on its way right now. Returns it. */
  callBack(key: string): Parcel | undefined {
    const parcel = this.parcels.find((one) => one.key === key);
    if (!parcel || parcel.state === "sending") return undefined;
    clearTimeout(this.#holds.get(key));
    this.#holds.delete(key);
    this.#set(this.parcels.filter((one) => one.key !== key));
    return parcel;
  }

  /** The hub told of an entry with this key: it has the parcel. */
  confirmed(key: string | null): void {
    if (key && this.parcels.some((one) => one.key === key)) this.#set(this.parcels.filter((one) => one.key !== key));
  }

  /** Sends what waits now. */
  hurry(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const busy = new Set<number>();
    for (const parcel of this.parcels) {
      if (busy.has(parcel.conversationId)) continue;
      busy.add(parcel.conversationId);
      if (parcel.state === "waiting") void this.#carry(parcel.key);
    }
  }

  async #carry(key: string): Promise<void> {
    const parcel = this.#change(key, { state: "sending" });
    if (!parcel) return;
    try {
      const entry = await this.#carrier.carry(parcel);
      this.#wait = FIRST_WAIT_MS;
      this.#carrier.arrived(parcel, entry);
      this.confirmed(key);
      this.hurry();
    } catch (error) {
      this.#failed(key, error);
    }
  }

  #failed(key: string, error: unknown): void {
    if (error instanceof Refused && error.code === "moved_on") {
      this.#change(key, { state: "moved_on" });
    } else if (error instanceof Unreachable || (error instanceof Refused && (error.status >= 500 || error.status === 429 || error.status === 401))) {
      this.#change(key, { state: "waiting" });
      this.#timer ??= setTimeout(() => this.hurry(), this.#wait);
      this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
    } else {
      this.#change(key, { state: "refused", problem: error instanceof Refused ? error.code : "error", why: error instanceof Refused ? (reasonInWords(error) ?? error.detail) : "" });
    }
  }

  #change(key: string, change: Partial<Parcel>): Parcel | undefined {
    let changed: Parcel | undefined;
    this.#set(this.parcels.map((one) => (one.key === key ? (changed = { ...one, ...change }) : one)));
    return changed;
  }

  #set(parcels: readonly Parcel[]): void {
    this.parcels = parcels;
    if (parcels.length) this.#keeping.setItem(this.#name, JSON.stringify(parcels));
    else this.#keeping.removeItem(this.#name);
  }

  #kept(): Parcel[] {
    try {
      const kept = JSON.parse(this.#keeping.getItem(this.#name) ?? "[]") as Parcel[];
      return kept.map((parcel) => ({ ...parcel, state: parcel.state === "refused" ? "refused" : "waiting" }));
    } catch {
      return [];
    }
  }
}
