const COLOURS = 8;

/** One or two letters that stand for a name; for Chinese names the last character, `#` where there is no letter. */
export function initialsOf(name: string): string {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? [];
  const first = words[0];
  if (!first) return "#";
  if (/\p{Script=Han}/u.test(first)) return [...first].at(-1) ?? "#";
  if (/^\p{N}/u.test(first)) return "#";
  const last = words.length > 1 ? words.at(-1) : undefined;
  return ([...first][0] ?? "").toUpperCase() + (last ? ([...last][0] ?? "").toUpperCase() : "");
}

/** The number of a name's colour: the same name always has the same. */
export function colourOf(name: string): number {
  let sum = 0;
  for (let i = 0; i < name.length; i++) sum = (sum * 31 + name.charCodeAt(i)) >>> 0;
  return sum % COLOURS;
}
