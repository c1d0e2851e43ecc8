import { language } from "../words/words.svelte";

/** How many digits a currency has behind its point; two for none. */
function digitsOf(currency: string): number {
  return currency ? (new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2) : 2;
}

/**
 * An amount as somebody types it, in the smallest unit of the currency: 1 234,50 and 1,234.50 are the same.
 * Null for nothing typed, NaN for what is no amount.
 */
export function amountOf(typed: string, currency: string): number | null {
  const text = typed.replace(/[\s\u00a0\u202f'’]/g, "");
  if (text === "") return null;
  const digits = digitsOf(currency);
  const [, whole = "", , part = ""] = /^(\d[\d.,]*?)(?:([.,])(\d{1,2}))?$/.exec(text) ?? [];
  // What stands before the last point parts thousands: then three digits follow each time.
  if (!/^(\d+|\d{1,3}([.,]\d{3})+)$/.test(whole) || part.length > digits) return NaN;
  const amount = Number(whole.replace(/[.,]/g, "") + part.padEnd(digits, "0"));
  return Number.isSafeInteger(amount) ? amount : NaN;
}

/** An amount in the smallest unit of the currency, as the agent's language writes it. */
export function moneyOf(amount: number, currency: string): string {
  const value = amount / 10 ** digitsOf(currency);
  const style = currency ? ({ style: "currency", currency } as const) : { minimumFractionDigits: 2 };
  return new Intl.NumberFormat(language(), style).format(value);
}
