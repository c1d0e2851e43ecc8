import type { Activity, AgentValue, ContactKind, ContactValue, ConversationValue, IdentityValue, OfferValue } from "../wire";
import type { Page } from "./conversations";
import type { Http } from "./http";

/** What can be changed of a contact. */
export type ContactFacts = Partial<Pick<ContactValue, "name" | "company" | "title" | "language" | "timezone" | "owner_id" | "note" | "tags" | "fields">>;

/** An address by which a contact comes in by one account, for them alone. */
export interface InvitationLink {
  account_id: number;
  channel: string;
  account_name: string;
  url: string;
}

export type TypedScheme = "tel" | "mailto" | "telegram" | "external";

export const offers = {
  accept: (http: Http, id: number) => http.post<OfferValue>(`/offers/${id}/accept`, undefined, { idempotencyKey: `accept-${id}` }),
  decline: (http: Http, id: number, reason = "") => http.post<OfferValue>(`/offers/${id}/decline`, { reason }, { idempotencyKey: `decline-${id}` }),
};

export const staff = {
  one: (http: Http, id: number, signal?: AbortSignal) => http.get<AgentValue>(`/agents/${id}`, signal ? { signal } : {}),
  setActivity: (http: Http, id: number, activity: Activity, reason = "") => http.put<AgentValue>(`/agents/${id}/activity`, { activity, reason }),
};

const at = (id: number) => `/contacts/${id}`;

export const contacts = {
  get: (http: Http, id: number) => http.get<ContactValue>(at(id)),
  page: (http: Http, text: string, signal?: AbortSignal) =>
    http.get<Page<ContactValue>>("/contacts", { query: { text, limit: 20 }, ...(signal ? { signal } : {}) }),
  add: (http: Http, contact: { name: string; kind?: ContactKind }) => http.post<ContactValue>("/contacts", contact),
  change: (http: Http, id: number, version: number, facts: ContactFacts) => http.patch<ContactValue>(at(id), { version, ...facts }),
  fromConversation: (http: Http, conversationId: number, name: string) =>
    http.post<ContactValue>(`/conversations/${conversationId}/contact`, { name }),
  addAddress: (http: Http, id: number, scheme: TypedScheme, value: string, label: string) =>
    http.post<ContactValue>(`${at(id)}/identities`, { scheme, value, label }),
  attach: (http: Http, id: number, identityId: number) => http.put<ContactValue>(`${at(id)}/identities/${identityId}`, {}),
  detach: (http: Http, id: number, identityId: number) => http.delete<ContactValue>(`${at(id)}/identities/${identityId}`),
  /** Makes links by which a contact comes in on channels that show no address. */
  invite: (http: Http, id: number) => http.post<{ token: string; links: InvitationLink[] }>(`${at(id)}/invitations`),
  /** Who a conversation is with, a stranger too. */
  identity: (http: Http, conversationId: number) => http.get<IdentityValue>(`/conversations/${conversationId}/identity`),
  /** Conversations with a contact, or with a stranger's identity; the newest first. Those in hand have no second page. */
  dealings: (http: Http, view: "all" | "closed", whose: { contact_id: number } | { identity_id: number }, cursor: string | null) =>
    http.get<Page<ConversationValue>>("/conversations", { query: { view, sort: "newest", ...whose, cursor, limit: view === "all" ? 20 : 6 } }),
};
