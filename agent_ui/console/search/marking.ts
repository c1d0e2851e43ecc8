/** A piece of a text, and whether it is what was looked for. */
export interface Piece {
  text: string;
  hit: boolean;
}

/** The text in pieces. `marks` are [from, to) in whole characters (code points), as the hub counts them. */
export function marked(text: string, marks: readonly (readonly [number, number])[]): Piece[] {
  const characters = [...text];
  const pieces: Piece[] = [];
  let at = 0;
  for (const [from, to] of [...marks].sort((a, b) => a[0] - b[0])) {
    const start = Math.max(at, from);
    const end = Math.min(to, characters.length);
    if (end <= start) continue;
    if (start > at) pieces.push({ text: characters.slice(at, start).join(""), hit: false });
    pieces.push({ text: characters.slice(start, end).join(""), hit: true });
    at = end;
  }
  if (at < characters.length) pieces.push({ text: characters.slice(at).join(""), hit: false });
  return pieces;
}

/** Where words typed begin a word of the text, whatever their case; numbers are found through their punctuation. */
export function hits(text: string, typed: string): [number, number][] {
  const characters = [...text].map((character) => character.toLocaleLowerCase());
  const found: [number, number][] = [];
  for (const word of typed.toLocaleLowerCase().split(/\s+/).filter(Boolean)) {
    const wanted = [...word];
    for (let from = 0; from + wanted.length <= characters.length; from++) {
      const begins = from === 0 || !/[\p{L}\p{N}]/u.test(characters[from - 1] ?? "") || /\p{Script=Han}/u.test(characters[from] ?? "");
      if (begins && wanted.every((character, n) => characters[from + n] === character)) found.push([from, from + wanted.length]);
    }
  }
  const digits = typed.replace(/\D/g, "");
  if (digits.length >= 3 && !found.length) found.push(...numberHit(characters, digits));
  return found;
}

function numberHit(characters: readonly string[], digits: string): [number, number][] {
  const places = characters.flatMap((character, place) => (/\d/.test(character) ? [place] : []));
  const from = places.map((place) => characters[place]).join("").indexOf(digits);
  const first = places[from];
  const last = places[from + digits.length - 1];
  return from < 0 || first === undefined || last === undefined ? [] : [[first, last + 1]];
}

/** Whether every word typed begins a word of the text. */
export function matches(text: string, typed: string): boolean {
  return typed
    .split(/\s+/)
    .filter(Boolean)
    .every((word) => hits(text, word).length > 0);
}
