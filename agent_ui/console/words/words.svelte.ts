import type { Catalogue, Key } from "./en";

export type { Key } from "./en";
export type Language = "en" | "uk" | "ru" | "pl" | "zh-CN";
export type Facts = Record<string, string | number | null | undefined>;

/** The languages of the console, each by its own name. */
export const LANGUAGES: readonly { code: Language; name: string }[] = [
  { code: "en", name: "English" },
  { code: "uk", name: "Українська" },
  { code: "ru", name: "Русский" },
  { code: "pl", name: "Polski" },
  { code: "zh-CN", name: "简体中文" },
];

const SOURCES: Record<Language, () => Promise<{ default: Record<Key, Phrase> }>> = {
  en: () => import("./en"),
  uk: () => import("./uk"),
  ru: () => import("./ru"),
  pl: () => import("./pl"),
  "zh-CN": () => import("./zh-CN"),
};

/** A sentence, or one sentence for each plural form of `{n}` by Intl.PluralRules. */
export type Phrase = string | Partial<Record<Intl.LDMLPluralRule, string>>;

interface Spoken {
  language: Language;
  /** The language with the region the browser names: how times and numbers are written. */
  locale: string;
  catalogue: Record<string, Phrase>;
  plural: Intl.PluralRules;
  number: Intl.NumberFormat;
}

let spoken = $state.raw<Spoken>({
  language: "en",
  locale: "en",
  catalogue: {},
  plural: new Intl.PluralRules("en"),
  number: new Intl.NumberFormat("en"),
});

/** The language shown now, as a BCP 47 tag. */
export function language(): Language {
  return spoken.language;
}

/** Loads a language and shows everything in it. */
export async function speak(wanted: Language): Promise<void> {
  const catalogue = (await SOURCES[wanted]()).default as Catalogue;
  const locale = navigator.languages?.find((tag) => tag.split("-")[0] === wanted.split("-")[0]) ?? wanted;
  spoken = { language: wanted, locale, catalogue, plural: new Intl.PluralRules(wanted), number: new Intl.NumberFormat(locale) };
  document.documentElement.lang = wanted;
}

/** The language that fits best: what the person chose, else what the browser asks for, else English. */
export function fitting(wanted: readonly (string | undefined | null)[]): Language {
  for (const tag of wanted) {
    if (!tag) continue;
    const short = tag.toLowerCase().split("-")[0];
    const found = LANGUAGES.find(({ code }) => code.toLowerCase().split("-")[0] === short);
    if (found) return found.code;
  }
  return "en";
}

/** Whether there is a phrase under a key that somebody else has put together. */
export function isKey(key: string): key is Key {
  return Object.hasOwn(spoken.catalogue, key);
}

/** The phrase under a key in the language shown, with `{name}` replaced by facts; `{n}` chooses the plural form. */
export function t(key: Key, facts?: Facts): string {
  const phrase = spoken.catalogue[key];
  if (phrase === undefined) return key;
  const text = typeof phrase === "string" ? phrase : pluralOf(phrase, Number(facts?.["n"] ?? 0));
  return facts ? filled(text, facts) : text;
}

function pluralOf(phrase: Exclude<Phrase, string>, n: number): string {
  return phrase[spoken.plural.select(n)] ?? phrase.other ?? "";
}

function filled(text: string, facts: Facts): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const fact = facts[name];
    if (fact === undefined) return whole;
    return typeof fact === "number" ? spoken.number.format(fact) : (fact ?? "");
  });
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(kind: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${spoken.locale} ${kind}`;
  let made = formats.get(key);
  if (!made) formats.set(key, (made = new Intl.DateTimeFormat(spoken.locale, options)));
  return made;
}

/** 14:05 */
export function timeOf(moment: number): string {
  return format("time", { timeStyle: "short" }).format(moment);
}

/** Saturday, 21 November 2026, 14:05:09 */
export function exactly(moment: number): string {
  return format("exact", { dateStyle: "full", timeStyle: "medium" }).format(moment);
}

/** 21 Nov 2026, 14:05 */
export function dateAndTime(moment: number): string {
  return format("both", { dateStyle: "medium", timeStyle: "short" }).format(moment);
}

/** 21 Nov 2026, of a day that is no moment anywhere: midnight UTC stands for it. */
export function dateOf(day: number): string {
  return format("date", { dateStyle: "medium", timeZone: "UTC" }).format(day);
}

/** The name of a day of the week, 0 for Monday. */
export function weekdayOf(day: number): string {
  // 5 January 1970 was a Monday.
  return format("weekday-long", { weekday: "long", timeZone: "UTC" }).format((4 + day) * 86_400_000);
}

/** Today, Yesterday, or the date; with the year when it is another. */
export function dayOf(moment: number, now: number): string {
  const days = daysBetween(moment, now);
  if (days === 0) return t("day.today");
  if (days === 1) return t("day.yesterday");
  const sameYear = new Date(moment).getFullYear() === new Date(now).getFullYear();
  return sameYear
    ? format("day", { weekday: "long", day: "numeric", month: "long" }).format(moment)
    : format("day-year", { day: "numeric", month: "long", year: "numeric" }).format(moment);
}

/** For a list row: the time today, the weekday in this week, else a short date. */
export function shortly(moment: number, now: number): string {
  const days = daysBetween(moment, now);
  if (days <= 0) return timeOf(moment);
  if (days === 1) return t("day.yesterday");
  if (days < 7) return format("weekday", { weekday: "short" }).format(moment);
  const sameYear = new Date(moment).getFullYear() === new Date(now).getFullYear();
  return format(sameYear ? "short" : "short-year", {
    day: "numeric",
    month: "short",
    ...(sameYear ? {} : { year: "2-digit" }),
  }).format(moment);
}

/** A moment to come: the time today, with the weekday in the next days, else with the date. */
export function soon(moment: number, now: number): string {
  const days = daysBetween(now, moment);
  if (days <= 0) return timeOf(moment);
  // As `timeStyle` has it, which cannot stand beside a day: 8:05 am, but 08:05.
  const time = { hour: format("time", { timeStyle: "short" }).resolvedOptions().hour12 ? "numeric" : "2-digit", minute: "2-digit" } as const;
  return days < 7
    ? format("soon", { weekday: "short", ...time }).format(moment)
    : format("later", { day: "numeric", month: "short", ...time }).format(moment);
}

/** A span of milliseconds in its one or two largest units: 45 s, 12 min, 3 h, 2 d. */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return t("span.seconds", { n: seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return t("span.minutes", { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return t("span.hours", { n: hours });
  return t("span.days", { n: Math.floor(hours / 24) });
}

/** A size in bytes as a person reads it. */
export function sizeOf(bytes: number): string {
  const [unit, value] =
    bytes < 1000 ? (["byte", bytes] as const) : bytes < 1e6 ? (["kilobyte", bytes / 1e3] as const) : (["megabyte", bytes / 1e6] as const);
  return new Intl.NumberFormat(spoken.locale, {
    style: "unit",
    unit,
    unitDisplay: "short",
    maximumFractionDigits: value < 10 && unit !== "byte" ? 1 : 0,
  }).format(value);
}

/** Whole calendar days of this machine's zone between two moments. */
export function daysBetween(earlier: number, later: number): number {
  const start = new Date(earlier).setHours(0, 0, 0, 0);
  const end = new Date(later).setHours(0, 0, 0, 0);
  return Math.round((end - start) / 86_400_000);
}
