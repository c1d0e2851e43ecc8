import type { Way } from "../api/ways";
import type { ContactValue, ConversationValue, EntryDetails, EntryValue, IdentityValue } from "../wire";
import { type World, entryOf } from "./world";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const NO_DETAILS: EntryDetails = {
  subject: "", folded: "", html_file_id: null, raw_file_id: null, to: [], cc: [], bcc: [], answer_to: [], buttons: [], place: null, template: "", variables: {},
  reply_to_id: null, instead_of_id: null, call: null, automatic: false, problem: "", edited_at: null, withdrawn_at: null, send_at: null, unverified: false,
};

export const detailed = (said: Partial<EntryDetails>): EntryDetails => ({ ...NO_DETAILS, ...said });

const way = (identity_id: number, account_id: number, said: Partial<Way> & { carries?: Partial<Way["carries"]> }): Way => ({
  identity_id, account_id, channel: "", account_name: "", scheme: "", display: "", name: "", state: "open", why: "", window_until: null, is_default: false, is_guest: false, subject: "", to: [], cc: [],
  ...said,
  carries: { max_text: null, max_file_bytes: 20_000_000, max_files: 10, html: false, subject: false, copies: false, signature: "", segments: false, buttons: 0, templates: [], ...said.carries },
} as Way);

/** Every way that a customer of many channels can be reached. */
export function waysOf(conversation: ConversationValue, now: number): Way[] {
  const base = conversation.id * 100;
  const identity = (n: number) => base + n;
  if (conversation.channel === "webchat") return [way(conversation.identity_id, 1, { channel: "webchat", account_name: "Shop", scheme: "visitor", display: conversation.who, name: conversation.who, is_default: true, carries: { max_text: 20_000 } as Way["carries"] })];
  const templates = [{ id: "HX1", name: "order_update", text: "Hello {{name}}, your order {{order}} is on its way.", language: "en" }, { id: "HX2", name: "callback", text: "Shall we call you back?", language: "en" }];
  return [
    way(identity(1), 11, { channel: "email", account_name: "support@shop.example", scheme: "mailto", display: "marta.zielinska@example.org", name: "Marta Zielińska", is_default: true, subject: "Re: Order 10482 is late", cc: [{ value: "accounts@nordwind.example", name: "Accounts" }], carries: { html: true, subject: true, copies: true, signature: "<p><b>Olena Kovalenko</b><br>Nordwind Support · +48 22 555 01 34</p>" } as Way["carries"] }),
    way(identity(2), 12, { channel: "sms", account_name: "+48 732 000 111", scheme: "tel", display: "+48 512 555 018", carries: { segments: true, max_text: 1600, max_file_bytes: 0, max_files: 0 } as Way["carries"] }),
    way(identity(3), 13, { channel: "whatsapp", account_name: "WhatsApp shop", scheme: "whatsapp", display: "+48 512 555 018", state: "template", why: "window", window_until: now - HOUR, carries: { max_text: 4096, templates } as Way["carries"] }),
    way(identity(4), 14, { channel: "telegram", account_name: "@nordwind_bot", scheme: "telegram", display: "@marta_z", window_until: null, carries: { max_text: 4096, html: true, buttons: 8 } as Way["carries"] }),
    way(identity(5), 15, { channel: "viber", account_name: "Nordwind", scheme: "viber", display: "Marta", state: "closed", why: "cannot_start" }),
  ];
}

/** One customer who wrote by mail, SMS, WhatsApp and Telegram, with all that a message can have. */
export function addWritten(world: World, row: ConversationValue, now: number): void {
  const { id } = row;
  const base = id * 100;
  const contact = world.contacts.get(row.contact_id ?? 0);
  const schemes: [string, string][] = [["mailto", "marta.zielinska@example.org"], ["tel", "+48512555018"], ["whatsapp", "+48512555018"], ["telegram", "@marta_z"]];
  const identities = schemes.map(([scheme, value], n): IdentityValue => ({ id: base + n + 1, scheme, value, display: value, name: "Marta Zielińska", contact_id: row.contact_id, verified: n < 2, is_primary: n === 0, is_shared: false, label: "", last_seen: now - n * HOUR, facts: {} }));
  if (contact) world.contacts.set(contact.id, { ...contact, identities } satisfies ContactValue);
  world.entries.set(id, []);
  let at = now - 3 * HOUR;
  const say = (channel: string, n: number, said: Partial<EntryValue>): EntryValue => entryOf(world, id, { channel, account_id: 10 + n, identity_id: base + n, at: (at += 7 * MINUTE), direction: "in", ...said });
  const we = { direction: "out" as const, author: { kind: "agent" as const, id: world.me.id, name: world.me.name } };
  const us = { value: "support@shop.example", name: "Nordwind Support" };
  const accounts = { value: "accounts@nordwind.example", name: "Accounts" };
  const mail = say("email", 1, { text: "Hello,\n\nmy order 10482 should have come on Monday. Could you look where it is?\n\nThank you\nMarta", details: detailed({ subject: "Order 10482 is late", folded: "-- \nMarta Zielińska\nNordwind Outdoor, Warszawa\n+48 512 555 018", html_file_id: 1, raw_file_id: 2, to: [us], cc: [accounts], unverified: true }) });
  say("email", 1, { ...we, text: "Dear Marta,\n\nit left our store on Friday; I ask the carrier now.", delivery: "delivered", details: detailed({ subject: "Re: Order 10482 is late", to: [{ value: "marta.zielinska@example.org", name: "Marta Zielińska" }], cc: [accounts], reply_to_id: mail.id }) });
  say("email", 1, { text: "I am out of the office until Thursday.", details: detailed({ subject: "Automatic reply: Order 10482 is late", automatic: true, to: [us] }) });
  const lost = say("sms", 2, { ...we, text: "Your parcel is at the depot in Praga.", delivery: "failed", delivery_reason: "The phone was switched off (30003)." });
  say("whatsapp", 3, { ...we, text: "Hello Marta, your order 10482 is on its way.", delivery: "read", details: detailed({ template: "order_update", instead_of_id: lost.id }) });
  say("whatsapp", 3, { text: "", details: detailed({ place: { latitude: 52.2297, longitude: 21.0122, title: "Home, please ring twice" } }) });
  say("telegram", 4, { text: "Or can I fetch it at the shop tomorrow?", details: detailed({ edited_at: now - HOUR }) });
  say("telegram", 4, { ...we, text: "Of course. When would you come?", delivery: "unconfirmed", details: detailed({ buttons: [{ text: "Morning", key: "am", url: "" }, { text: "Afternoon", key: "pm", url: "" }, { text: "Opening hours", key: "", url: "https://shop.example/hours" }] }) });
  say("telegram", 4, { text: "", details: detailed({ withdrawn_at: now - 50 * MINUTE }) });
  say("email", 1, { text: "", details: detailed({ subject: "Fwd: the receipt", problem: "unreadable", raw_file_id: 3, to: [us, accounts] }) });
  const due = new Date(now).setHours(24 + 9, 0, 0, 0);
  const last = say("email", 1, { ...we, text: "I write to you tomorrow when it has arrived.", delivery: "queued", details: detailed({ subject: "Re: Order 10482 is late", to: [{ value: "marta.zielinska@example.org", name: "Marta Zielińska" }], send_at: due }) });
  world.conversations.set(id, { ...row, who: "Marta Zielińska", channel: "email", account_id: 11, identity_id: base + 1, subject: "Order 10482 is late", last_entry_id: last.id, last_inbound_id: last.id - 1, agent_read_id: last.id, status: "open", snoozed_until: null, assignee_id: world.me.id, waiting_since: null, last_activity_at: now, preview: last.text });
}

/** A laid out message, as the hub's own origin for files would show it. */
export function shownHtml(pictures: boolean): string {
  const picture = pictures ? `<p style="background:#dde;padding:24px">(a picture from afar)</p>` : `<p style="border:1px dashed #999;padding:24px;color:#777">Picture not loaded</p>`;
  return `data:text/html;charset=utf-8,${encodeURIComponent(`<body style="font:15px sans-serif;margin:16px"><p>Hello,</p><p>my order <b>10482</b> should have come on <i>Monday</i>. Could you look where it is?</p>${picture}<p>Thank you<br>Marta</p><hr><p style="color:#567">Nordwind Outdoor · <a href="https://shop.example" target="_blank">shop.example</a></p>`)}`;
}
