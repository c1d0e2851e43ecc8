import type { ContactValue } from "../wire";
import type { Http } from "./http";

/** Somebody a stranger, or a contact, may be: with why, as a code, and the address both share. */
export interface Candidate {
  contact: ContactValue;
  why: string;
  address: string;
}

/** One contact was merged into another. */
export interface MergeValue {
  id: number;
  survivor_id: number;
  absorbed_id: number;
  absorbed_name: string;
  agent_id: number | null;
  at: number;
  undone_at: number | null;
  /** It stands, and no newer one of the same contact has to be undone first. */
  can_undo: boolean;
}

export type Side = "survivor" | "absorbed";
type All<T> = Promise<{ items: T[] }>;

export const merging = {
  /** Who a conversation's stranger may be. */
  suggestions: (http: Http, conversationId: number): All<Candidate> => http.get(`/conversations/${conversationId}/suggestions`),
  notThem: (http: Http, conversationId: number, contactId: number) => http.post<{ items: Candidate[] }>(`/conversations/${conversationId}/dismissals`, { contact_id: contactId }),
  duplicates: (http: Http, contactId: number): All<Candidate> => http.get(`/contacts/${contactId}/duplicates`),
  notSame: (http: Http, contactId: number, otherId: number) => http.post<{ items: Candidate[] }>(`/contacts/${contactId}/dismissals`, { contact_id: otherId }),
  merge: (http: Http, survivorId: number, absorbedId: number, choices: Record<string, Side>) =>
    http.post<ContactValue>(`/contacts/${survivorId}/merge`, { absorbed_id: absorbedId, choices }),
  merges: (http: Http, contactId: number): All<MergeValue> => http.get(`/contacts/${contactId}/merges`),
  undo: (http: Http, mergeId: number) => http.post<ContactValue>(`/merges/${mergeId}/undo`),
  share: (http: Http, contactId: number, identityId: number, shared: boolean) =>
    http.put<ContactValue>(`/contacts/${contactId}/identities/${identityId}/shared`, { shared }),
};
