/** Characters of a message or note as the composer takes them, by code points: as the hub counts what a channel carries. */
const MOST = 20_000;

/** How many characters have to go before a text can go; 0 for one that fits. */
export function tooManyOf(text: string): number {
  // There are never more code points than units: a short text needs no counting.
  return text.length <= MOST ? 0 : Math.max(0, [...text].length - MOST);
}
