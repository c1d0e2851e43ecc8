import type { ButtonTyped } from "../desk/letters.svelte";

/** The longest that the hub takes. */
export const LONGEST_TEXT = 40;
export const LONGEST_LINK = 500;

/** Why buttons cannot go; none when they can. */
export type ButtonTrouble =
  | { code: "too_many_buttons"; n: number }
  | { code: "bare_buttons" | "mute_button" | "no_buttons" }
  | { code: "button_link" | "same_buttons"; value: string };

/** The address of the web that was typed, whole and in plain letters: "" for nothing, none for what is no address. */
export function linkOf(typed: string): string | null {
  const bare = typed.trim();
  if (!bare) return "";
  try {
    const url = new URL(/^[a-z][a-z\d+.-]*:(?!\d)/i.test(bare) ? bare : `https://${bare}`);
    const isWeb = url.protocol === "https:" || url.protocol === "http:";
    return isWeb && url.hostname.includes(".") && !url.hostname.endsWith(".") && url.href.length <= LONGEST_LINK ? url.href : null;
  } catch {
    return null;
  }
}

/** What goes: without rows that nothing stands in. */
export function pressablesOf(buttons: readonly ButtonTyped[]): ButtonTyped[] {
  return buttons.filter(isSaid).map(({ text, url }) => ({ text: text.trim(), url: linkOf(url) ?? "" }));
}

/** What they say and where they lead, a line each, for a text that goes without them. */
export function linesOf(buttons: readonly ButtonTyped[]): string {
  return buttons
    .filter(isSaid)
    .map(({ text, url }) => `• ${[text.trim(), linkOf(url) ?? url.trim()].filter(Boolean).join(": ")}`)
    .join("\n");
}

/** The first thing that keeps these buttons from going below this text. */
export function troubleOfButtons(buttons: readonly ButtonTyped[], text: string, most: number): ButtonTrouble | null {
  const said = buttons.filter(isSaid);
  if (!said.length) return null;
  if (most === 0) return { code: "no_buttons" };
  if (said.length > most) return { code: "too_many_buttons", n: most };
  const wrong = said.find(({ url }) => linkOf(url) === null);
  if (wrong) return { code: "button_link", value: wrong.url.trim() };
  if (said.some((one) => !one.text.trim())) return { code: "mute_button" };
  const words = said.map((one) => one.text.trim());
  const twice = words.find((one, n) => words.indexOf(one) !== n);
  if (twice !== undefined) return { code: "same_buttons", value: twice };
  return text.trim() ? null : { code: "bare_buttons" };
}

function isSaid({ text, url }: ButtonTyped): boolean {
  return text.trim() !== "" || url.trim() !== "";
}
