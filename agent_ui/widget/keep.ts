// What a browser keeps of a chat: one slot for each person who used it, so that none is ever shown another's.

import type { Profile } from "./protocol";

/** A message that the hub has not confirmed yet. It is sent with the same id until it is. */
export interface Unsent {
  id: string;
  text: string;
  files: { id: number; name: string; type: string; size: number }[];
  at: number;
  profile?: Profile;
  /** The code of a refusal that trying again will not change. */
  failed?: string;
}

interface Slot {
  token?: string;
  visitor?: string;
  unsent?: Unsent[];
  read?: number;
  draft?: string;
  profile?: Profile;
}

export type Shelf = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** A shelf in memory, for browsers that forbid storage. `changed` hears all that is on it. */
export function forgetful(known: [string, string][] = [], changed: (all: [string, string][]) => void = () => undefined): Shelf {
  const kept = new Map(known);
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => {
      kept.set(name, value);
      changed([...kept]);
    },
    removeItem: (name) => {
      kept.delete(name);
      changed([...kept]);
    },
  };
}

export class Keep {
  private who = "";
  /** The token of whoever used this browser before, sent once so that the hub ends it. */
  private stale: string | null = null;

  constructor(
    private shelf: Shelf,
    private readonly key: string,
  ) {}

  /** This person uses the chat from now on ("" for a stranger). */
  be(who: string): void {
    const before = this.read(`sb:${this.key}:who`) as string | null;
    this.who = who;
    if (before !== null && before !== who) {
      const left = this.read(this.place(before)) as Slot | null;
      this.stale = left?.token ?? null;
      if (left) this.write(this.place(before), { ...left, token: undefined });
      // A stranger after somebody is a new stranger.
      if (who === "") this.shelf.removeItem(this.place(""));
    }
    this.write(`sb:${this.key}:who`, who);
  }

  /** The token to say hello with. */
  get token(): string | null {
    return this.stale ?? this.slot.token ?? null;
  }

  /** The hub said whose history this is. True when it is somebody else's than what was kept. */
  welcomed(token: string | null, visitor: string): boolean {
    this.stale = null;
    const known = this.slot.visitor;
    const isOther = known !== undefined && known !== visitor;
    this.change((slot) => {
      if (isOther) for (const name of Object.keys(slot) as (keyof Slot)[]) delete slot[name];
      slot.visitor = visitor;
      if (token) slot.token = token;
    });
    return isOther;
  }

  get unsent(): readonly Unsent[] {
    return this.slot.unsent ?? [];
  }

  add(message: Unsent): void {
    this.change((slot) => (slot.unsent = [...(slot.unsent ?? []), message]));
  }

  settle(id: string): void {
    if (this.unsent.some((m) => m.id === id)) this.change((slot) => (slot.unsent = slot.unsent?.filter((m) => m.id !== id)));
  }

  fail(id: string, code: string): void {
    this.change((slot) => (slot.unsent = slot.unsent?.map((m) => (m.id === id ? { ...m, failed: code } : m))));
  }

  get readId(): number {
    return this.slot.read ?? 0;
  }

  set readId(id: number) {
    this.change((slot) => (slot.read = Math.max(id, slot.read ?? 0)));
  }

  get draft(): string {
    return this.slot.draft ?? "";
  }

  set draft(text: string) {
    this.change((slot) => (slot.draft = text || undefined));
  }

  get profile(): Profile | null {
    return this.slot.profile ?? null;
  }

  set profile(profile: Profile | null) {
    this.change((slot) => (slot.profile = profile ?? undefined));
  }

  /** Always read anew: another tab of the same person keeps its messages here too. */
  private get slot(): Slot {
    return (this.read(this.place(this.who)) as Slot | null) ?? {};
  }

  private change(how: (slot: Slot) => unknown): void {
    const slot = this.slot;
    how(slot);
    this.write(this.place(this.who), slot);
  }

  private place(who: string): string {
    return `sb:${this.key}:is:${who}`;
  }

  private read(name: string): unknown {
    try {
      return JSON.parse(this.shelf.getItem(name) ?? "null");
    } catch {
      return null;
    }
  }

  private write(name: string, value: unknown): void {
    try {
      this.shelf.setItem(name, JSON.stringify(value));
    } catch {
      // A full or forbidden storage costs the memory across reloads, not the chat.
      const spare = forgetful();
      for (const place of [`sb:${this.key}:who`, this.place(this.who)]) {
        const kept = this.shelf.getItem(place);
        if (kept !== null) spare.setItem(place, kept);
      }
      spare.setItem(name, JSON.stringify(value));
      this.shelf = spare;
    }
  }
}
