import { pressablesOf } from "../inbox/buttons";
import { addressOf } from "../inbox/recipients";
import type { EntryValue, FileValue } from "../wire";
import type { Letter } from "./letters.svelte";

/** What went out, as much of it as tells whether something is left to send. */
export type Said = Pick<EntryValue, "text" | "files" | "details">;

/**
 * Whether what stands in a composer is what went out, in every part: words, files, and for a reply whom it answers,
 * who gets it, its subject, buttons, template and time. By which way it went is no part of it.
 */
export function isSaid({ text, files }: { text: string; files: readonly FileValue[] }, letter: Letter | null, entry: Said): boolean {
  const words = text.trim();
  const ids = new Set(entry.files.map((file) => file.id));
  const haveAll = files.every((file) => ids.has(file.id));
  // The hub puts the words and files of a forwarded mail below.
  if (letter?.mode === "forward") return entry.text.startsWith(words) && haveAll && areSame(letter.to, entry.details?.to) && isSameLetter(letter, entry);
  // Words beside a template are kept for later.
  const isWhole = letter?.template ? words === "" : words === entry.text.trim();
  return isWhole && haveAll && files.length === ids.size && (letter === null || isSameLetter(letter, entry));
}

function isSameLetter(letter: Letter, { details }: Said): boolean {
  const template = letter.template ?? { id: "", variables: {} };
  const buttons = letter.template ? [] : pressablesOf(letter.buttons);
  return (
    (letter.mode === "forward" || letter.about === (details?.reply_to_id ?? null)) &&
    (letter.subject === null || letter.subject.trim() === (details?.subject ?? "")) &&
    areSame(letter.cc, details?.cc) &&
    areSame(letter.bcc, details?.bcc) &&
    template.id === (details?.template ?? "") &&
    Object.entries(template.variables).every(([gap, value]) => details?.variables[gap] === value) &&
    JSON.stringify(buttons) === JSON.stringify((details?.buttons ?? []).map((one) => ({ text: one.text, url: one.url }))) &&
    letter.sendAt === (details?.send_at ?? null)
  );
}

function areSame(written: readonly string[], named: readonly { value: string }[] = []): boolean {
  const sorted = (all: string[]) => JSON.stringify([...new Set(all)].sort());
  return sorted(written.map(addressOf)) === sorted(named.map((one) => addressOf(one.value)));
}
