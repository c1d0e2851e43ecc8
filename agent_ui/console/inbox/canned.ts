import type { CannedValue } from "../wire";

/** What canned replies may speak of. */
export interface Known {
  contact: { name: string };
  agent: { name: string };
}

/** The text with `{{contact.name}}` and its like filled in, as text; what is unknown stays as it is. */
export function filledIn(text: string, known: Known): string {
  return text.replace(/\{\{\s*(contact|agent)\.(name|first_name)\s*\}\}/g, (whole, who: keyof Known, part: string) => {
    const name = known[who].name;
    if (!name) return whole;
    return part === "first_name" ? (name.split(/\s+/)[0] ?? name) : name;
  });
}

/** The `/word` or `@word` that the caret stands behind, and where it begins. */
export function word(text: string, caret: number, sign: "/" | "@"): { from: number; typed: string } | null {
  const from = text.lastIndexOf(sign, caret - 1);
  if (from < 0 || (from > 0 && !/[\s(]/.test(text[from - 1] ?? ""))) return null;
  const typed = text.slice(from + 1, caret);
  return typed.length <= 40 && !/\n/.test(typed) && (sign === "@" || !/\s/.test(typed)) ? { from, typed } : null;
}

/**
 * Canned replies that fit what was typed, those whose shortcut begins with it first; of equal ones those in the
 * contact's language (a BCP 47 tag, empty when nobody knows it) before those of no language and of another.
 */
export function fitting(canned: readonly CannedValue[], typed: string, spoken = ""): CannedValue[] {
  const wanted = typed.toLocaleLowerCase();
  const rank = (one: CannedValue) =>
    one.shortcut.toLocaleLowerCase().startsWith(wanted) ? 0 : `${one.shortcut} ${one.title}`.toLocaleLowerCase().includes(wanted) ? 1 : one.text.toLocaleLowerCase().includes(wanted) ? 2 : 3;
  return canned
    .map((one) => ({ one, rank: rank(one) }))
    .filter(({ rank }) => rank < 3)
    .sort((a, b) => a.rank - b.rank || foreignness(a.one, spoken) - foreignness(b.one, spoken) || a.one.shortcut.localeCompare(b.one.shortcut))
    .map(({ one }) => one)
    .slice(0, 30);
}

/** How far a canned reply's language is from the one spoken. */
function foreignness({ language }: CannedValue, spoken: string): number {
  if (!language || !spoken) return 1;
  return primary(language) === primary(spoken) ? 0 : 2;
}

function primary(tag: string): string {
  return tag.toLowerCase().split("-")[0] ?? "";
}
