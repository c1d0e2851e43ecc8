/** What a text takes of SMS segments (3GPP TS 23.038 and 23.040). */
export interface Segments {
  encoding: "gsm7" | "ucs2";
  /** As people count them: code points. */
  characters: number;
  /** Septets of GSM-7, or 16-bit units of UCS-2. */
  units: number;
  parts: number;
  /** Units that fit into each part. */
  per_part: number;
  /** Units that still fit into the last part. */
  left: number;
}

const BASIC = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
const EXTENDED = new Set("\f^{}\\[~]|€");

/** Counts a text as a phone network does; a character of two units is never cut in two. */
export function count(text: string): Segments {
  const signs = [...text];
  const isGsm = signs.every((sign) => BASIC.has(sign) || EXTENDED.has(sign));
  const sizes = signs.map((sign) => (isGsm ? (EXTENDED.has(sign) ? 2 : 1) : sign.length));
  const units = sizes.reduce((sum, size) => sum + size, 0);
  const [alone, joined] = isGsm ? [160, 153] : [70, 67];
  const shared = { encoding: isGsm ? "gsm7" : "ucs2", characters: signs.length, units } as const;
  if (units <= alone) return { ...shared, parts: units ? 1 : 0, per_part: alone, left: alone - units };
  let parts = 1;
  let filled = 0;
  for (const size of sizes) {
    if (filled + size > joined) {
      parts += 1;
      filled = 0;
    }
    filled += size;
  }
  return { ...shared, parts, per_part: joined, left: joined - filled };
}
