import type { Candidate, MergeValue } from "../api/merging";
import type { ReasonValue, StepValue } from "../api/cases";
import type { AnyEvent, CaseValue, ContactValue, IdentityValue, PipelineValue, StageCategory } from "../wire";
import type { World } from "./world";

type Handler = (id: number, body: Record<string, unknown>, query: URLSearchParams) => unknown;

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const STAGES: Record<"lead" | "deal" | "request", [string, StageCategory][]> = {
  lead: [["New", "new"], ["Working", "active"], ["Nurture", "waiting"], ["Qualified", "won"], ["Disqualified", "lost"], ["Spam", "lost"], ["Duplicate", "lost"]],
  deal: [["New", "new"], ["Proposal", "active"], ["Won", "won"], ["Lost", "lost"]],
  request: [["New", "new"], ["In progress", "active"], ["Waiting", "waiting"], ["Done", "won"], ["Cancelled", "cancelled"]],
};
const REASONS = ["Not interested", "No budget", "Bought elsewhere", "Could not reach", "Wrong number", "Not what we offer", "Not now"];
const STRANGERS = ["Maria K.", "+380 67 123 45 67", "Visitor 4821", "Jan Nowak", "李娜", "orders@nordwind.example", "Ганна Бойко", "Wolfeschlegelsteinhausenbergerdorff-Oppenheimer von und zu Hohenlohe-Langenburg"];
const WORDS = ["Good morning, do you sell the Alpine jacket in bulk? We are a club of about forty people.", "Добрий день, скільки коштує доставка в Одесу?", "Is anybody there?", "Czy wystawiają Państwo faktury VAT?", "请问可以批发吗？", "Please send me your price list for 2027.", "Телефонуйте мені після 15:00.", "x".repeat(300)];
const SOURCES = ["email", "telegram", "webchat", "sms", "whatsapp", "form", "manual"];

/** What the stand-in keeps of leads, deals and merges. */
export class Dealings {
  readonly pipelines: PipelineValue[];
  readonly reasons: ReasonValue[] = REASONS.map((name, position) => ({ id: position + 1, name, position, deleted: false, version: 1 }));
  readonly cases = new Map<number, CaseValue>();
  readonly steps = new Map<number, StepValue[]>();
  #before = new Map<number, CaseValue>();
  #merges: MergeValue[] = [];
  #absorbed = new Map<number, ContactValue>();
  #dismissed = new Set<string>();

  constructor(
    readonly world: World,
    readonly happen: (event: AnyEvent) => void,
    fill: string,
  ) {
    this.pipelines = (["lead", "deal", "request"] as const).map((kind, at) => ({
      id: 700 + at,
      kind,
      name: `${kind}s`,
      currency: "",
      is_default: true,
      archived: false,
      version: 1,
      stages: STAGES[kind].map(([name, category], position) => ({ id: 710 + at * 10 + position, pipeline_id: 700 + at, name, category, key: ["Disqualified", "Spam", "Duplicate"].includes(name) ? name.toLowerCase() : "", position, colour: "", probability: null, max_age: null })),
    }));
    const strangers = [...world.conversations.values()].filter((one) => one.status !== "closed");
    const many = fill === "empty" ? 0 : fill === "overfull" ? 400 : 14;
    for (let n = 0; n < many; n++) this.#begin(n, strangers[n % Math.max(1, strangers.length)]?.id ?? null);
  }

  #begin(n: number, conversationId: number | null): void {
    const now = Date.now();
    const at = now - Math.round((n * n * 3 + n * 17 + 2) * MINUTE);
    const stage = this.pipelines[0]?.stages[n % 9 < 5 ? 0 : n % 9 < 7 ? 1 : n % 9 === 7 ? 2 : 4];
    if (!stage) return;
    const id = this.world.nextId();
    const owner = stage.category === "new" ? null : n % 2 ? this.world.me.id : 2;
    const one: CaseValue = { id, number: 100 + n, kind: "lead", title: "", pipeline_id: 700, stage_id: stage.id, category: stage.category, stage_since: at, contact_id: null, identity_id: id + 1, conversation_id: conversationId, who: STRANGERS[n % STRANGERS.length] ?? "", owner_id: owner, queue_id: 1, source: SOURCES[n % SOURCES.length] ?? "", account_id: 1, first_words: WORDS[n % WORDS.length] ?? "", reason: stage.category === "lost" ? "No budget" : "", is_spam: false, origin_id: null, amount: null, currency: "", nurture_until: stage.category === "waiting" ? now + 9 * DAY : null, can_undo: false, tags: n % 4 === 0 ? ["wholesale"] : [], created_at: at, closed_at: null, version: 1 };
    this.cases.set(id, one);
    this.steps.set(id, [{ id: id + 2, from_stage_id: null, to_stage_id: this.pipelines[0]?.stages[0]?.id ?? 0, agent_id: null, decision: "opened", at }]);
    const conversation = this.world.conversations.get(conversationId ?? 0);
    if (conversation && n < 4) this.world.conversations.set(conversation.id, { ...conversation, case_id: id, ...(n < 3 ? { contact_id: null, who: one.who } : {}) });
  }

  #one(id: number): CaseValue {
    const one = this.cases.get(id);
    if (!one) throw new Error("no such case");
    return one;
  }

  #move(id: number, decision: string, stageName: string | null, said: Partial<CaseValue> = {}): CaseValue {
    const before = this.#one(id);
    const stages = this.pipelines.find(({ kind }) => kind === (said.kind ?? before.kind))?.stages ?? [];
    const stage = stages.find(({ name }) => name === stageName) ?? stages.find((one) => one.id === before.stage_id);
    const now = Date.now();
    const isLast = ["qualified", "disqualified", "spam", "duplicate", "nurtured"].includes(decision);
    const after: CaseValue = { ...before, can_undo: isLast, ...(stage ? { stage_id: stage.id, category: stage.category, pipeline_id: stage.pipeline_id, stage_since: now } : {}), ...said, version: before.version + 1 };
    if (isLast) this.#before.set(id, before);
    this.cases.set(id, after);
    this.steps.get(id)?.push({ id: this.world.nextId(), from_stage_id: before.stage_id, to_stage_id: after.stage_id, agent_id: this.world.me.id, decision, at: now });
    this.happen({ type: "CaseChanged", case: after, lost_agent_id: null, lost_queue_id: null });
    return after;
  }

  #undo(id: number): CaseValue {
    const { version: _, ...before } = this.#before.get(id) ?? this.#one(id);
    return this.#move(id, "undone", null, { ...before, can_undo: false });
  }

  #qualify(id: number, body: Record<string, unknown>): CaseValue {
    const becomes = String(body["becomes"]);
    const contact = body["contact_id"] ? this.world.contacts.get(Number(body["contact_id"])) : this.#made(String(body["name"]), String(body["company"] ?? ""));
    const said = { contact_id: contact?.id ?? null, who: contact?.name ?? this.#one(id).who, title: String(body["title"] ?? this.#one(id).title) };
    return becomes === "contact" ? this.#move(id, "qualified", "Qualified", said) : this.#move(id, "qualified", "New", { ...said, kind: becomes as "deal" | "request" });
  }

  #made(name: string, company: string): ContactValue {
    const contact: ContactValue = { id: this.world.nextId(), kind: "person", name, company, title: "", language: "", timezone: "", owner_id: null, note: "", tags: [], fields: {}, identities: [], root_id: null, created_at: Date.now(), version: 1 };
    this.world.contacts.set(contact.id, contact);
    return contact;
  }

  #open(conversationId: number, kind: CaseValue["kind"]): CaseValue {
    this.#begin(this.cases.size, conversationId);
    const one = [...this.cases.values()].at(-1);
    const conversation = this.world.conversations.get(conversationId);
    if (!one || !conversation) throw new Error("no such conversation");
    const opened = this.#move(one.id, "opened", "New", { kind, who: conversation.who, contact_id: conversation.contact_id, owner_id: this.world.me.id });
    const changed = { ...conversation, case_id: one.id, version: conversation.version + 1 };
    this.world.conversations.set(conversationId, changed);
    this.happen({ type: "ConversationChanged", conversation: changed, lost_agent_id: null, lost_queue_id: null });
    return opened;
  }

  #identity(conversationId: number): IdentityValue {
    const conversation = this.world.conversations.get(conversationId);
    const known = this.world.contacts.get(conversation?.contact_id ?? 0)?.identities[0];
    return known ?? { id: conversation?.identity_id ?? 0, scheme: "mailto", value: "maria@example.org", display: "maria@example.org", name: "Maria K.", contact_id: null, verified: true, is_primary: false, is_shared: false, label: "", last_seen: Date.now(), facts: {} };
  }

  #page(query: URLSearchParams): unknown {
    const owner = query.get("owner_id");
    const text = (query.get("text") ?? "").toLowerCase();
    const fits = (one: CaseValue): boolean =>
      (!query.get("kind") || one.kind === query.get("kind")) &&
      (query.get("open") !== "true" || ["new", "active", "waiting"].includes(one.category)) &&
      (owner === null || (one.owner_id ?? 0) === Number(owner)) &&
      (!query.get("stage_id") || one.stage_id === Number(query.get("stage_id"))) &&
      (!query.get("source") || one.source === query.get("source")) &&
      (one.who.toLowerCase().includes(text) || String(one.number) === text);
    const sort = query.get("sort");
    const found = [...this.cases.values()].filter(fits).sort((a, b) => (sort === "oldest" ? a.id - b.id : sort === "stage_since" ? a.stage_since - b.stage_since : b.id - a.id));
    const from = Number(query.get("cursor") ?? 0);
    const to = from + Number(query.get("limit") ?? 50);
    return { items: found.slice(from, to), next_cursor: to < found.length ? String(to) : null };
  }

  #counts(): unknown {
    const open = [...this.cases.values()].filter((one) => one.kind === "lead" && ["new", "active", "waiting"].includes(one.category));
    return { new: open.filter((one) => one.category === "new").length, mine: open.filter((one) => one.owner_id === this.world.me.id).length, unowned: open.filter((one) => one.owner_id === null).length };
  }

  #candidates(subject: string, but: number, why: string): { items: Candidate[] } {
    const items = [...this.world.contacts.values()].filter((one) => one.id !== but && !this.#dismissed.has(`${subject} ${one.id}`)).slice(0, 40);
    const found = items.filter((one) => one.id % 3 === 0).slice(0, 1);
    return { items: found.map((contact) => ({ contact, why, address: "+380 67 123 45 67" })) };
  }

  #merge(id: number, body: Record<string, unknown>): ContactValue {
    const [survivor, absorbed] = [this.world.contacts.get(id), this.world.contacts.get(Number(body["absorbed_id"]))];
    if (!survivor || !absorbed) throw new Error("no such contact");
    const choices = body["choices"] as Record<string, string>;
    const chosen = Object.fromEntries(Object.entries(choices).filter(([, side]) => side === "absorbed").map(([field]) => [field, absorbed[field as keyof ContactValue]]));
    const after = { ...survivor, ...chosen, identities: [...survivor.identities, ...absorbed.identities], version: survivor.version + 1 } as ContactValue;
    this.#merges.unshift({ id: this.world.nextId(), survivor_id: id, absorbed_id: absorbed.id, absorbed_name: absorbed.name, agent_id: this.world.me.id, at: Date.now(), undone_at: null, can_undo: true });
    this.#absorbed.set(absorbed.id, absorbed);
    this.#absorbed.set(-absorbed.id, survivor);
    this.world.contacts.delete(absorbed.id);
    this.world.contacts.set(id, after);
    this.happen({ type: "ContactChanged", contact: after, conversation_ids: [] });
    return after;
  }

  #unmerge(mergeId: number): ContactValue {
    const found = this.#merges.find((one) => one.id === mergeId);
    const [absorbed, before] = [this.#absorbed.get(found?.absorbed_id ?? 0), this.#absorbed.get(-(found?.absorbed_id ?? 0))];
    if (!found || !absorbed || !before) throw new Error("no such merge");
    this.#merges = this.#merges.map((one) => (one === found ? { ...one, undone_at: Date.now(), can_undo: false } : one));
    this.world.contacts.set(absorbed.id, absorbed);
    const after = { ...before, version: before.version + 2 };
    this.world.contacts.set(after.id, after);
    this.happen({ type: "ContactChanged", contact: after, conversation_ids: [] });
    return after;
  }

  #pipeline(before: PipelineValue, body: Record<string, unknown>): PipelineValue {
    const wanted = body["stages"] as Partial<PipelineValue["stages"][number]>[] | undefined;
    const stages = wanted?.map((stage, position) => ({ id: this.world.nextId(), pipeline_id: before.id, name: "", category: "active" as const, key: before.stages.find(({ id }) => id === stage.id)?.key ?? "", colour: "", probability: null, max_age: null, ...stage, position }));
    const value = { ...before, ...body, ...(stages ? { stages } : {}), version: before.version + 1 };
    if (value.is_default) for (const other of this.pipelines) if (other.kind === value.kind) other.is_default = false;
    kept(this.pipelines, value);
    this.happen({ type: "PipelineChanged", pipeline: value });
    return value;
  }

  readonly handlers: Record<string, Handler> = {
    "GET /cases": (_, __, query) => this.#page(query),
    "GET /cases/counts": () => this.#counts(),
    "GET /cases/0": (id) => this.#one(id),
    "PATCH /cases/0": (id, body) => this.#move(id, "moved", null, { title: String(body["title"] ?? this.#one(id).title) }),
    "GET /cases/0/steps": (id) => ({ items: this.steps.get(id) ?? [] }),
    "POST /cases/0/accept": (id) => this.#move(id, "accepted", this.#one(id).kind === "lead" ? "Working" : null, { owner_id: this.world.me.id }),
    "POST /cases/0/assign": (id, body) => this.#move(id, "assigned", null, { owner_id: Number(body["agent_id"]) }),
    "POST /cases/0/qualify": (id, body) => this.#qualify(id, body),
    "POST /cases/0/undo": (id) => this.#undo(id),
    "POST /cases/0/disqualify": (id, body) => this.#move(id, "disqualified", "Disqualified", { reason: String(body["words"] ?? this.reasons.find((one) => one.id === body["reason_id"])?.name ?? "") }),
    "POST /cases/0/spam": (id) => this.#move(id, "spam", "Spam", { is_spam: true }),
    "POST /cases/0/duplicate": (id, body) => this.#move(id, "duplicate", "Duplicate", { origin_id: Number(body["of_id"]) }),
    "POST /cases/0/nurture": (id, body) => this.#move(id, "nurtured", "Nurture", { nurture_until: Date.parse(String(body["until"])) }),
    "POST /cases/0/move": (id, body) => this.#move(id, "moved", this.pipelines.flatMap(({ stages }) => stages).find((one) => one.id === body["stage_id"])?.name ?? null),
    "POST /conversations/0/case": (id, body) => this.#open(id, body["kind"] as CaseValue["kind"]),
    "GET /conversations/0/identity": (id) => this.#identity(id),
    "POST /cases/0/reopen": (id) => this.#move(id, "reopened", "Working", { reason: "", is_spam: false }),
    "GET /case-reasons": () => ({ items: this.reasons.filter((one) => !one.deleted) }),
    "POST /case-reasons": (_, body) => kept(this.reasons, { id: this.world.nextId(), name: String(body["name"]), position: Number(body["position"]), deleted: false, version: 1 }),
    "PATCH /case-reasons/0": (id, body) => kept(this.reasons, changed(this.reasons.find((one) => one.id === id), body)),
    "GET /pipelines": () => ({ items: this.pipelines }),
    "GET /pipelines/0": (id) => this.pipelines.find((one) => one.id === id),
    "POST /pipelines": (_, body) => this.#pipeline({ id: this.world.nextId(), kind: body["kind"] as PipelineValue["kind"], name: "", currency: "", is_default: false, archived: false, version: 0, stages: [] }, body),
    "PATCH /pipelines/0": (id, body) => this.#pipeline(changed(this.pipelines.find((one) => one.id === id), {}), body),
    "GET /contacts/0/cases": (id) => ({ items: [...this.cases.values()].filter((one) => one.contact_id === id) }),
    "GET /contacts": (_, __, query) => ({ items: [...this.world.contacts.values()].filter((one) => one.name.toLowerCase().includes((query.get("text") ?? "").toLowerCase())).slice(0, 20), next_cursor: null }),
    "GET /conversations/0/suggestions": (id) => this.#candidates(`c${id}`, 0, "mentioned"),
    "POST /conversations/0/dismissals": (id, body) => (this.#dismissed.add(`c${id} ${String(body["contact_id"])}`), { items: [] }),
    "GET /contacts/0/duplicates": (id) => (id % 2 ? { items: [] } : this.#candidates(`p${id}`, id, "same_number")),
    "POST /contacts/0/dismissals": (id, body) => (this.#dismissed.add(`p${id} ${String(body["contact_id"])}`), { items: [] }),
    "POST /contacts/0/merge": (id, body) => this.#merge(id, body),
    "GET /contacts/0/merges": (id) => ({ items: this.#merges.filter((one) => one.survivor_id === id) }),
    "POST /merges/0/undo": (id) => this.#unmerge(id),
  };
}

function kept<T extends { id: number }>(rows: T[], value: T): T {
  const at = rows.findIndex(({ id }) => id === value.id);
  if (at < 0) rows.push(value);
  else rows[at] = value;
  return value;
}

function changed<T extends { version: number }>(before: T | undefined, body: Record<string, unknown>): T {
  if (!before) throw new Error("There is nothing to change.");
  return { ...before, ...body, version: before.version + 1 };
}
