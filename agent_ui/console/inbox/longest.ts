/** Characters of a message or note, counted as the hub does: by code points. */
const MOST = 20_000;

/** How many characters have to go before the hub takes a text; 0 for one that fits. */
export function tooManyOf(text: string): number {
  // There are never more code points than units: a short text needs no counting.
  return text.length <= MOST ? 0 : Math.max(0, [...text].length - MOST);
}
