import type { ContactValue, ConversationValue, EntryValue, IdentityValue } from "../wire";
import type { Http } from "./http";

/** An entry that has the words; `marks` are the stretches of `snippet` that matched, as [from, to) in UTF-16 units. */
export interface EntryHit {
  entry: EntryValue;
  conversation: ConversationValue;
  snippet: string;
  marks: [number, number][];
}

/** Somebody whose name, number or address matched: a contact, or a stranger known by one identity. */
export interface PersonHit {
  contact: ContactValue | null;
  identity: IdentityValue | null;
  conversation_id: number | null;
}

export interface Found {
  people: PersonHit[];
  /** The newest conversations with them. */
  conversations: ConversationValue[];
  entries: EntryHit[];
  next_before: number | null;
}

export const searching = {
  find: (http: Http, text: string, before: number | null, signal: AbortSignal) =>
    http.get<Found>("/search", { query: { text, before, limit: 20 }, signal }),
};
