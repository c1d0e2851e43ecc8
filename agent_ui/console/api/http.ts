/** What is wrong with one value. `why` and `facts` say it in any language; `detail` is English. */
export interface FieldProblem {
  pointer: string;
  detail: string;
  why?: string;
  facts?: Record<string, string | number>;
}

/** What the hub answered when it did not do what was asked. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    /** Stays the same through versions and languages: decide by it. */
    readonly code: string,
    /** The hub's sentence, in English; `facts.why` is its code, `facts.facts` what it names. */
    readonly detail: string,
    readonly facts: Record<string, unknown> = {},
    readonly fields: readonly FieldProblem[] = [],
  ) {
    super(detail);
    this.name = "Refused";
  }
}

/** There was no answer: offline, the hub is away, or it took too long. Whether it was done is not known. */
export class Unreachable extends Error {
  constructor() {
    super("The hub cannot be reached.");
    this.name = "Unreachable";
  }
}

export interface Asking {
  query?: Record<string, string | number | null | undefined>;
  body?: unknown;
  /** The same key twice does the thing once. */
  idempotencyKey?: string;
  signal?: AbortSignal;
  /** Whether leaving the page may not cut it off. */
  keepalive?: boolean;
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

const ROOT = "/api/v1";
const PATIENCE_MS = 20_000;
const TIME = /^(at|until|since|last_seen|\w+_(at|since|until|seen))$/;

/** Asks the hub. Answers are as the socket says them: times are milliseconds. Raises Refused or Unreachable. */
export class Http {
  /** Called when the hub says that nobody is signed in. */
  onsignedout: () => void = () => {};
  readonly #fetch: Fetch;

  constructor(fetching: Fetch = (url, init) => fetch(url, init)) {
    this.#fetch = fetching;
  }

  get<T>(path: string, asking?: Asking): Promise<T> {
    return this.ask<T>("GET", path, asking);
  }

  post<T>(path: string, body?: unknown, asking?: Asking): Promise<T> {
    return this.ask<T>("POST", path, { idempotencyKey: newKey(), ...asking, body: body ?? {} });
  }

  put<T>(path: string, body: unknown, asking?: Asking): Promise<T> {
    return this.ask<T>("PUT", path, { ...asking, body });
  }

  patch<T>(path: string, body: unknown, asking?: Asking): Promise<T> {
    return this.ask<T>("PATCH", path, { ...asking, body });
  }

  delete<T>(path: string, asking?: Asking): Promise<T> {
    return this.ask<T>("DELETE", path, asking);
  }

  async ask<T>(method: string, path: string, asking: Asking = {}): Promise<T> {
    const response = await this.#send(method, path, asking);
    const text = await response.text().catch(() => {
      throw new Unreachable();
    });
    if (response.ok) return (text ? JSON.parse(text, revived) : undefined) as T;
    const refused = refusal(response.status, text);
    if (response.status === 401 && refused.code === "not_signed_in") this.onsignedout();
    throw refused;
  }

  async #send(method: string, path: string, asking: Asking): Promise<Response> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (method !== "GET") headers["X-Hub-Request"] = "1";
    if (asking.body !== undefined) headers["Content-Type"] = "application/json";
    if (asking.idempotencyKey) headers["Idempotency-Key"] = asking.idempotencyKey;
    const patience = AbortSignal.timeout(PATIENCE_MS);
    try {
      return await this.#fetch(ROOT + path + queryOf(asking.query), {
        method,
        headers,
        credentials: "same-origin",
        body: asking.body === undefined ? null : JSON.stringify(asking.body),
        signal: asking.signal ? AbortSignal.any([asking.signal, patience]) : patience,
        keepalive: asking.keepalive ?? false,
      });
    } catch {
      throw new Unreachable();
    }
  }
}

/** A new unguessable key for one act of the person. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A refusal from a problem+json body, or from whatever a proxy in between answered. */
export function refusal(status: number, text: string): Refused {
  try {
    const problem = JSON.parse(text) as Record<string, unknown>;
    const { code, detail, errors, ...facts } = problem;
    return new Refused(status, String(code ?? "error"), String(detail ?? ""), facts, (errors as Refused["fields"]) ?? []);
  } catch {
    return new Refused(status, status >= 502 ? "store_unavailable" : "error", "");
  }
}

/** Times of the API are RFC 3339; those of the socket are milliseconds. The console knows only the latter. */
function revived(key: string, value: unknown): unknown {
  return typeof value === "string" && TIME.test(key) && /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : value;
}

function queryOf(query: Asking["query"]): string {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== null && value !== undefined && value !== "") said.set(name, String(value));
  const text = said.toString();
  return text ? `?${text}` : "";
}

/** A time as the API takes it. */
export function rfc3339(moment: number): string {
  return new Date(moment).toISOString();
}
