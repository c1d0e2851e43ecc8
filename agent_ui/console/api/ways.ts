import type { EntryValue, Named } from "../wire";
import type { Http } from "./http";

/** An identity and the account that writes to it: which way a message goes. */
export interface WayKey {
  identity_id: number;
  account_id: number;
}

/** A text that the provider has approved. `{{name}}` marks a gap. */
export interface Template {
  id: string;
  name: string;
  text: string;
  language: string;
}

/** What a way can carry; an account says so, never the name of its channel. */
export interface Carries {
  /** Characters of one message; none for no limit of the channel's own. */
  max_text: number | null;
  /** 0: no files. */
  max_file_bytes: number;
  max_files: number | null;
  html: boolean;
  subject: boolean;
  /** Whether it carries cc and bcc. */
  copies: boolean;
  /** HTML that the account puts below what is written. */
  signature: string;
  /** Whether texts are cut and paid by SMS segments. */
  segments: boolean;
  buttons: number;
  templates: Template[];
}

/** Free to write, only with a template, or not at all. */
export type WayState = "open" | "template" | "closed";
export type WhyNot = "" | "opted_out" | "blocked" | "bounced" | "cannot_start" | "account_closed" | "window" | "no_address";

/** One way to reach whoever a conversation is with. */
export interface Way extends WayKey {
  channel: string;
  account_name: string;
  scheme: string;
  display: string;
  name: string;
  state: WayState;
  why: WhyNot;
  /** Until when anything may be written; after that only templates go. */
  window_until: number | null;
  is_default: boolean;
  /** Leads to somebody else who wrote here, such as a colleague on copy. */
  is_guest: boolean;
  carries: Carries;
  /** Where their last words want the answer, if not at this address. */
  to: Named[];
  /** What a reply to all would be called, and who else would have it. */
  subject: string;
  cc: Named[];
}

export const ways = {
  of: (http: Http, conversationId: number) => http.get<{ items: Way[] }>(`/conversations/${conversationId}/ways`),
  /** Takes a message back that is to go later. */
  cancel: (http: Http, entryId: number) => http.post<EntryValue>(`/entries/${entryId}/cancel`),
  /** Sends a message again, as it went or another way. */
  retry: (http: Http, entryId: number, way: WayKey | null) => http.post<EntryValue>(`/entries/${entryId}/retry`, way ? { way } : {}),
  /** Where a message as its writer laid it out can be shown; remote pictures only when they are asked for. */
  html: (http: Http, entryId: number, pictures: boolean) => http.get<{ url: string }>(`/entries/${entryId}/html`, { query: { pictures: String(pictures) } }),
};

/** Where the original of a message can be had. */
export function originalUrl(entryId: number): string {
  return `/api/v1/entries/${entryId}/original`;
}
