import type { CaseKind, CaseValue } from "../wire";
import type { Page } from "./conversations";
import { type Http, rfc3339 } from "./http";

export type CaseSort = "newest" | "oldest" | "stage_since";

/** Which cases. `owner_id` 0 asks for those that nobody owns. */
export interface CaseQuery {
  kind?: CaseKind | null;
  open?: boolean | null;
  owner_id?: number | null;
  stage_id?: number | null;
  source?: string | null;
  text?: string | null;
  sort?: CaseSort;
}

/** A case came into a stage. */
export interface StepValue {
  id: number;
  from_stage_id: number | null;
  to_stage_id: number;
  agent_id: number | null;
  decision: string;
  at: number;
}

export interface ReasonValue {
  id: number;
  name: string;
  position: number;
  deleted: boolean;
  version: number;
}

/** How many leads are open: new ones, mine, and those that nobody owns. */
export interface CaseCounts {
  new: number;
  mine: number;
  unowned: number;
}

/** What a lead becomes, and whose it is: a contact there is, or one that is made. */
export interface Qualification {
  becomes: "deal" | "request" | "contact";
  contact_id?: number;
  name?: string;
  company?: string;
  title?: string;
  /** In the smallest unit of the currency. */
  amount?: number;
}

type All<T> = Promise<{ items: T[] }>;
const at = (id: number) => `/cases/${id}`;

export const cases = {
  page: (http: Http, { open, ...query }: CaseQuery, cursor: string | null, limit = 50, signal?: AbortSignal) =>
    http.get<Page<CaseValue>>("/cases", { query: { ...query, open: open === null || open === undefined ? null : String(open), cursor, limit }, ...(signal ? { signal } : {}) }),
  counts: (http: Http) => http.get<CaseCounts>("/cases/counts"),
  get: (http: Http, id: number) => http.get<CaseValue>(at(id)),
  steps: (http: Http, id: number): All<StepValue> => http.get(`${at(id)}/steps`),
  ofContact: (http: Http, contactId: number): All<CaseValue> => http.get(`/contacts/${contactId}/cases`),
  open: (http: Http, conversationId: number, kind: CaseKind) => http.post<CaseValue>(`/conversations/${conversationId}/case`, { kind }),
  change: (http: Http, { id, version }: CaseValue, facts: { title?: string; tags?: string[] }) => http.patch<CaseValue>(at(id), { version, ...facts }),
  accept: (http: Http, { id, version }: CaseValue) => http.post<CaseValue>(`${at(id)}/accept`, { version }),
  assign: (http: Http, { id, version }: CaseValue, agentId: number) => http.post<CaseValue>(`${at(id)}/assign`, { version, agent_id: agentId }),
  qualify: (http: Http, { id, version }: CaseValue, choice: Qualification) => http.post<CaseValue>(`${at(id)}/qualify`, { version, ...choice }),
  undo: (http: Http, { id, version }: CaseValue) => http.post<CaseValue>(`${at(id)}/undo`, { version }),
  disqualify: (http: Http, { id, version }: CaseValue, why: { reason_id: number } | { words: string }) => http.post<CaseValue>(`${at(id)}/disqualify`, { version, ...why }),
  spam: (http: Http, { id, version }: CaseValue) => http.post<CaseValue>(`${at(id)}/spam`, { version }),
  duplicate: (http: Http, { id, version }: CaseValue, ofId: number) => http.post<CaseValue>(`${at(id)}/duplicate`, { version, of_id: ofId }),
  nurture: (http: Http, { id, version }: CaseValue, until: number) => http.post<CaseValue>(`${at(id)}/nurture`, { version, until: rfc3339(until) }),
  move: (http: Http, { id, version }: CaseValue, stageId: number) => http.post<CaseValue>(`${at(id)}/move`, { version, stage_id: stageId }),
  reopen: (http: Http, { id, version }: CaseValue) => http.post<CaseValue>(`${at(id)}/reopen`, { version }),
  reasons: (http: Http): All<ReasonValue> => http.get("/case-reasons"),
};
