import type { Permission } from "../api/session";
import { addWritten } from "./written";
import { agent, conversation, voice } from "../../shared/testing";
import type { AccountValue, AgentValue, CannedValue, ContactValue, ConversationValue, DispositionValue, EntryValue, OfferValue, QueueValue } from "../wire";

/** Everything the stand-in knows. */
export interface World {
  me: AgentValue;
  permissions: Permission[];
  agents: AgentValue[];
  queues: QueueValue[];
  canned: CannedValue[];
  dispositions: DispositionValue[];
  accounts: AccountValue[];
  offers: OfferValue[];
  contacts: Map<number, ContactValue>;
  conversations: Map<number, ConversationValue>;
  entries: Map<number, EntryValue[]>;
  nextId: () => number;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const PEOPLE = ["Marta Zielińska", "James Okafor", "Анна Сидоренко", "李伟", "Sofía Hernández", "Tomáš Novák", "Иван Петров", "Yuki Tanaka", "Fatima Al-Sayed", "Visitor 4821", "+380 44 555 0134", "Priya Raman"];
const ASKED = [
  "Hello! My order 10482 says delivered but nothing has arrived.",
  "Доброго дня, чи можна змінити адресу доставки?",
  "Do you ship to Portugal? I saw https://shop.example/shipping but it only lists Spain.",
  "The zip on the jacket broke after two days. What can I do?",
  "我想退货，请问需要什么手续？",
  "Czy ta kurtka jest dostępna w rozmiarze M?",
  "Thank you, that helped a lot!",
  "I was charged twice for the same order.",
];
const ANSWERED = [
  "Hi! I am sorry to hear that. Let me look at the parcel’s history for you.",
  "I have asked the carrier; they answer within a day. Shall I write to you here or by e-mail?",
  "Yes, we do. Delivery takes three to five working days.\nThe costs are shown before you pay.",
  "I have refunded the second payment. It will be on your account in two days.",
];

export function filled(fill: string, role: string, language: string): World {
  let id = 10_000;
  const nextId = () => (id += 1);
  const now = Date.now();
  const world = staffed(role, language, nextId, now);
  const many = fill === "overfull" ? 10_000 : fill === "empty" ? 0 : 34;
  for (let n = 0; n < many; n++) opened(world, n, now);
  const first = [...world.conversations.values()].find((one) => one.assignee_id === world.me.id);
  if (first) addWritten(world, first, now);
  if (fill === "overfull") overfill(world, now);
  return world;
}

function staffed(role: string, language: string, nextId: () => number, now: number): World {
  const me = agent(1, { name: "Olena Kovalenko", role: role as AgentValue["role"], queues: [1, 2], present: true, activity_since: now - 23 * MINUTE, language });
  const names = ["Daniel Weber", "Katarzyna Wójcik", "Ahmed Hassan", "Nguyễn Thị Lan"];
  const others = names.map((name, index) => agent(index + 2, { name, present: index < 3, activity: (["available", "busy", "break", "offline"] as const)[index] ?? "offline", queues: [1], activity_since: now - index * 7 * MINUTE }));
  const queue = (number: number, name: string): QueueValue => ({ id: number, name, waiting: 0, longest_since: null, chat_offer_seconds: 30, mail_offer_seconds: 300, sticky_seconds: 20, cooldown_seconds: 60, strategy: "longest_idle", skills: {}, voice, archived: false, version: 1 });
  const canned = (number: number, shortcut: string, title: string, text: string): CannedValue => ({ id: number, shortcut, title, text, language: "", deleted: false, version: 1 });
  const permissions: Permission[] = role === "agent" ? ["work"] : ["work", "assign_others", "see_all", "watch_agents", "edit_canned", "listen_in", "configure"];
  return {
    me,
    permissions,
    agents: [me, ...others],
    queues: [queue(1, "Support"), queue(2, "Orders and returns")],
    canned: [
      canned(1, "hello", "Greeting", "Hello {{contact.first_name}}, this is {{agent.first_name}}. How can I help you?"),
      canned(2, "thanks", "Thanks and goodbye", "Thank you for writing, {{contact.name}}. Have a nice day!"),
      canned(3, "refund", "Refund in two days", "I have sent the refund. It takes up to two working days to reach your account."),
    ],
    dispositions: ["Solved", "Refunded", "Passed on", "No answer", "Spam"].map((name, position) => ({ id: position + 1, name, position, deleted: false, version: 1 })),
    accounts: [],
    offers: [],
    contacts: new Map(),
    conversations: new Map(),
    entries: new Map(),
    nextId,
  };
}

function opened(world: World, n: number, now: number): void {
  const id = world.nextId();
  const who = PEOPLE[n % PEOPLE.length] ?? "Visitor";
  const at = now - Math.round((n * n * 0.7 + n * 4) * MINUTE);
  const mine = n % 5 < 2;
  const closed = n % 7 === 6;
  const waiting = n % 3 !== 1 && !closed;
  const contact = contactOf(world, who, at);
  const row = conversation(id, {
    who,
    identity_id: id + 500_000,
    contact_id: contact.id,
    queue_id: n % 4 === 3 ? 2 : 1,
    assignee_id: mine ? world.me.id : n % 5 === 2 ? 2 : null,
    status: closed ? "closed" : n % 11 === 8 ? "snoozed" : "open",
    snoozed_until: n % 11 === 8 ? now + 5 * 60 * MINUTE : null,
    disposition: closed ? "Solved" : null,
    tags: n % 4 === 0 ? ["order", "urgent"] : n % 6 === 1 ? ["returns"] : [],
    opened_at: at - 40 * MINUTE,
    last_activity_at: at,
    waiting_since: waiting ? at - 2 * MINUTE : null,
  });
  world.conversations.set(id, row);
  const said = 4 + (n % 9);
  for (let k = 0; k < said; k++) exchange(world, row, k, k === said - 1, waiting, at - (said - k) * 6 * MINUTE - (k < 3 ? DAY : 0));
}

function exchange(world: World, row: ConversationValue, k: number, isLast: boolean, waiting: boolean, at: number): void {
  const inbound = isLast ? waiting : k % 3 !== 2;
  const helper = row.assignee_id === null || row.assignee_id === world.me.id ? world.me : (world.agents[1] ?? world.me);
  if (k === 2) entryOf(world, row.id, { kind: "notice", direction: "internal", at, notice: { code: "accepted", facts: { agent: helper.name } }, author: { kind: "agent", id: helper.id, name: helper.name } });
  if (k === 4) entryOf(world, row.id, { kind: "note", direction: "internal", at, text: `Carrier says it is at the depot. @${world.me.name} could you call them tomorrow?`, author: { kind: "agent", id: 2, name: "Daniel Weber" } });
  const text = (inbound ? ASKED[(row.id + k) % ASKED.length] : ANSWERED[(row.id + k) % ANSWERED.length]) ?? "";
  const delivery = (["read", "delivered", "sent", "failed", "unconfirmed"] as const)[(row.id + k) % 9] ?? "read";
  const entry = entryOf(world, row.id, inbound ? { text, at, direction: "in" } : { text, at, direction: "out", author: { kind: "agent", id: helper.id, name: helper.name }, delivery, delivery_reason: delivery === "failed" ? "The visitor has left and cannot be reached." : null });
  const shown: ConversationValue = { ...row, ...world.conversations.get(row.id), preview: text.slice(0, 160), preview_author: inbound ? "contact" : "agent", last_entry_id: entry.id };
  if (inbound) shown.last_inbound_id = entry.id;
  if (!isLast || !waiting || row.id % 2) shown.agent_read_id = entry.id;
  world.conversations.set(row.id, shown);
}

function contactOf(world: World, name: string, at: number): ContactValue {
  const id = world.nextId();
  const identity = { id: id + 1, scheme: "mailto", value: "someone@example.com", display: "someone@example.com", name, contact_id: id, verified: true, is_primary: true, is_shared: false, label: "", last_seen: at, facts: { page: "https://shop.example/jackets/alpine", language: "en" } };
  const contact: ContactValue = { id, kind: "person", name, company: "Nordwind Outdoor", title: "", language: "en", timezone: "Europe/Warsaw", owner_id: null, note: "", tags: ["regular"], fields: { "Customer number": "10482" }, identities: [identity], root_id: null, created_at: at - 90 * DAY, version: 1 };
  world.contacts.set(id, contact);
  return contact;
}

/** Too much of everything: a name of 80 characters, a message of 20 000, 5 000 entries. */
function overfill(world: World, now: number): void {
  const [first, second] = [...world.conversations.values()];
  if (!first || !second) return;
  const who = "Wolfeschlegelsteinhausenbergerdorff-Oppenheimer von und zu Hohenlohe-Langenburg 3";
  world.conversations.set(first.id, { ...first, who, tags: Array.from({ length: 12 }, (_, n) => `tag number ${n} of a long list`), last_activity_at: now });
  entryOf(world, first.id, { text: "An unbroken-word:" + "x".repeat(300) + "\n" + "Lorem ipsum dolor sit amet. ".repeat(720), at: now, direction: "in" });
  const long = world.entries.get(second.id) ?? [];
  const start = now - 90 * DAY;
  const before = Array.from({ length: 5_000 }, (_, n) => ({ ...long[n % 2], id: n + 1, kind: "message", notice: null, text: `${n + 1}. ${(n % 2 ? ANSWERED : ASKED)[n % 4]}`, at: start + n * 20 * MINUTE }) as EntryValue);
  world.entries.set(second.id, [...before, ...long]);
}

/** A new entry of a conversation, stored in the world. */
export function entryOf(world: World, conversationId: number, said: Partial<EntryValue>): EntryValue {
  const row = world.conversations.get(conversationId);
  const message = (said.kind ?? "message") === "message";
  const entry: EntryValue = {
    id: world.nextId(),
    conversation_id: conversationId,
    kind: "message",
    direction: "in",
    author: { kind: "contact", id: row?.identity_id ?? null, name: row?.who ?? "" },
    at: Date.now(),
    channel: message ? "webchat" : "",
    account_id: message ? 1 : null,
    text: "",
    files: [],
    notice: null,
    delivery: null,
    delivery_reason: null,
    client_key: null,
    identity_id: row?.identity_id ?? null,
    details: null,
    version: 1,
    ...said,
  };
  const entries = world.entries.get(conversationId) ?? [];
  entries.push(entry);
  world.entries.set(conversationId, entries);
  return entry;
}
