import type { AgentValue, ConversationValue, DraftExtras, EntryKind, EntryValue, FileValue, OfferValue, QueueValue, WorkState } from "../wire";
import type { Decision } from "../inbox/why";
import type { WayKey } from "./ways";
import { type Http, Unreachable, newKey, refusal, rfc3339 } from "./http";

export type View = "mine" | "queue" | "unassigned" | "all" | "mentions" | "snoozed" | "closed";
export type Sort = "newest" | "oldest" | "waiting";
export type Counts = Record<Exclude<View, "closed">, number>;

/** Which conversations, in which order. */
export interface Listing {
  view: View;
  queue_id: number | null;
  channel: string | null;
  tag: string | null;
  sort: Sort;
}

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

/** Why a conversation went where it went. */
export interface Routing {
  conversation_id: number;
  queue_id: number | null;
  work_state: WorkState | null;
  /** The last decision that led to an offer. */
  decision: Decision | null;
  offers: OfferValue[];
}

/** What a reply may say beside its words. Whoever leaves it out answers the conversation its own way. */
export interface Extras {
  way?: WayKey;
  subject?: string;
  html?: string;
  /** Instead of the address of the one the conversation is with: where they want the answer, or a forwarded mail. */
  to?: string[];
  cc?: string[];
  bcc?: string[];
  template?: { id: string; variables: Record<string, string> };
  /** What can be pressed below it; with an address it opens that. */
  buttons?: { text: string; url: string }[];
  /** Milliseconds since 1970. */
  send_at?: number;
  reply_to_id?: number;
  /** The entry whose text and files the hub puts below. */
  forward_of?: number;
}

/** A message or note on its way to the hub. */
export interface Words {
  text: string;
  files: number[];
  client_key: string;
}

/** What is typed and not sent. */
export interface DraftWords {
  text: string;
  files: number[];
  /** What a reply is besides; none for a note. */
  extras: DraftExtras | null;
}

const at = (id: number) => `/conversations/${id}`;

export const conversations = {
  page: (http: Http, listing: Listing, cursor: string | null, signal?: AbortSignal) =>
    http.get<Page<ConversationValue>>("/conversations", { query: { ...listing, cursor, limit: 100 }, ...(signal ? { signal } : {}) }),
  counts: (http: Http) => http.get<Counts>("/conversations/counts"),
  get: (http: Http, id: number) => http.get<ConversationValue>(at(id)),
  entries: (http: Http, id: number, range: { before?: number; after?: number }, limit = 50) =>
    http.get<{ items: EntryValue[] }>(`${at(id)}/entries`, { query: { ...range, limit } }),
  reply: (http: Http, id: number, { send_at, ...words }: Words & Extras & { seen_entry_id: number | null }) =>
    http.post<EntryValue>(`${at(id)}/replies`, { ...words, ...(send_at === undefined ? {} : { send_at: rfc3339(send_at) }) }, { idempotencyKey: `reply-${words.client_key}-${words.seen_entry_id ?? "any"}` }),
  note: (http: Http, id: number, words: Words & { mentions: number[] }) =>
    http.post<EntryValue>(`${at(id)}/notes`, words, { idempotencyKey: `note-${words.client_key}` }),
  close: (http: Http, id: number, dispositionId: number | null) =>
    http.post<ConversationValue>(`${at(id)}/close`, { disposition_id: dispositionId }),
  reopen: (http: Http, id: number) => http.post<ConversationValue>(`${at(id)}/reopen`),
  snooze: (http: Http, id: number, until: number) => http.post<ConversationValue>(`${at(id)}/snooze`, { until: rfc3339(until) }),
  assign: (http: Http, id: number, target: { agent_id?: number; queue_id?: number }) =>
    http.post<ConversationValue>(`${at(id)}/assign`, target),
  markRead: (http: Http, id: number, entryId: number) => http.put<ConversationValue>(`${at(id)}/read`, { entry_id: entryId }),
  setTags: (http: Http, id: number, tags: string[]) => http.put<ConversationValue>(`${at(id)}/tags`, { tags }),
  routing: (http: Http, id: number) => http.get<Routing>(`${at(id)}/routing`),
};

export const colleagues = {
  agents: (http: Http) => http.get<Page<AgentValue>>("/agents"),
  queues: (http: Http) => http.get<Page<QueueValue>>("/queues"),
};

export const drafts = {
  save: (http: Http, id: number, kind: EntryKind, { text, files, extras }: DraftWords, keepalive = false) =>
    http.put<void>(`${at(id)}/drafts/${kind}`, { text, files, extras: extras && { ...extras, send_at: extras.send_at === null ? null : rfc3339(extras.send_at) } }, { keepalive }),
  clear: (http: Http, id: number, kind: EntryKind) => http.delete<void>(`${at(id)}/drafts/${kind}`),
};

/** Uploads a file and says how far it is (0 to 1). Raises Refused or Unreachable. */
export type Upload = (file: File, progress: (share: number) => void, signal: AbortSignal) => Promise<FileValue>;

export const upload: Upload = (file, progress, signal) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("file", file, file.name);
    request.open("POST", "/api/v1/files");
    request.setRequestHeader("X-Hub-Request", "1");
    request.setRequestHeader("Idempotency-Key", newKey());
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () =>
      request.status < 300 ? resolve(JSON.parse(request.responseText) as FileValue) : reject(refusal(request.status, request.responseText));
    request.onerror = request.onabort = request.ontimeout = () => reject(new Unreachable());
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(form);
  });

/** Where a file can be had; the hub sends the browser on to its own origin for files. */
export function fileUrl(file: Pick<FileValue, "id">): string {
  return `/api/v1/files/${file.id}`;
}
