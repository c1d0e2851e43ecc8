import { t } from "../words/words.svelte";
import { translated } from "./channels/translated.svelte";

/** Settings that the console calls otherwise than their channel does, by their path. */
const KNOWN = [
  "title",
  "colour",
  "side",
  "default_language",
  "greeting",
  "pre_chat",
  "offline_form",
  "allowed_origins",
  "identity_secret",
  "max_file_bytes",
  "file_types",
  "question.name",
  "question.email",
  "question.phone",
  "address",
  "name",
  "aliases",
  "signature",
  "incoming",
  "auth",
  "username",
  "password",
  "oauth_url",
  "oauth_client_id",
  "oauth_client_secret",
  "oauth_refresh_token",
  "oauth_scope",
  "imap_host",
  "imap_port",
  "imap_security",
  "folders",
  "history_days",
  "after",
  "move_to",
  "authserv_id",
  "listener_host",
  "listener_port",
  "listener_protocol",
  "smtp_host",
  "smtp_port",
  "smtp_security",
  "smtp_sign_in",
  "smtp_username",
  "smtp_password",
  "plus_addressing",
  "certificates",
  "account_sid",
  "auth_token",
  "api_sid",
  "api_secret",
  "api_origin",
  "sender",
  "sender_name",
  "mms",
  "opt_out",
  "help_text",
  "templates",
  "bot_token",
  "mode",
  "webhook_secret",
  "api_url",
  "number",
  "more_numbers",
  "music",
  "patience",
  "countries",
  "prefixes",
  "forbidden",
  "agent_minute",
  "account_minute",
  "day_cost",
  "ari_url",
  "user",
  "app",
  "trunk",
  "extensions",
  "own_extensions",
  "caller_id",
  "sip_domain",
  "phone_url",
  "context",
  "sounds",
  "music_class",
  "ice_servers",
  "turn_user",
  "turn_password",
] as const;
type Known = (typeof KNOWN)[number];
const HINTED = ["greeting", "offline_form", "allowed_origins", "max_file_bytes", "file_types"] as const;
type Hinted = (typeof HINTED)[number];
const CHOICES = ["right", "left", "imap", "listener", "none", "tls", "starttls", "password", "xoauth2", "keep", "seen", "move", "webhook", "polling", "twilio", "hub", "json", "form", "basic", "bearer", "header", "query", "path", "hmac"] as const;

/** What a setting is called in the language shown. */
export function labelOf({ path, title }: { path: string; title: string }): string {
  return (KNOWN as readonly string[]).includes(path) ? t(`setting.${path as Known}`) : translated(title);
}

/** What is said below a setting in the language shown; nothing where its channel says nothing. */
export function hintOf({ path, hint }: { path: string; hint: string }): string | undefined {
  return (HINTED as readonly string[]).includes(path) ? t(`setting_hint.${path as Hinted}`) : translated(hint) || undefined;
}

/** What one of a setting's choices is called. */
export function choiceOf(choice: string): string {
  const known = CHOICES.find((one) => one === choice);
  return known ? t(`setting.choice.${known}`) : choice;
}
