import type { BusinessHours, CallManner, Manner, MenuKey, Span } from "../../api/house";

/** How calls are answered where nobody said anything. */
export const PLAIN_CALLS: CallManner = {
  greeting: {},
  closed: {},
  closed_then: "voicemail",
  menu_prompt: {},
  menu: [],
  record: false,
  recording_notice: true,
  voicemail: true,
  voicemail_greeting: {},
  most_voicemail_seconds: 120,
  recorded: {},
  announce_listening: false,
};

/** What is recorded, with another file for one thing said in one language, or none. */
export function recordedWith(recorded: CallManner["recorded"], says: keyof CallManner["recorded"], language: string, fileId: number | null): CallManner["recorded"] {
  const { [language]: _, ...others } = recorded[says] ?? {};
  return { ...recorded, [says]: fileId === null ? others : { ...others, [language]: fileId } };
}

/** What of a menu cannot be; none when it is right. */
export function wrongMenu({ menu, menu_prompt }: Pick<CallManner, "menu" | "menu_prompt">): "twice" | "number" | "words" | null {
  if (new Set(menu.map(({ digit }) => digit)).size !== menu.length) return "twice";
  if (menu.some(({ then, number }) => then === "number" && !/^\+\d{5,15}$/.test(number))) return "number";
  return menu.length && !Object.values(menu_prompt).some((text) => text.trim()) ? "words" : null;
}

/** The first key that no line of a menu has. */
export function freeDigit(menu: readonly MenuKey[]): string {
  return [..."1234567890#"].find((digit) => !menu.some((one) => one.digit === digit)) ?? "1";
}

/** A manner as it is stored; what is not said is as an account behaves that nobody taught any. */
export function mannerOf(stored: Record<string, unknown>): Manner {
  const held = stored as Partial<Manner>;
  return {
    language: held.language ?? "en",
    greeting: { ...held.greeting },
    away: { ...held.away },
    hours: held.hours ? hoursOf(held.hours) : null,
    survey: held.survey ?? false,
    calls: { ...PLAIN_CALLS, ...held.calls },
    fallback_account_id: held.fallback_account_id ?? null,
  };
}

function hoursOf({ timezone, week, holidays }: BusinessHours): BusinessHours {
  const short = ([from, to]: Span): Span => [from.slice(0, 5), to.slice(0, 5)];
  return { timezone, week: week.map((day) => day.map(short)), holidays: [...(holidays ?? [])].sort() };
}

/** What is sent: texts without their blanks, and no absence notes where it is never closed. */
export function sentManner(manner: Manner): Manner {
  const texts = (all: Record<string, string>) => Object.fromEntries(Object.entries(all).filter(([, text]) => text.trim()));
  const { greeting, closed, menu_prompt, voicemail_greeting } = manner.calls;
  const calls = { ...manner.calls, greeting: texts(greeting), closed: texts(closed), menu_prompt: texts(menu_prompt), voicemail_greeting: texts(voicemail_greeting) };
  return { ...manner, greeting: texts(manner.greeting), away: manner.hours ? texts(manner.away) : {}, calls };
}

/** Hours of an ordinary office, to begin with. */
export function officeHours(timezone: string): BusinessHours {
  return { timezone, week: Array.from({ length: 7 }, (_, day): Span[] => (day < 5 ? [["09:00", "18:00"]] : [])), holidays: [] };
}
