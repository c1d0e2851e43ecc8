import type { AccountValue, AnyEvent } from "../wire";
import type { World } from "./world";

type Handler = (id: number, body: Record<string, unknown>, query: URLSearchParams) => unknown;

const found = (step: string, problem: string | null = null, words = "", why = "", facts: Record<string, string> = {}) => ({ step, problem, words, why, facts });
const text = (title: string, said: object = {}) => ({ type: "string", title, ...said });
const secret = (title: string) => ({ type: "string", title, format: "password", writeOnly: true });
const TWILIO = { account_sid: text("Account SID", { pattern: "^AC[0-9a-fA-F]{32}$", description: "From Twilio’s console; it begins with AC." }), auth_token: secret("Auth token"), api_sid: text("API key SID"), api_secret: secret("API key secret"), api_origin: text("Address of the API", { default: "https://api.twilio.com" }), opt_out: { enum: ["twilio", "hub"], type: "string", default: "twilio" } };

const KINDS = [
  {
    kind: "email",
    title: "E-mail",
    medium: "mail",
    settings: {
      required: ["address"],
      properties: {
        address: text("Address", { description: "The mailbox's own address: agents write from it, customers write to it." }),
        name: text("Name"),
        aliases: { type: "array", items: { type: "string" }, default: [] },
        signature: text("Signature", { maxLength: 20_000 }),
        incoming: { enum: ["imap", "listener", "none"], type: "string", default: "imap" },
        auth: { enum: ["password", "xoauth2"], type: "string", default: "password" },
        username: text("Username", { description: "The name to sign in with; empty for the address." }),
        password: secret("Password"),
        oauth_url: text("URL"),
        oauth_client_id: text("Client"),
        imap_host: text("Host", { description: "The server that mail is fetched from." }),
        imap_port: { type: "integer", minimum: 1, maximum: 65_535, default: 993, description: "993 with TLS, 143 with STARTTLS." },
        imap_security: { enum: ["tls", "starttls", "none"], type: "string", default: "tls" },
        folders: { type: "array", items: { type: "string" }, default: ["INBOX"] },
        after: { enum: ["keep", "seen", "move"], type: "string", default: "keep" },
        listener_port: { type: "integer", minimum: 1, default: 2525 },
        smtp_host: text("Host", { description: "The server that mail is sent by; empty: this mailbox only receives." }),
        smtp_port: { type: "integer", minimum: 1, default: 587 },
        smtp_security: { enum: ["tls", "starttls", "none"], type: "string", default: "starttls" },
        smtp_sign_in: { type: "boolean", default: true },
        plus_addressing: { type: "boolean" },
        certificates: text("Certificates", { maxLength: 100_000 }),
      },
    },
  },
  { kind: "sms", title: "SMS", medium: "chat", settings: { required: ["account_sid", "auth_token", "sender"], properties: { ...TWILIO, sender: text("Sender"), mms: { type: "boolean", default: true } } } },
  {
    kind: "whatsapp",
    title: "WhatsApp",
    medium: "chat",
    settings: {
      $defs: { Template: { type: "object", properties: { id: text("Content SID"), name: text("Name"), text: text("Text", { maxLength: 4_096 }), language: text("Language") } } },
      required: ["account_sid", "auth_token", "sender"],
      properties: { ...TWILIO, sender: text("Sender"), templates: { type: "array", items: { $ref: "#/$defs/Template" }, default: [] } },
    },
  },
  { kind: "telegram", title: "Telegram", medium: "chat", settings: { required: ["bot_token"], properties: { bot_token: secret("Bot token"), mode: { enum: ["webhook", "polling"], type: "string", default: "webhook" }, webhook_secret: secret("Webhook secret"), api_url: text("API", { default: "https://api.telegram.org" }) } } },
];

function account(id: number, said: Partial<AccountValue>): AccountValue {
  return { id, kind: "email", name: "", public_key: `k${id}abcdef0123456789`, queue_id: 1, settings: {}, manner: {}, state: "open", problem: "", disabled: false, version: 1, ...said };
}

/** Accounts of many channels, for the screens that set them up. */
export function accountsOf(fill: string): AccountValue[] {
  if (fill === "empty") return [];
  const hours = { timezone: "Europe/Warsaw", week: [[["09:00:00", "13:00:00"], ["14:00:00", "18:00:00"]], [["09:00:00", "18:00:00"]], [["09:00:00", "18:00:00"]], [["09:00:00", "18:00:00"]], [["09:00:00", "17:00:00"]], [], []], holidays: ["2026-12-25", "2027-01-01"] };
  return [
    account(11, { name: "support@shop.example", settings: { address: "support@shop.example", imap_host: "mail.shop.example", smtp_host: "mail.shop.example" }, manner: { language: "en", greeting: { en: "Thank you, we read this today." }, away: { en: "We are back on the next working day." }, hours, survey: true } }),
    account(12, { kind: "sms", name: "+48 732 000 111", state: "waiting", problem: "Twilio asks for patience." }),
    account(13, { kind: "whatsapp", name: "WhatsApp shop", state: "broken", problem: "The token was revoked. Enter a new one." }),
    account(14, { kind: "telegram", name: "@nordwind_bot", disabled: true }),
  ];
}

/** What is asked about accounts. */
export function accountHandlers(world: World, happen: (event: AnyEvent) => void): Record<string, Handler> {
  const change = (id: number, said: Partial<AccountValue>): AccountValue => {
    const before = world.accounts.find((one) => one.id === id) ?? account(id, {});
    const after = { ...before, ...said, version: before.version + 1 };
    world.accounts = [...world.accounts.filter((one) => one.id !== id), after];
    happen({ type: "AccountChanged", account: after });
    return after;
  };
  return {
    "GET /channels": () => ({ items: KINDS }),
    "POST /accounts": (_, body) => change(world.nextId(), body as Partial<AccountValue>),
    "PATCH /accounts/0": (id, { version: _, ...body }) => change(id, body as Partial<AccountValue>),
    "PUT /accounts/0/manner": (id, body) => change(id, { manner: body["manner"] as Record<string, unknown> }),
    "POST /accounts/examine": (_, body) => {
      if (body["kind"] !== "email") return { findings: [found("credentials"), found("sender"), found("webhook", "missing", "Messages do not come here. Set https://hub.example/in/sms at Twilio.", "messages_elsewhere", { url: "https://hub.example/in/sms" })] };
      return { findings: [found("imap"), found("folder"), found("smtp", "password")] };
    },
  };
}
