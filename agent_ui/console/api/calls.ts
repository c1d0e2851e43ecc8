import type { AgentValue, CallValue, OfferValue } from "../wire";
import type { Page } from "./conversations";
import { type Http, rfc3339 } from "./http";

export type CallView = "" | "live" | "ended" | "answered" | "missed" | "voicemail" | "callback" | "failed";
export type CallSort = "newest" | "oldest" | "longest";
export type ListenMode = "monitor" | "whisper" | "barge";
export type Reach = "browser" | "phone" | "off";

/** Which calls a list shows; times are milliseconds, 0 and empty words leave a choice open. */
export interface CallListing {
  view: CallView;
  direction: "" | "in" | "out";
  queue_id: number;
  agent_id: number;
  number: string;
  since: number;
  until: number;
  disposition: string;
  recorded: "" | "true" | "false";
  sort: CallSort;
}

/** An account that carries calls. */
export interface LineFacts {
  account_id: number;
  name: string;
  /** webrtc, sip or twilio: how a browser carries the sound. */
  media: string;
  number: string;
  /** Other numbers by which a call may go out. */
  more_numbers: readonly string[];
  dials_numbers: boolean;
  records: boolean;
  listens_in: boolean;
}

/** By which account a call goes out, and which of its numbers people see; empty: its first. */
export interface CallerId {
  account_id: number;
  number: string;
}

/** Whom a call goes to: one of the first three. */
export interface Onward {
  agent_id?: number;
  queue_id?: number;
  number?: string;
  attended: boolean;
}

/** Something that was reported of a call, or a supervisor who listened. */
export interface Told {
  at: number;
  name: string;
  agent_id: number | null;
  facts: Record<string, unknown> | null;
}

export interface WrappedUp {
  disposition_id?: number;
  note?: string;
  done?: boolean;
  /** Seconds. */
  more?: number;
}

const at = (id: number, act: string) => `/calls/${id}/${act}`;

function queryOf({ since, until, ...listing }: Partial<CallListing>): Record<string, string | number | null> {
  const choices = Object.entries(listing).map(([name, value]) => [name, value === 0 ? null : value]);
  return { ...Object.fromEntries(choices), since: since ? rfc3339(since) : null, until: until ? rfc3339(until) : null };
}

export const calls = {
  page: (http: Http, listing: Partial<CallListing> & { contact_id?: number; conversation_id?: number }, cursor: string | null, limit = 50) =>
    http.get<Page<CallValue>>("/calls", { query: { ...queryOf(listing), cursor, limit } }),
  get: (http: Http, id: number) => http.get<CallValue>(`/calls/${id}`),
  history: async (http: Http, id: number) => (await http.get<{ items: Told[] }>(at(id, "history"))).items,
  lines: async (http: Http) => (await http.get<{ items: LineFacts[] }>("/lines")).items,
  place: (http: Http, number: string, device: string, from?: CallerId) => http.post<CallValue>("/calls", { number, device, ...(from ? { account_id: from.account_id, caller_id: from.number } : {}) }),
  accept: (http: Http, offerId: number, device: string) => http.post<OfferValue>(`/offers/${offerId}/accept`, { device }, { idempotencyKey: `accept-${offerId}` }),
  hold: (http: Http, id: number, on: boolean) => http.post<CallValue>(at(id, "hold"), { on }),
  mute: (http: Http, id: number, on: boolean) => http.post<CallValue>(at(id, "mute"), { on }),
  record: (http: Http, id: number, on: boolean) => http.post<CallValue>(at(id, "recording"), { on }),
  hangUp: (http: Http, id: number, leave = false) => http.post<CallValue>(at(id, "hang-up"), { leave }),
  transfer: (http: Http, id: number, onward: Onward) => http.post<CallValue>(at(id, "transfer"), onward),
  complete: (http: Http, id: number) => http.post<CallValue>(at(id, "transfer/complete")),
  cancel: (http: Http, id: number) => http.post<CallValue>(at(id, "transfer/cancel")),
  threeWay: (http: Http, id: number) => http.post<CallValue>(at(id, "three-way")),
  rejoin: (http: Http, id: number, device: string) => http.post<CallValue>(at(id, "rejoin"), { device }),
  answer: (http: Http, id: number, device: string) => http.post<CallValue>(at(id, "answer"), { device }),
  decline: (http: Http, id: number) => http.post<CallValue>(at(id, "decline")),
  listen: (http: Http, id: number, mode: ListenMode, device: string, announce: boolean) => http.post<CallValue>(at(id, "listen"), { mode, device, announce }),
  takeOver: (http: Http, id: number, device: string, announce: boolean) => http.post<CallValue>(at(id, "take-over"), { device, announce }),
  end: (http: Http, id: number) => http.post<CallValue>(at(id, "end")),
  wrapUp: (http: Http, id: number, said: WrappedUp) => http.post<CallValue>(at(id, "wrap-up"), said),
  setPhone: (http: Http, call_device: Reach, call_number: string) => http.put<AgentValue>("/me/phone", { call_device, call_number }),
};

/** Where the sound of a recording is; it leads on to the files' own host. */
export function recordingUrl(callId: number, recordingId: number): string {
  return `/api/v1/calls/${callId}/recordings/${recordingId}`;
}

/** The file of call records with these choices. */
export function exportUrl(listing: CallListing): string {
  const said = Object.entries(queryOf(listing)).filter(([, value]) => value !== null && value !== "" && value !== "newest");
  const query = new URLSearchParams(said.map(([name, value]) => [name, String(value)])).toString();
  return `/api/v1/calls/export${query ? `?${query}` : ""}`;
}
