import type { AnyEvent, CallOutcome, CallState, CallValue, LegValue, OfferValue } from "../wire";
import { call, leg } from "../../shared/testing";
import { takesPart } from "../../shared/reduce";
import { type World, entryOf } from "./world";
import { detailed } from "./written";

type Handler = (id: number, body: Record<string, unknown>, query: URLSearchParams) => unknown;

const MINUTE = 60_000;
const OUTCOMES: CallOutcome[] = ["answered", "answered", "missed", "answered", "voicemail", "abandoned", "answered", "callback", "no_answer", "failed"];

/** What the stand-in keeps of calls. `?call=offer|talking|held|consult|invited|wrap` begins with one. */
export class Telephony {
  readonly calls = new Map<number, CallValue>();

  constructor(
    readonly world: World,
    readonly happen: (event: AnyEvent) => void,
    { fill, begins }: { fill: string; begins: string },
  ) {
    const many = fill === "empty" ? 0 : fill === "overfull" ? 400 : 24;
    const rows = [...world.conversations.values()].filter((one) => one.status !== "closed");
    for (let n = 0; n < many; n++) this.#past(n, rows[n % Math.max(1, rows.length)]?.id ?? 0);
    if (many) for (const state of ["queued", "queued", "talking", "greeting"] as const) this.#running(state, rows[this.calls.size % rows.length]?.id ?? 0);
    const mine = rows.find((one) => one.assignee_id === world.me.id)?.id ?? rows[0]?.id ?? 0;
    if (begins) this.#begin(begins, mine);
  }

  /** Calls that I am in, as the snapshot holds them. */
  mine(): CallValue[] {
    return [...this.calls.values()].filter((one) => takesPart(one, this.world.me.id));
  }

  #new(conversationId: number, changes: Partial<CallValue>): CallValue {
    const row = this.world.conversations.get(conversationId);
    const id = this.world.nextId();
    const number = `+38067${String(1_000_000 + (id * 7919) % 8_999_999)}`;
    const value = call(id, { conversation_id: conversationId, who: row?.who ?? number, number, queue_id: row?.queue_id ?? 1, contact_id: row?.contact_id ?? null, started_at: Date.now(), since: Date.now(), legs: [leg(id * 10, { role: "customer", agent_id: null, address: number })], ...changes });
    this.calls.set(id, value);
    return value;
  }

  #past(n: number, conversationId: number): void {
    const outcome = OUTCOMES[n % OUTCOMES.length] ?? "answered";
    const at = Date.now() - (n * n * 5 + n * 31 + 3) * MINUTE;
    const talk = outcome === "answered" ? (n + 1) * 47_000 : 0;
    const agent = outcome === "answered" ? (n % 3 ? 1 : 2) : null;
    const value = this.#new(conversationId, {
      direction: n % 4 === 3 ? "out" : "in", state: "ended", outcome, started_at: at, since: at, answered_at: talk ? at + 20_000 : null, ended_at: at + 20_000 + talk, wait: 8_000 + n * 3_000, ring: 4_000, talk, wrap_up: talk ? 21_000 : 0, agent_id: agent,
      ended_by: talk ? "contact" : "system", disposition: talk ? "Solved" : null, note: n === 0 ? "Wants the zip replaced under warranty; will send a photo." : "", chosen: n % 2 ? ["1"] : [],
      recordings: talk ? [{ id: n + 1, state: n % 5 ? "stored" : "awaited", since: at, external_id: "", file_id: n % 5 ? 1 : null, duration: talk, is_voicemail: false, agent_id: agent }] : [],
    });
    if (agent) this.#store(value.id, { legs: [...value.legs, leg(value.id * 10 + 1, { state: "ended", agent_id: agent, talk, connected_at: at, made_at: at, reason: "hung_up", quality: "good" })] });
    const stored = this.calls.get(value.id) ?? value;
    const { id, direction, state, number, agent_id, queue_id, wait, recordings, disposition, note } = stored;
    if (conversationId && n < 12) entryOf(this.world, conversationId, { kind: "call", direction: direction === "out" ? "out" : "in", at, channel: "twilio", author: { kind: "system", id: null, name: "" }, details: detailed({ call: { id, direction, state, outcome, number, agent_id, queue_id, wait, talk, recordings, disposition, note } }) });
  }

  #running(state: CallState, conversationId: number): void {
    const at = Date.now() - (this.calls.size % 7) * MINUTE - 20_000;
    const value = this.#new(conversationId, { state, started_at: at, since: at, queued_at: state === "queued" ? at : null, agent_id: state === "talking" ? 2 : null, position: state === "queued" ? 1 : null });
    if (state === "talking") this.#store(value.id, { legs: [...value.legs, leg(value.id * 10 + 1, { agent_id: 2, connected_at: at })] });
  }

  #begin(what: string, conversationId: number): void {
    const now = Date.now();
    const tab = sessionStorage.getItem("switchboard.phone.tab") ?? "stand-in";
    sessionStorage.setItem("switchboard.phone.tab", tab);
    const own = (changes: Partial<LegValue> = {}) => leg(this.world.nextId(), { agent_id: this.world.me.id, device: tab, connected_at: now - 72_000, since: now - 72_000, quality: "good", ...changes });
    if (what === "offer") {
      const value = this.#new(conversationId, { state: "offered", queued_at: now - 40_000, chosen: ["2"], agent_id: null });
      const offer: OfferValue = { id: this.world.nextId(), work_id: 1, conversation_id: conversationId, call_id: value.id, purpose: "talk", agent_id: this.world.me.id, queue_id: value.queue_id ?? 1, state: "pending", medium: "call", channel: "twilio", who: value.who, preview: "", waiting_since: now - 40_000, made_at: now, expires_at: now + 5 * MINUTE, version: 1 };
      this.world.offers.push(offer);
      return;
    }
    const value = this.#new(conversationId, { state: what === "held" || what === "consult" ? "held" : what === "wrap" ? "wrap_up" : "talking", recording: "on", agent_id: this.world.me.id, answered_at: now - 72_000, talk: 72_000 });
    const legs = [...value.legs];
    if (what === "invited") legs.push(own({ agent_id: 2 }), own({ state: "invited", device: "", asked_by: 2, connected_at: null, made_at: now, until: now + 5 * MINUTE }));
    else if (what === "wrap") legs.push(own({ state: "ended", ended_at: now, wrap_up_until: now + 5 * MINUTE }));
    else legs.push(own());
    if (what === "consult") {
      legs.push(own({ agent_id: 2, mode: "consult", asked_by: this.world.me.id, name: "Daniel Weber" }));
      this.#store(value.id, { transfers: [{ kind: "attended", by_agent_id: this.world.me.id, at: now, leg_id: null, to_agent_id: 2, to_queue_id: null, to_number: "", result: "" }] });
    }
    this.#store(value.id, { legs });
  }

  #store(id: number, change: Partial<CallValue>): CallValue {
    const held = this.calls.get(id);
    if (!held) throw new Error("no such call");
    const value = { ...held, ...change, version: held.version + 1 };
    this.calls.set(id, value);
    return value;
  }

  #change(id: number, change: Partial<CallValue>): CallValue {
    const value = this.#store(id, change);
    this.happen({ type: "CallChanged", call: value });
    return value;
  }

  #leg(id: number, change: Partial<LegValue>, of = (one: LegValue) => one.agent_id === this.world.me.id): CallValue {
    const held = this.calls.get(id);
    return this.#change(id, { legs: (held?.legs ?? []).map((one) => (of(one) ? { ...one, ...change } : one)) });
  }

  #join(id: number, change: Partial<LegValue>, of: Partial<CallValue> = {}): CallValue {
    const legs = [...(this.calls.get(id)?.legs ?? []), leg(this.world.nextId(), { agent_id: this.world.me.id, connected_at: Date.now(), since: Date.now(), ...change })];
    return this.#change(id, { legs, ...of });
  }

  #over(id: number): CallValue {
    const now = Date.now();
    const legs = (this.calls.get(id)?.legs ?? []).map((one) => (one.state === "ended" ? one : { ...one, state: "ended" as const, ended_at: now, wrap_up_until: one.agent_id === this.world.me.id && one.role === "agent" ? now + MINUTE : null }));
    return this.#change(id, { legs, state: "wrap_up", outcome: "answered", recording: "off", ended_at: now, three_way: false, transfers: [] });
  }

  #accept(id: number, device: string): OfferValue {
    const at = this.world.offers.findIndex((one) => one.id === id);
    const offer = this.world.offers[at];
    if (!offer) throw new Error("no such offer");
    const taken: OfferValue = { ...offer, state: "accepted", version: 2 };
    this.world.offers.splice(at, 1);
    this.happen({ type: "OfferChanged", offer: taken });
    this.#join(offer.call_id ?? 0, { device }, { state: "talking", agent_id: this.world.me.id, answered_at: Date.now(), since: Date.now() });
    return taken;
  }

  #transfer(id: number, body: Record<string, unknown>): CallValue {
    const to = Number(body["agent_id"]) || null;
    if (!body["attended"]) return this.#over(id);
    const transfers = [{ kind: "attended" as const, by_agent_id: this.world.me.id, at: Date.now(), leg_id: null, to_agent_id: to, to_queue_id: Number(body["queue_id"]) || null, to_number: String(body["number"] ?? ""), result: "" }];
    setTimeout(() => this.#leg(id, { state: "connected" }, (one) => one.mode === "consult"), 2_500);
    return this.#join(id, { agent_id: to, mode: "consult", asked_by: this.world.me.id, state: "invited", name: this.world.agents.find((one) => one.id === to)?.name ?? String(body["number"] ?? "") }, { state: "held", transfers });
  }

  #wrapUp(id: number, body: Record<string, unknown>): CallValue {
    const name = this.world.dispositions.find((one) => one.id === body["disposition_id"])?.name;
    this.#store(id, { ...(name ? { disposition: name } : {}), ...(typeof body["note"] === "string" ? { note: body["note"] } : {}) });
    if (body["more"]) return this.#leg(id, { wrap_up_until: Date.now() + 2 * MINUTE });
    return body["done"] ? this.#leg(id, { wrap_up: 9_000 }) : this.#change(id, {});
  }

  #back(id: number, change: Partial<CallValue>): CallValue {
    const legs = (this.calls.get(id)?.legs ?? []).filter((one) => one.mode !== "consult");
    return this.#change(id, { legs, state: "talking", transfers: [], ...change });
  }

  #page(query: URLSearchParams): unknown {
    const view = query.get("view") ?? "";
    const named: Record<string, readonly string[]> = { missed: ["missed", "abandoned"], failed: ["failed", "no_answer", "busy", "cancelled"] };
    const fits = (one: CallValue): boolean =>
      (!view || (view === "live" ? one.state !== "ended" : view === "ended" ? one.state === "ended" : (named[view] ?? [view]).includes(one.outcome ?? ""))) &&
      (!query.get("direction") || one.direction === query.get("direction")) &&
      (!query.get("queue_id") || one.queue_id === Number(query.get("queue_id"))) &&
      one.number.includes(query.get("number") ?? "");
    const found = [...this.calls.values()].filter(fits).sort((a, b) => (query.get("sort") === "longest" ? b.talk - a.talk : b.started_at - a.started_at));
    const from = Number(query.get("cursor") ?? 0);
    const to = from + Number(query.get("limit") ?? 50);
    return { items: found.slice(from, to), next_cursor: to < found.length ? String(to) : null };
  }

  readonly handlers: Record<string, Handler> = {
    "GET /lines": () => ({ items: [{ account_id: 1, name: "Main line", media: "twilio", number: "+441632960000", more_numbers: ["+441632960001"], dials_numbers: true, records: true, listens_in: true }] }),
    "GET /calls": (_, __, query) => this.#page(query),
    "GET /calls/0": (id) => this.calls.get(id),
    "GET /calls/0/history": () => ({ items: [{ at: Date.now() - MINUTE, name: "LegAnswered", agent_id: null, facts: {} }, { at: Date.now(), name: "monitor", agent_id: 1, facts: null }] }),
    "POST /calls": (_, body) => this.#change(this.#new([...this.world.conversations.keys()][0] ?? 0, { direction: "out", state: "ringing", who: String(body["number"]), number: String(body["number"]), legs: [leg(this.world.nextId(), { agent_id: this.world.me.id, device: String(body["device"]), connected_at: Date.now(), since: Date.now() })] }).id, {}),
    "POST /offers/0/accept": (id, body) => this.#accept(id, String(body["device"])),
    "POST /calls/0/hold": (id, body) => this.#change(id, { state: body["on"] ? "held" : "talking", since: Date.now() }),
    "POST /calls/0/mute": (id, body) => this.#leg(id, { muted: Boolean(body["on"]) }),
    "POST /calls/0/recording": (id, body) => this.#change(id, { recording: body["on"] ? "on" : "paused" }),
    "POST /calls/0/hang-up": (id) => this.#over(id),
    "POST /calls/0/end": (id) => this.#over(id),
    "POST /calls/0/transfer": (id, body) => this.#transfer(id, body),
    "POST /calls/0/transfer/complete": (id) => this.#over(id),
    "POST /calls/0/transfer/cancel": (id) => this.#back(id, {}),
    "POST /calls/0/three-way": (id) => this.#change(id, { legs: (this.calls.get(id)?.legs ?? []).map((one) => ({ ...one, mode: "talk" as const })), three_way: true, state: "talking", transfers: [] }),
    "POST /calls/0/rejoin": (id, body) => this.#leg(id, { device: String(body["device"]), state: "connected" }),
    "POST /calls/0/answer": (id, body) => this.#leg(id, { device: String(body["device"]), state: "connected", connected_at: Date.now() }),
    "POST /calls/0/decline": (id) => this.#leg(id, { state: "ended", ended_at: Date.now() }, (one) => one.agent_id === this.world.me.id && one.state === "invited"),
    "POST /calls/0/listen": (id, body) => this.#join(id, { role: "supervisor", mode: body["mode"] as LegValue["mode"], device: String(body["device"]) }),
    "POST /calls/0/take-over": (id, body) => this.#join(id, { device: String(body["device"]) }, { agent_id: this.world.me.id }),
    "POST /calls/0/wrap-up": (id, body) => this.#wrapUp(id, body),
    "PUT /me/phone": (_, body) => this.#phone(String(body["call_device"]), String(body["call_number"])),
  };

  #phone(call_device: string, call_number: string): unknown {
    this.world.me = { ...this.world.me, call_device, call_number, version: this.world.me.version + 1 };
    this.happen({ type: "AgentChanged", agent: this.world.me, conversation_ids: [] } as unknown as AnyEvent);
    return this.world.me;
  }
}
