import type { Surroundings, Wire } from "../../shared/socket";
import { PROTOCOL } from "../../shared/protocol.gen";
import type { Routing, Upload } from "../api/conversations";
import { belongs, compare, sortKey } from "../desk/listing";
import type { View, Sort } from "../api/conversations";
import type { Decision, Verdict } from "../inbox/why";
import type { AnyEvent, ConversationValue, DraftExtras, DraftValue, EntryValue, FileValue, FromClient, FromServer, Snapshot } from "../wire";
import { Dealings } from "./cases";
import { Telephony } from "./calls";
import { accountHandlers, accountsOf } from "./channels";
import { detailed, shownHtml, waysOf } from "./written";
import { type World, entryOf, filled } from "./world";

type Handler = (id: number, body: Record<string, unknown>, query: URLSearchParams) => unknown;

class Problem {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly facts: Record<string, unknown> = {},
  ) {}
}

/** A hub in the browser for development and tests: keeps state, answers the API, tells the socket what happened. */
export class StandIn implements Surroundings {
  readonly world: World;
  readonly #dealings: Dealings;
  readonly telephony: Telephony;
  isReachable = true;
  position = 1;
  epoch = "stand-in";
  drafts = new Map<string, DraftValue>();
  files = new Map<number, FileValue>();
  #wires = new Set<StandInWire>();
  #wake: (() => void) | null = null;
  #said = new Map<string, EntryValue>();

  constructor(fill: string, role = "agent", language = "en", begins = "") {
    this.world = filled(fill, role, language);
    this.world.accounts = accountsOf(fill);
    const happen = (event: AnyEvent): void => this.happen(event);
    this.#dealings = new Dealings(this.world, happen, fill);
    this.telephony = new Telephony(this.world, happen, { fill, begins });
    Object.assign(this.#handlers, this.#dealings.handlers, this.telephony.handlers, accountHandlers(this.world, happen));
  }

  now = (): number => Date.now();
  random = (): number => Math.random();
  isOnline = (): boolean => true;
  onWake = (wake: () => void): (() => void) => {
    this.#wake = wake;
    return () => (this.#wake = null);
  };

  open = (): Wire => {
    const wire = new StandInWire(this);
    setTimeout(() => {
      if (!this.isReachable) return wire.end(1006);
      this.#wires.add(wire);
      wire.onopen?.(undefined as never);
    });
    return wire;
  };

  /** Cuts or mends every connection. */
  reach(isReachable: boolean): void {
    this.isReachable = isReachable;
    if (!isReachable) for (const wire of this.#wires) wire.end(1006);
    else this.#wake?.();
  }

  /** Something happens; who is connected is told. */
  happen(event: AnyEvent): void {
    this.position += 1;
    this.tell({ type: "event", position: this.position, at: this.now(), event });
  }

  tell(frame: FromServer): void {
    for (const wire of this.#wires) wire.tell(frame);
  }

  hear(wire: StandInWire, frame: FromClient): void {
    if (frame.type === "hello") {
      const ready = { type: "ready", protocol: PROTOCOL, agent_id: this.world.me.id, epoch: this.epoch, rights: "all", position: this.position, at: this.now(), resumed: false, present: this.world.agents.map((one) => one.id), heartbeat_ms: 20_000 } as const;
      wire.tell(ready);
      wire.tell({ type: "snapshot", epoch: this.epoch, rights: "all", at: this.now(), snapshot: this.snapshot(frame.watching ?? []) });
    } else if (frame.type === "watch" && frame.conversation_id !== null) {
      const watched = this.#watched(frame.conversation_id);
      if (watched) wire.tell({ type: "watched", position: this.position, watched });
      const guest = this.world.agents[2];
      if (guest && frame.conversation_id % 3 === 0) wire.tell({ type: "viewing", conversation_id: frame.conversation_id, agent_ids: [this.world.me.id, guest.id] });
    }
  }

  snapshot(watching: readonly number[]): Snapshot {
    const { me, agents, queues, canned, dispositions, accounts } = this.world;
    const mine = [...this.world.conversations.values()].filter((one) => one.assignee_id === me.id && one.status !== "closed").sort((a, b) => a.id - b.id);
    const watched = watching.map((id) => this.#watched(id)).filter((one) => one !== null);
    return { position: this.position, me, agents, queues, canned, dispositions, pipelines: this.#dealings.pipelines, accounts, mine, offers: this.world.offers, calls: this.telephony.mine(), drafts: [...this.drafts.values()], watched };
  }

  /** The contact writes. */
  receive(conversationId: number, text: string): EntryValue {
    const at = this.now();
    const entry = entryOf(this.world, conversationId, { text, at, direction: "in" });
    const before = this.#conversation(conversationId);
    const conversation = this.#store(conversationId, { preview: text.slice(0, 160), preview_author: "contact", last_activity_at: at, last_entry_id: entry.id, last_inbound_id: entry.id, waiting_since: before.waiting_since ?? at });
    this.happen({ type: "EntryAdded", entry, conversation });
    return entry;
  }

  fetch = async (url: string, init: RequestInit): Promise<Response> => {
    await new Promise((done) => setTimeout(done, 20));
    if (!this.isReachable) throw new TypeError("unreachable");
    const { pathname, searchParams } = new URL(url, "http://stand.in");
    const path = pathname.replace("/api/v1", "");
    const id = Number(/\/(\d+)/.exec(path)?.[1] ?? 0);
    const handler = this.#handlers[`${init.method} ${path.replace(/\/\d+/g, "/0")}`];
    try {
      if (!handler) throw new Problem(404, "not_found");
      const answer = handler(id, init.body ? (JSON.parse(init.body as string) as Record<string, unknown>) : {}, searchParams);
      return answer === undefined ? new Response(null, { status: 204 }) : Response.json(answer);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      return Response.json({ code: problem.code, detail: problem.code, ...problem.facts }, { status: problem.status });
    }
  };

  upload: Upload = async (source, progress, signal) => {
    for (let share = 0; share <= 1 && !signal.aborted; share += 0.25) {
      progress(share);
      await new Promise((done) => setTimeout(done, 60));
    }
    const file: FileValue = { id: this.world.nextId(), name: source.name, type: source.type, size: source.size, width: null, height: null };
    this.files.set(file.id, file);
    return file;
  };

  readonly #handlers: Record<string, Handler> = {
    "GET /session": () => ({ me: { agent: this.world.me, email: "olena.kovalenko@example.com", permissions: this.world.permissions, session_id: 1 } }),
    "DELETE /session": () => undefined,
    "POST /socket-tickets": () => ({ ticket: "ticket" }),
    "GET /conversations": (_, __, query) => this.#page(query),
    "GET /conversations/counts": () => this.#counts(),
    "GET /conversations/0": (id) => this.#conversation(id),
    "GET /conversations/0/entries": (id, _, query) => ({ items: this.#entries(id, query) }),
    "POST /conversations/0/replies": (id, body) => this.#reply(id, body),
    "POST /conversations/0/notes": (id, body) => this.#say(id, body, "note"),
    "POST /conversations/0/close": (id, body) => this.#tell(id, { status: "closed", closed_at: this.now(), waiting_since: null, disposition: this.world.dispositions.find((one) => one.id === body["disposition_id"])?.name ?? null }, "closed"),
    "POST /conversations/0/reopen": (id) => this.#tell(id, { status: "open", closed_at: null, snoozed_until: null, disposition: null, assignee_id: this.world.me.id }, "reopened"),
    "POST /conversations/0/snooze": (id, body) => this.#tell(id, { status: "snoozed", snoozed_until: Date.parse(String(body["until"])) }, "snoozed"),
    "POST /conversations/0/assign": (id, body) => this.#tell(id, { assignee_id: (body["agent_id"] as number | undefined) ?? null, ...(body["queue_id"] ? { queue_id: body["queue_id"] as number } : {}) }, "assigned"),
    "PUT /conversations/0/read": (id, body) => this.#change(id, { agent_read_id: Math.max(this.#conversation(id).agent_read_id, Number(body["entry_id"])) }),
    "PUT /conversations/0/tags": (id, body) => this.#change(id, { tags: body["tags"] as string[] }),
    "GET /conversations/0/routing": (id) => this.#routing(id),
    "POST /entries/0/retry": (id) => this.#deliver(id, "sent"),
    "POST /entries/0/cancel": (id) => this.#deliver(id, "cancelled"),
    "GET /entries/0/html": (_, __, query) => ({ url: shownHtml(query.get("pictures") === "true") }),
    "GET /conversations/0/ways": (id) => ({ items: waysOf(this.#conversation(id), this.now()) }),
    "PUT /conversations/0/drafts/message": (id, body) => this.#draft(id, "message", body),
    "PUT /conversations/0/drafts/note": (id, body) => this.#draft(id, "note", body),
    "DELETE /conversations/0/drafts/message": (id) => void this.drafts.delete(`${id} message`),
    "DELETE /conversations/0/drafts/note": (id) => void this.drafts.delete(`${id} note`),
    "GET /contacts/0": (id) => this.world.contacts.get(id) ?? this.#missing(),
    "GET /agents": () => ({ items: this.world.agents.map((one, at) => ({ ...one, on_phone: at === 2 ? "monitor" : null })), next_cursor: null }),
    "GET /queues": () => ({ items: this.world.queues, next_cursor: null }),
  };

  #missing(): never {
    throw new Problem(404, "not_found");
  }

  #conversation(id: number): ConversationValue {
    return this.world.conversations.get(id) ?? this.#missing();
  }

  #watched(id: number): Snapshot["watched"][number] | null {
    const conversation = this.world.conversations.get(id);
    if (!conversation) return null;
    return { conversation, entries: (this.world.entries.get(id) ?? []).slice(-50), contact: this.world.contacts.get(conversation.contact_id ?? 0) ?? null };
  }

  #page(query: URLSearchParams): unknown {
    const listing = { view: query.get("view") as View, queue_id: Number(query.get("queue_id")) || null, channel: query.get("channel"), tag: query.get("tag"), sort: (query.get("sort") ?? "newest") as Sort };
    const found = [...this.world.conversations.values()]
      .filter((one) => (listing.view === "mentions" ? one.id % 17 === 0 && one.status !== "closed" : belongs(listing, one, this.world.me)))
      .sort((a, b) => compare(sortKey(listing, a), sortKey(listing, b)));
    const from = Number(query.get("cursor") ?? 0);
    const to = from + Number(query.get("limit") ?? 50);
    return { items: found.slice(from, to), next_cursor: to < found.length ? String(to) : null };
  }

  #counts(): Record<string, number> {
    const all = [...this.world.conversations.values()];
    const of = (view: View) => all.filter((one) => belongs({ view, queue_id: null, channel: null, tag: null, sort: "newest" }, one, this.world.me)).length;
    return { mine: of("mine"), queue: of("queue"), unassigned: of("unassigned"), mentions: all.filter((one) => one.id % 17 === 0).length, snoozed: of("snoozed"), all: of("all") };
  }

  #entries(id: number, query: URLSearchParams): EntryValue[] {
    this.#conversation(id);
    const before = Number(query.get("before")) || Infinity;
    return (this.world.entries.get(id) ?? []).filter((entry) => entry.id < before).slice(-Number(query.get("limit") ?? 50));
  }

  #reply(id: number, body: Record<string, unknown>): EntryValue {
    const conversation = this.#conversation(id);
    if (conversation.status === "closed") throw new Problem(409, "conflict");
    const seen = body["seen_entry_id"] as number | null;
    if (seen !== null && conversation.last_inbound_id > seen && !this.#said.has(String(body["client_key"]))) throw new Problem(409, "moved_on", { newest_entry_id: conversation.last_inbound_id });
    const entry = this.#say(id, body, "message");
    if (body["send_at"]) return entry;
    setTimeout(() => this.#deliver(entry.id, "sent"), 300);
    setTimeout(() => this.#deliver(entry.id, "delivered"), 900);
    return entry;
  }

  #say(id: number, body: Record<string, unknown>, kind: "message" | "note"): EntryValue {
    const key = String(body["client_key"]);
    const before = this.#said.get(key);
    if (before) return before;
    const { me } = this.world;
    const at = this.now();
    const text = String(body["text"]);
    const files = (body["files"] as number[]).map((file) => this.files.get(file)).filter((file) => file !== undefined);
    const direction = kind === "note" ? "internal" : "out";
    const way = waysOf(this.#conversation(id), at).find((one) => one.account_id === (body["way"] as { account_id: number } | undefined)?.account_id);
    const details = detailed({
      subject: String(body["subject"] ?? ""),
      to: ((body["to"] ?? []) as string[]).map((value) => ({ value, name: "" })),
      cc: ((body["cc"] ?? []) as string[]).map((value) => ({ value, name: "" })),
      reply_to_id: (body["reply_to_id"] as number | undefined) ?? null,
      send_at: body["send_at"] ? Date.parse(String(body["send_at"])) : null,
      buttons: ((body["buttons"] ?? []) as { text: string; url: string }[]).map((one) => ({ ...one, key: "" })),
      html_file_id: body["html"] ? 1 : null,
    });
    const by = kind === "message" && way ? { channel: way.channel, account_id: way.account_id, identity_id: way.identity_id, details } : {};
    const entry = entryOf(this.world, id, { ...by, kind, text, at, direction, files, client_key: key, author: { kind: "agent", id: me.id, name: me.name }, delivery: kind === "note" ? null : "queued" });
    this.#said.set(key, entry);
    this.drafts.delete(`${id} ${kind}`);
    const conversation = this.#store(id, { preview: text.slice(0, 160), preview_author: "agent", last_activity_at: at, last_entry_id: entry.id, ...(kind === "message" ? { waiting_since: null } : {}) });
    this.happen({ type: "EntryAdded", entry, conversation });
    return entry;
  }

  #deliver(entryId: number, delivery: "sent" | "delivered" | "cancelled"): EntryValue {
    for (const [id, entries] of this.world.entries) {
      const index = entries.findIndex((one) => one.id === entryId);
      const held = entries[index];
      if (!held) continue;
      const entry: EntryValue = { ...held, delivery, delivery_reason: null, version: held.version + 1 };
      entries[index] = entry;
      this.happen({ type: "EntryChanged", entry, conversation: this.#conversation(id) });
      return entry;
    }
    return this.#missing();
  }

  #tell(id: number, change: Partial<ConversationValue>, code: string): ConversationValue {
    const agent = this.world.agents.find((one) => one.id === change.assignee_id)?.name ?? null;
    const facts = { agent: this.world.me.name, to: agent, disposition: change.disposition ?? null, until: change.snoozed_until ?? null };
    const entry = entryOf(this.world, id, { kind: "notice", direction: "internal", at: this.now(), notice: { code, facts }, author: { kind: "agent", id: this.world.me.id, name: this.world.me.name } });
    const conversation = this.#store(id, { ...change, last_entry_id: entry.id });
    this.happen({ type: "EntryAdded", entry, conversation });
    return conversation;
  }

  #change(id: number, change: Partial<ConversationValue>): ConversationValue {
    const conversation = this.#store(id, change);
    this.happen({ type: "ConversationChanged", conversation, lost_agent_id: null, lost_queue_id: null });
    return conversation;
  }

  #store(id: number, change: Partial<ConversationValue>): ConversationValue {
    const held = this.#conversation(id);
    const conversation = { ...held, ...change, version: held.version + 1 };
    this.world.conversations.set(id, conversation);
    return conversation;
  }

  #routing(id: number): Routing {
    const { queue_id, assignee_id, opened_at } = this.#conversation(id);
    const verdicts = this.world.agents.map((agent): Verdict => {
      if (agent.id === assignee_id) return { agent: agent.id, reason: "chosen", detail: { used: 20, total: 100, idle_since: opened_at - 180_000 } };
      return { agent: agent.id, reason: agent.present ? "not_routable" : "not_present", detail: {} };
    });
    const decision: Decision = { at: opened_at, because: assignee_id === null ? "nobody_free" : "longest_idle", considered: verdicts.length, verdicts, others: {} };
    return { conversation_id: id, queue_id, work_state: assignee_id === null ? "queued" : "assigned", decision, offers: [] };
  }

  #draft(id: number, kind: "message" | "note", body: Record<string, unknown>): DraftValue {
    const files = (body["files"] as number[]).map((file) => this.files.get(file)).filter((file) => file !== undefined);
    const said = (body["extras"] ?? null) as DraftExtras | null;
    const draft: DraftValue = { conversation_id: id, kind, text: String(body["text"]), files, extras: said && { ...said, send_at: said.send_at === null ? null : Date.parse(String(said.send_at)) }, updated_at: this.now() };
    this.drafts.set(`${id} ${kind}`, draft);
    return draft;
  }

  forget(wire: StandInWire): void {
    this.#wires.delete(wire);
  }
}

class StandInWire implements Wire {
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly #hub: StandIn;

  constructor(hub: StandIn) {
    this.#hub = hub;
  }

  send(data: string): void {
    this.#hub.hear(this, JSON.parse(data) as FromClient);
  }

  close(): void {
    this.#hub.forget(this);
  }

  tell(frame: FromServer): void {
    queueMicrotask(() => this.onmessage?.({ data: JSON.stringify(frame) }));
  }

  end(code: number): void {
    this.close();
    this.onclose?.({ code });
  }
}
