import type { AccountValue, AgentValue, CannedValue, DispositionValue, QueueValue, Role } from "../wire";
import type { Http } from "./http";

/** A browser that is signed in, or a program's token. */
export interface SessionFacts {
  id: number;
  kind: string;
  label: string;
  created_at: number;
  last_seen_at: number | null;
  expires_at: number | null;
  is_this: boolean;
}

export interface MadeToken {
  id: number;
  label: string;
  token: string;
  expires_at: number | null;
}

export interface AgentFacts {
  name?: string;
  email?: string;
  role?: Role;
  language?: string;
  skills?: Record<string, number>;
  units?: number;
}

export type QueueFacts = Partial<Pick<QueueValue, "name" | "strategy" | "chat_offer_seconds" | "mail_offer_seconds" | "sticky_seconds" | "cooldown_seconds" | "skills" | "voice" | "archived">>;

export interface AccountFacts {
  name?: string;
  queue_id?: number | null;
  settings?: Record<string, unknown>;
  disabled?: boolean;
}

export interface Channel {
  kind: string;
  title: string;
  medium: string;
  settings: Record<string, unknown>;
}

export type CannedFacts = Partial<Pick<CannedValue, "shortcut" | "title" | "text" | "language">>;
type All<T> = Promise<{ items: T[] }>;

export const mySide = {
  changePassword: (http: Http, old_password: string, new_password: string) => http.put<void>("/me/password", { old_password, new_password }),
  sessions: (http: Http): All<SessionFacts> => http.get("/sessions"),
  end: (http: Http, id: number) => http.delete<void>(`/sessions/${id}`),
  endOthers: (http: Http) => http.delete<void>("/sessions"),
  tokens: (http: Http): All<SessionFacts> => http.get("/tokens"),
  makeToken: (http: Http, label: string, expires_at: string | null) => http.post<MadeToken>("/tokens", { label, expires_at }),
};

/** An agent with how they take part in a call now: talk, consult, monitor, whisper or barge; none: in none. */
export type AgentAtWork = AgentValue & { on_phone: string | null };

export const agents = {
  all: (http: Http): All<AgentAtWork> => http.get("/agents"),
  add: (http: Http, facts: AgentFacts & { queues: number[] }) => http.post<AgentValue>("/agents", facts),
  change: (http: Http, id: number, version: number, facts: AgentFacts) => http.patch<AgentValue>(`/agents/${id}`, { version, ...facts }),
  setQueues: (http: Http, id: number, queues: number[]) => http.put<AgentValue>(`/agents/${id}/queues`, { queues }),
  disable: (http: Http, id: number) => http.post<AgentValue>(`/agents/${id}/disable`),
  enable: (http: Http, id: number) => http.post<AgentValue>(`/agents/${id}/enable`),
  link: (http: Http, id: number) => http.post<{ url: string; expires_at: number }>(`/agents/${id}/sign-in-links`),
};

export const queues = {
  all: (http: Http): All<QueueValue> => http.get("/queues"),
  add: (http: Http, facts: QueueFacts) => http.post<QueueValue>("/queues", facts),
  change: (http: Http, id: number, version: number, facts: QueueFacts) => http.patch<QueueValue>(`/queues/${id}`, { version, ...facts }),
  members: (http: Http, id: number) => http.get<{ agents: number[] }>(`/queues/${id}/members`),
  setMembers: (http: Http, id: number, members: number[]) => http.put<{ agents: number[] }>(`/queues/${id}/members`, { agents: members }),
};

export const canned = {
  add: (http: Http, facts: CannedFacts) => http.post<CannedValue>("/canned", facts),
  change: (http: Http, id: number, version: number, facts: CannedFacts) => http.patch<CannedValue>(`/canned/${id}`, { version, ...facts }),
  remove: (http: Http, id: number) => http.delete<CannedValue>(`/canned/${id}`),
  restore: (http: Http, id: number) => http.post<CannedValue>(`/canned/${id}/restore`),
};

export const dispositions = {
  add: (http: Http, name: string, position: number) => http.post<DispositionValue>("/dispositions", { name, position }),
  change: (http: Http, id: number, version: number, facts: { name?: string; position?: number }) => http.patch<DispositionValue>(`/dispositions/${id}`, { version, ...facts }),
  remove: (http: Http, id: number) => http.delete<DispositionValue>(`/dispositions/${id}`),
  restore: (http: Http, id: number) => http.post<DispositionValue>(`/dispositions/${id}/restore`),
};

/** One step of trying an account's settings out; without a problem it works. `words` are English; `why` says them by code. */
export interface Finding {
  step: string;
  problem: string | null;
  words: string;
  why: string;
  facts: Record<string, string | number>;
}

/** Spans of a day as wall times, `["09:00", "18:00"]`; an end at 00:00 is midnight. */
export type Span = [string, string];

/** When somebody works: Monday first, and days on which nobody does. */
export interface BusinessHours {
  timezone: string;
  week: Span[][];
  holidays: string[];
}

/** What a key of the phone menu does. */
export interface MenuKey {
  digit: string;
  label: string;
  then: "queue" | "voicemail" | "callback" | "number" | "hang_up";
  queue_id: number | null;
  number: string;
}

/** How an account's calls are answered; texts by language. */
export interface CallManner {
  greeting: Record<string, string>;
  closed: Record<string, string>;
  closed_then: "voicemail" | "callback" | "hang_up";
  menu_prompt: Record<string, string>;
  menu: MenuKey[];
  record: boolean;
  recording_notice: boolean;
  voicemail: boolean;
  voicemail_greeting: Record<string, string>;
  most_voicemail_seconds: number;
  /** Files that are played instead of a synthetic voice, by what is said and its language. */
  recorded: Partial<Record<"greeting" | "closed" | "menu_prompt" | "voicemail_greeting", Record<string, number>>>;
  announce_listening: boolean;
}

/** How an account greets, when it is open, and what it does by itself. */
export interface Manner {
  language: string;
  greeting: Record<string, string>;
  away: Record<string, string>;
  hours: BusinessHours | null;
  survey: boolean;
  calls: CallManner;
  fallback_account_id: number | null;
}

export const accounts = {
  examine: (http: Http, kind: string, settings: Record<string, unknown>, account_id: number | null) =>
    http.post<{ findings: Finding[] }>("/accounts/examine", account_id === null ? { kind, settings } : { kind, settings, account_id }),
  setManner: (http: Http, id: number, manner: Manner) => http.put<AccountValue>(`/accounts/${id}/manner`, { manner }),
  channels: (http: Http): All<Channel> => http.get("/channels"),
  add: (http: Http, kind: string, facts: AccountFacts) => http.post<AccountValue>("/accounts", { kind, ...facts }),
  change: (http: Http, id: number, version: number, facts: AccountFacts) => http.patch<AccountValue>(`/accounts/${id}`, { version, ...facts }),
};
