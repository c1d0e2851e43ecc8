import type { Extras } from "../api/conversations";
import type { Way } from "../api/ways";
import type { Letter } from "../desk/letters.svelte";
import type { EntryValue } from "../wire";
import { pressablesOf } from "./buttons";
import { addressOf, distinct, everybody, spelled, subjectOf, toOf } from "./recipients";
import { keyOf } from "./ways";

/** What a letter says to the hub. Only what its way can carry is said; without a way the hub chooses one. */
export function extrasOf(letter: Letter, way: Way | null): Extras {
  const extras: Extras = {};
  if (letter.sendAt !== null) extras.send_at = letter.sendAt;
  if (letter.about !== null && letter.mode !== "forward") extras.reply_to_id = letter.about;
  if (!way) return extras;
  const { carries } = way;
  extras.way = keyOf(way);
  if (letter.template) extras.template = letter.template;
  if (letter.mode === "forward" && letter.about !== null) {
    extras.forward_of = letter.about;
    extras.to = letter.to.map(addressOf);
  }
  if (carries.subject) extras.subject = letter.subject ?? way.subject;
  if (carries.html && letter.html) extras.html = letter.html;
  const buttons = carries.buttons && !letter.template ? pressablesOf(letter.buttons) : [];
  if (buttons.length) extras.buttons = buttons;
  if (carries.copies) {
    // What one sees is what goes: a letter that came meanwhile may want its answer elsewhere.
    if (letter.to.length || way.to.length) extras.to = toOf(letter, way).map(addressOf);
    if (letter.cc.length) extras.cc = letter.cc.map(addressOf);
    if (letter.bcc.length) extras.bcc = letter.bcc.map(addressOf);
  }
  return extras;
}

/** Whether a letter says what only a known way carries: without one it would go without that, or to somebody else. */
export function needsWay({ mode, to, cc, bcc, subject, template, buttons }: Letter): boolean {
  return mode === "forward" || to.length + cc.length + bcc.length > 0 || subject !== null || template !== null || pressablesOf(buttons).length > 0;
}

/** What answering, answering to all or forwarding an entry begins with. `newest` is the newest that came. */
export function begun(mode: Letter["mode"], entry: EntryValue, who: string, newest: EntryValue | undefined, way: Way | null): Partial<Letter> {
  const mail = way?.carries.subject ?? false;
  return {
    mode,
    about: entry.id,
    quote: [who, (entry.text || entry.details?.subject || entry.files[0]?.name || "").replace(/\s+/g, " ").slice(0, 140)].filter(Boolean).join(": "),
    subject: mail ? subjectOf(entry.details?.subject || way?.subject || "", mode) : null,
    to: mode !== "forward" && way?.carries.copies ? wantedAt(entry, way) : [],
    cc: mode === "all" && way ? distinct(everybody(entry, newest, way)) : [],
    bcc: [],
  };
}

/** Where an entry wants its answer; none where that is what the way says by itself. */
function wantedAt(entry: EntryValue, way: Way): string[] {
  if (entry.direction !== "in") return [];
  const wanted = entry.details?.answer_to ?? [];
  if (wanted.length) return wanted.map(spelled);
  return way.to.length ? [spelled({ value: way.display, name: way.name })] : [];
}
