/** A piece of a message's text: words as they are, or words that lead somewhere. */
export interface Piece {
  text: string;
  href?: string;
}

const ADDRESS = /\bhttps?:\/\/[^\s<>"'`|\\^{}\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202f\u2066-\u2069]+/gi;
const AFTER = /[.,:;!?'"’”»、。，！？）】》]+$/;

/** The text with its http and https addresses found. Nothing else ever becomes a link. */
export function linked(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const found of text.matchAll(ADDRESS)) {
    const address = trimmed(found[0]);
    const href = safe(address);
    if (!href) continue;
    if (found.index > from) pieces.push({ text: text.slice(from, found.index) });
    pieces.push({ text: address, href });
    from = found.index + address.length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from) });
  return pieces;
}

/** Without the punctuation that ends the sentence, and without a bracket that the sentence opened. */
function trimmed(address: string): string {
  let end = address.replace(AFTER, "");
  while (end.endsWith(")") && end.split(")").length > end.split("(").length) end = end.slice(0, -1).replace(AFTER, "");
  return end;
}

function safe(address: string): string | null {
  try {
    const url = new URL(address);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}
