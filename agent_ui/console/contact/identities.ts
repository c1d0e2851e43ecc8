import { atSign, globe, hash, mail, messageCircleMore, messagesSquare, phone, send } from "../parts/shapes";
import type { IdentityValue } from "../wire";

const SHAPES: Record<string, string> = { tel: phone, mailto: mail, telegram: send, whatsapp: messageCircleMore, viber: messagesSquare, visitor: globe, external: hash };

/** The picture of an address's kind. */
export function shapeOfScheme(scheme: string): string {
  return SHAPES[scheme] ?? atSign;
}

/** Those facts of an identity that are shown, in this order; the page comes first. */
const SHOWN = ["page", "referrer", "claimed_email", "claimed_phone", "language", "browser"] as const;
export type ShownFact = (typeof SHOWN)[number];

export function shownFacts(identity: IdentityValue): { name: ShownFact; value: string; href: string | null }[] {
  return SHOWN.flatMap((name) => {
    const value = identity.facts[name];
    return value ? [{ name, value: name === "browser" ? browserOf(value) : value, href: name === "page" || name === "referrer" ? safe(value) : null }] : [];
  });
}

/** An address of the web and nothing else: what visitors send must not become script. */
function safe(address: string): string | null {
  try {
    const url = new URL(address);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

/** A language tag by its name in another language; the tag itself when it is none. */
export function languageOf(tag: string, inLanguage: string): string {
  try {
    return new Intl.DisplayNames([inLanguage], { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** A User-Agent as a person says it: "Firefox, Windows". */
export function browserOf(agent: string): string {
  const browser = /Edg\//.test(agent) ? "Edge" : /OPR\//.test(agent) ? "Opera" : /Firefox\//.test(agent) ? "Firefox" : /Chrom(e|ium)\//.test(agent) ? "Chrome" : /Safari\//.test(agent) ? "Safari" : "";
  const system = /iPhone|iPad/.test(agent) ? "iOS" : /Android/.test(agent) ? "Android" : /Windows/.test(agent) ? "Windows" : /Mac OS X/.test(agent) ? "macOS" : /Linux/.test(agent) ? "Linux" : "";
  return browser ? [browser, system].filter(Boolean).join(", ") : agent;
}
