// Text, times and sizes as people read them.

import { h } from "./dom";
import type { Say } from "./words/words";

const LINK = /https?:\/\/[^\s<>"'`\u202a-\u202e\u2066-\u2069]{2,2000}/g;
const TAIL = /[.,;:!?)\]}]+$/;

/** Plain text as nodes: web addresses become links, everything else stays text. */
export function linked(text: string): Node[] {
  const nodes: Node[] = [];
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    const address = match[0].replace(TAIL, "");
    if (!web(address)) continue;
    nodes.push(document.createTextNode(text.slice(at, match.index)));
    nodes.push(h("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, address));
    at = match.index + address.length;
  }
  nodes.push(document.createTextNode(text.slice(at)));
  return nodes;
}

/** Whether an address is one of the web; `javascript:` and its kin are none. */
export function web(address: string): boolean {
  try {
    return ["http:", "https:"].includes(new URL(address, location.href).protocol);
  } catch {
    return false;
  }
}

export class Formats {
  private readonly locale: string;
  private readonly clock: Intl.DateTimeFormat;
  private readonly date: Intl.DateTimeFormat;
  private readonly exact: Intl.DateTimeFormat;

  constructor(
    language: string,
    private readonly say: Say,
  ) {
    // Somebody who reads English in Britain writes times as in Britain.
    const locale = navigator.languages?.find((tag) => tag.slice(0, 2) === language.slice(0, 2)) ?? language;
    this.locale = locale;
    this.clock = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
    this.date = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric" });
    this.exact = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "medium" });
  }

  time(at: number): string {
    return this.clock.format(at);
  }

  moment(at: number): string {
    return this.exact.format(at);
  }

  day(at: number, now: number): string {
    const days = Math.round((midnight(now) - midnight(at)) / 86_400_000);
    return days === 0 ? this.say("today") : days === 1 ? this.say("yesterday") : this.date.format(at);
  }

  size(bytes: number): string {
    const mega = bytes >= 1_000_000;
    return new Intl.NumberFormat(this.locale, {
      style: "unit",
      unit: mega ? "megabyte" : "kilobyte",
      unitDisplay: "short",
      maximumFractionDigits: mega ? 1 : 0,
    }).format(mega ? bytes / 1_000_000 : Math.max(1, bytes / 1_000));
  }
}

function midnight(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}
