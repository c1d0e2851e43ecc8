/** A piece of a text, and whether it is what was looked for. */
export interface Piece {
  text: string;
  hit: boolean;
}

/** The text in pieces. `marks` are [from, to) as JavaScript counts, in UTF-16 units. */
export function marked(text: string, marks: readonly (readonly [number, number])[]): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const [from, to] of [...marks].sort((a, b) => a[0] - b[0])) {
    const start = Math.max(at, from);
    const end = Math.min(to, text.length);
    if (end <= start) continue;
    if (start > at) pieces.push({ text: text.slice(at, start), hit: false });
    pieces.push({ text: text.slice(start, end), hit: true });
    at = end;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), hit: false });
  return pieces;
}

interface Letter {
  /** In lower case, which may be longer than the letter itself. */
  low: string;
  from: number;
  to: number;
}

/** Where words typed begin a word of the text, whatever their case; numbers are found through their punctuation. */
export function hits(text: string, typed: string): [number, number][] {
  const letters = lettersOf(text);
  const found = typed.split(/\s+/).flatMap((word) => wordHits(letters, [...word].map((letter) => letter.toLocaleLowerCase())));
  const digits = typed.replace(/\D/g, "");
  return found.length || digits.length < 3 ? found : numberHit(letters, digits);
}

function lettersOf(text: string): Letter[] {
  let at = 0;
  return [...text].map((letter) => ({ low: letter.toLocaleLowerCase(), from: at, to: (at += letter.length) }));
}

function wordHits(letters: readonly Letter[], wanted: readonly string[]): [number, number][] {
  const found: [number, number][] = [];
  for (let first = 0; wanted.length && first + wanted.length <= letters.length; first++) {
    const before = letters[first - 1]?.low ?? " ";
    const begins = !/[\p{L}\p{N}]/u.test(before) || /\p{Script=Han}/u.test(letters[first]?.low ?? "");
    const last = letters[first + wanted.length - 1];
    if (begins && last && wanted.every((low, n) => letters[first + n]?.low === low)) found.push([letters[first]?.from ?? 0, last.to]);
  }
  return found;
}

function numberHit(letters: readonly Letter[], digits: string): [number, number][] {
  const numerals = letters.filter(({ low }) => /\d/.test(low));
  const at = numerals.map(({ low }) => low).join("").indexOf(digits);
  const first = numerals[at];
  const last = numerals[at + digits.length - 1];
  return at < 0 || !first || !last ? [] : [[first.from, last.to]];
}

/** Whether every word typed begins a word of the text. */
export function matches(text: string, typed: string): boolean {
  return typed
    .split(/\s+/)
    .filter(Boolean)
    .every((word) => hits(text, word).length > 0);
}
