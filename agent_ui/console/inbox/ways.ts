import type { Way, WayKey, WayState } from "../api/ways";
import type { Letter } from "../desk/letters.svelte";
import { soon, t } from "../words/words.svelte";
import type { FileValue } from "../wire";
import { type ButtonTrouble, troubleOfButtons } from "./buttons";
import { isAddress } from "./recipients";

/** Whether both are the same identity by the same account. */
export function isSame(one: WayKey | null, other: WayKey | null): boolean {
  return one !== null && other !== null && one.identity_id === other.identity_id && one.account_id === other.account_id;
}

export function keyOf({ identity_id, account_id }: WayKey): WayKey {
  return { identity_id, account_id };
}

/** The way a reply takes: the one chosen while it is there, else the conversation's own, else the first that is free. */
export function takenWay(ways: readonly Way[], chosen: WayKey | null): Way | null {
  return ways.find((one) => isSame(one, chosen)) ?? ways.find((one) => one.is_default) ?? ways.find((one) => one.state === "open" && !one.is_guest) ?? ways[0] ?? null;
}

/** What a way allows at a moment: a window that ended since it was asked for leaves templates, or nothing. */
export function stateOf(way: Way, now: number): WayState {
  if (way.state !== "open" || way.window_until === null || way.window_until > now) return way.state;
  return way.carries.templates.length ? "template" : "closed";
}

/** Other ways that are free now, for a message that did not get through by one. */
export function others(ways: readonly Way[], failed: WayKey, now: number): Way[] {
  return ways.filter((one) => !isSame(one, failed) && !one.is_guest && stateOf(one, now) === "open");
}

/** Why a message cannot go; none when it can. */
export type Trouble =
  | ButtonTrouble
  | { code: "closed"; why: Exclude<Way["why"], ""> | "unknown" }
  | { code: "template" | "gaps" | "nobody" | "past" | "after_window" | "no_files" }
  | { code: "address"; value: string }
  | { code: "too_long"; n: number }
  | { code: "too_many_files"; n: number }
  | { code: "file_too_large"; name: string };

export interface Written {
  text: string;
  files: readonly FileValue[];
}

/** The first thing that keeps a reply from going this way, in the order in which one would mend it. */
export function troubleOf(way: Way, { text, files }: Written, letter: Letter, now: number): Trouble | null {
  const state = stateOf(way, now);
  const isToOthers = way.why === "no_address" && letter.to.length > 0;
  if (state === "closed" && !isToOthers) return { code: "closed", why: way.why || (way.window_until === null ? "unknown" : "window") };
  if (state === "template" && !letter.template) return { code: "template" };
  if (letter.template && Object.values(letter.template.variables).some((value) => !value.trim())) return { code: "gaps" };
  const { max_text, max_files, max_file_bytes, copies } = way.carries;
  if (letter.mode === "forward" && !letter.to.length) return { code: "nobody" };
  const wrong = copies ? [...letter.to, ...letter.cc, ...letter.bcc].find((one) => !isAddress(one)) : undefined;
  if (wrong !== undefined) return { code: "address", value: wrong };
  const tooLong = max_text === null ? 0 : [...text].length - max_text;
  if (tooLong > 0) return { code: "too_long", n: tooLong };
  if (files.length && max_file_bytes === 0) return { code: "no_files" };
  if (max_files !== null && files.length > max_files) return { code: "too_many_files", n: max_files };
  const heavy = files.find((file) => file.size > max_file_bytes);
  if (heavy) return { code: "file_too_large", name: heavy.name };
  // Beside a template they are kept for later, as the text is.
  const pressed = letter.template ? null : troubleOfButtons(letter.buttons, text, way.carries.buttons);
  if (pressed) return pressed;
  if (letter.sendAt !== null && letter.sendAt <= now) return { code: "past" };
  if (letter.sendAt !== null && way.window_until !== null && letter.sendAt >= way.window_until && !letter.template) return { code: "after_window" };
  return null;
}

/** A trouble in the person's language. */
export function inWords(trouble: Trouble): string {
  if (trouble.code === "closed") return t(`way.why.${trouble.why}`);
  return t(`way.trouble.${trouble.code}`, trouble);
}

/** A template's gaps by name, in the order in which they stand. */
export function gapsOf(text: string): string[] {
  return [...new Set([...text.matchAll(/\{\{\s*([^{}]+?)\s*\}\}/g)].map((found) => found[1] ?? ""))];
}

/** A template's text with its gaps filled; a gap that nothing stands in stays as it is. */
export function filled(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{\s*([^{}]+?)\s*\}\}/g, (whole, name: string) => variables[name] || whole);
}

/** Kinds of address that are a program's key: the name beside it says more, in a group its title too. */
const KEYS: ReadonlySet<string> = new Set(["telegram", "viber"]);

/** The address a way leads to, for the eye: a visitor's own is a key that says nothing. */
export function addressed({ scheme, name, display }: Pick<Way, "scheme" | "name" | "display">): string {
  if (KEYS.has(scheme)) return name || display;
  return scheme === "visitor" ? name || t("contact.visitor") : display;
}

/** What a way allows at a moment, in a sentence. */
export function rulesOf(way: Way, now: number): string {
  const state = stateOf(way, now);
  if (state === "closed") return inWords({ code: "closed", why: way.why || (way.window_until === null ? "unknown" : "window") });
  if (state === "template") return t("way.template");
  const said: string[] = [];
  if (way.window_until !== null) said.push(t("way.until", { when: soon(way.window_until, now) }));
  if (way.carries.segments) said.push(t("way.by_segments"));
  if (way.carries.max_file_bytes === 0) said.push(t("way.no_files"));
  return said.join(" · ") || t("way.open");
}
