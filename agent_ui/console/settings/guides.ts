import type { Control } from "./schema";

export type Values = Record<string, unknown>;
export type SectionId = "sending" | "reports" | "address" | "incoming" | "sign_in" | "outgoing" | "calls_out" | "softphones" | "look" | "provider" | "advanced";

/** A part of the form of a channel account. */
export interface Section {
  id: SectionId;
  controls: Control[];
}

interface Guide {
  sections: readonly { id: SectionId; names: readonly string[] }[];
  /** Settings that make no sense with what is chosen elsewhere are not shown. */
  when?: Record<string, (values: Values) => boolean>;
}

const byImap = (values: Values): boolean => values["incoming"] === "imap";
const byListener = (values: Values): boolean => values["incoming"] === "listener";
const byOauth = (values: Values): boolean => values["auth"] === "xoauth2";
const turns = (values: Values): boolean => ((values["ice_servers"] as string[] | undefined) ?? []).some((url) => url.startsWith("turn"));
const encrypted = (values: Values): boolean => [values["ari_url"], values["phone_url"]].some((url) => /^(https|wss):/.test(String(url)));
const sends = (values: Values): boolean => values["smtp_host"] !== "";

// Settings that stand in no section are below "advanced".
const TWILIO: Guide = { sections: [{ id: "provider", names: ["account_sid", "auth_token"] }, { id: "address", names: ["sender", "templates", "mms", "opt_out", "help_text"] }] };

const GUIDES: Record<string, Guide> = {
  email: {
    sections: [
      { id: "address", names: ["address", "name", "aliases", "signature"] },
      { id: "incoming", names: ["incoming", "imap_host", "imap_port", "imap_security", "folders", "history_days", "after", "move_to", "listener_host", "listener_port", "listener_protocol"] },
      { id: "sign_in", names: ["auth", "username", "password", "oauth_url", "oauth_client_id", "oauth_client_secret", "oauth_refresh_token", "oauth_scope"] },
      { id: "outgoing", names: ["smtp_host", "smtp_port", "smtp_security"] },
    ],
    when: {
      imap_host: byImap,
      imap_port: byImap,
      imap_security: byImap,
      folders: byImap,
      history_days: byImap,
      after: byImap,
      move_to: (values) => byImap(values) && values["after"] === "move",
      listener_host: byListener,
      listener_port: byListener,
      listener_protocol: byListener,
      oauth_url: byOauth,
      oauth_client_id: byOauth,
      oauth_client_secret: byOauth,
      oauth_refresh_token: byOauth,
      oauth_scope: byOauth,
      password: (values) => !byOauth(values),
      smtp_port: sends,
      smtp_security: sends,
      smtp_sign_in: sends,
      smtp_username: (values) => sends(values) && values["smtp_sign_in"] !== false,
      smtp_password: (values) => sends(values) && values["smtp_sign_in"] !== false,
    },
  },
  gateway: {
    sections: [
      { id: "sending", names: ["sender", "url", "method", "body_kind", "body", "headers", "auth", "auth_name", "auth_secret"] },
      { id: "reports", names: ["check", "check_name", "check_secret", "check_digest"] },
    ],
    when: {
      body: (values) => values["body_kind"] !== "none",
      auth_name: (values) => values["auth"] === "basic" || values["auth"] === "header",
      check_name: (values) => values["check"] !== "path",
      check_digest: (values) => values["check"] === "hmac",
    },
  },
  viber: { sections: [{ id: "provider", names: ["auth_token", "sender_name"] }] },
  sms: TWILIO,
  voice: {
    sections: [
      { id: "provider", names: ["account_sid", "auth_token", "api_sid", "api_secret"] },
      { id: "address", names: ["number", "more_numbers", "music", "countries", "prefixes"] },
    ],
  },
  asterisk: {
    sections: [
      { id: "provider", names: ["ari_url", "user", "password", "certificates", "app"] },
      { id: "calls_out", names: ["trunk", "caller_id", "countries", "prefixes", "extensions", "own_extensions"] },
      { id: "softphones", names: ["ice_servers", "turn_user", "turn_password", "phone_url"] },
    ],
    when: { certificates: encrypted, turn_user: turns, turn_password: turns },
  },
  whatsapp: TWILIO,
  telegram: {
    sections: [{ id: "provider", names: ["bot_token", "mode", "webhook_secret"] }],
    when: { webhook_secret: (values) => values["mode"] !== "polling" },
  },
  webchat: { sections: [{ id: "look", names: ["title", "colour", "side", "default_language", "greeting"] }, { id: "address", names: ["allowed_origins", "pre_chat", "offline_form"] }] },
};

/**
 * The sections of an account's form, with what makes sense for these values; an empty section is left out.
 * Of a channel the console knows nothing of, what has to be filled in stands first and the rest is advanced.
 */
export function sectionsOf(kind: string, controls: readonly Control[], values: Values): Section[] {
  const guide = GUIDES[kind] ?? { sections: [{ id: "provider" as const, names: controls.filter(({ required, kind: of }) => required || of === "secret").map(({ name }) => name) }] };
  const fits = (control: Control): boolean => guide.when?.[control.name]?.(values) ?? true;
  const placed = new Set(guide.sections.flatMap(({ names }) => names));
  const found = guide.sections.map(({ id, names }) => ({ id, controls: names.flatMap((name) => controls.find((one) => one.name === name) ?? []).filter(fits) }));
  const rest = controls.filter((control) => !placed.has(control.name) && fits(control));
  // A channel in which nothing has to be filled in shows everything.
  const all = found.every((section) => !section.controls.length) ? [{ id: "provider" as const, controls: rest }] : [...found, { id: "advanced" as const, controls: rest }];
  return all.filter((section) => section.controls.length);
}

/** Kinds of accounts to which a provider has to be told an address of ours. */
export function needsWebhook(kind: string): boolean {
  return ["sms", "whatsapp", "voice", "gateway"].includes(kind);
}
