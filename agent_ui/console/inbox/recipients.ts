import type { Way } from "../api/ways";
import type { EntryValue, Named } from "../wire";

/** The address of `Name <address>`, or of the address alone, in lower case. */
export function addressOf(written: string): string {
  const inside = /<([^<>]*)>\s*$/.exec(written);
  return (inside?.[1] ?? written).trim().toLowerCase();
}

/** Whether it can be an address of mail. The hub has the last word. */
export function isAddress(written: string): boolean {
  const address = addressOf(written);
  return address.length <= 254 && /^[^\s@<>"(),;:\\]+@[^\s@<>"(),;:\\]+\.[^\s@<>"(),;:\\.]+$/u.test(address);
}

/** What was typed or pasted into a field for addresses, one by one; a comma inside quotation marks parts nothing. */
export function parted(typed: string): string[] {
  const found = typed.match(/(?:"[^"]*"|[^,;\n"])+/g) ?? [];
  return found.map((one) => one.replace(/^\s*"([^"]*)"\s*</, "$1 <").trim()).filter(Boolean);
}

/** Each address once, as it was written first, without those left out. */
export function distinct(all: readonly string[], without: readonly string[] = []): string[] {
  const seen = new Set(without.map(addressOf));
  return all.filter((one) => {
    const address = addressOf(one);
    if (!address || seen.has(address)) return false;
    seen.add(address);
    return true;
  });
}

/** Somebody as they stand in a field for addresses. */
export function spelled({ value, name }: Named): string {
  return name ? `${name} <${value}>` : value;
}

/** Whom a reply goes to: those named in it, else where their last words want it, else the address of the way. */
export function toOf(letter: { mode: string; to: readonly string[] }, way: Way): readonly string[] {
  if (letter.to.length || letter.mode === "forward") return letter.to;
  return way.to.length ? way.to.map(spelled) : [spelled({ value: way.display, name: way.name })];
}

/**
 * Who else has an answer to all of an entry: everybody it went to but us and those who are answered.
 *
 * Which addresses are ours the hub knows: they are those of the newest mail that it leaves out of `way.cc`.
 */
export function everybody(entry: EntryValue, newest: EntryValue | undefined, way: Way): string[] {
  const answered = [way.display, ...(entry.details?.answer_to ?? []).map((one) => one.value)];
  if (newest && entry.id === newest.id) return distinct(way.cc.map(spelled), answered);
  const others = new Set([...way.cc, ...way.to].map((one) => one.value));
  const ours = newest?.details ? [...newest.details.to, ...newest.details.cc].filter((one) => !others.has(one.value)) : [];
  const all = [...(entry.details?.to ?? []), ...(entry.details?.cc ?? [])];
  return distinct(all.map(spelled), [...answered, ...ours.map((one) => one.value)]);
}

// What mail programs put before the subject of an answer or a forwarded mail, in the languages of the house.
const BEFORE = /^\s*(?:re|fwd?|aw|wg|sv|vs|tr|rif|odp|pd|ha|отв|відп|пер|回复|答复|回覆|转发|轉寄|rv)(?:\[\d+\])?\s*[:：]\s*/iu;

/** A subject without what answering put before it. */
export function bareSubject(subject: string): string {
  let bare = subject.trim();
  while (BEFORE.test(bare)) bare = bare.replace(BEFORE, "");
  return bare;
}

/** The subject of an answer, or of a forwarded mail. */
export function subjectOf(subject: string, mode: "reply" | "all" | "forward"): string {
  const bare = bareSubject(subject);
  return mode === "forward" ? `Fwd: ${bare}`.trimEnd() : bare ? `Re: ${bare}` : "";
}
