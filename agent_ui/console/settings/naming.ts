import { t } from "../words/words.svelte";

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
  "choice.right",
  "choice.left",
] as const;
type Known = (typeof KNOWN)[number];
const HINTED = ["greeting", "offline_form", "allowed_origins", "max_file_bytes", "file_types"] as const;
type Hinted = (typeof HINTED)[number];

/** What a setting is called in the language shown; the channel's own English word for those the console does not know. */
export function labelOf(setting: { name: string; title: string }): string;
export function labelOf(setting: { name: string; title: string }, what: "hint"): string | undefined;
export function labelOf({ name, title }: { name: string; title: string }, what?: "hint"): string | undefined {
  if (what) return (HINTED as readonly string[]).includes(name) ? t(`setting_hint.${name as Hinted}`) : undefined;
  return (KNOWN as readonly string[]).includes(name) ? t(`setting.${name as Known}`) : title;
}
