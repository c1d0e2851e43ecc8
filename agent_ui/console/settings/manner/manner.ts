import type { BusinessHours, Manner, Span } from "../../api/house";

/** A manner as it is stored; what is not said is as an account behaves that nobody taught any. */
export function mannerOf(stored: Record<string, unknown>): Manner {
  const held = stored as Partial<Manner>;
  return {
    language: held.language ?? "en",
    greeting: { ...held.greeting },
    away: { ...held.away },
    hours: held.hours ? hoursOf(held.hours) : null,
    survey: held.survey ?? false,
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
  return { ...manner, greeting: texts(manner.greeting), away: manner.hours ? texts(manner.away) : {} };
}

/** Hours of an ordinary office, to begin with. */
export function officeHours(timezone: string): BusinessHours {
  return { timezone, week: Array.from({ length: 7 }, (_, day): Span[] => (day < 5 ? [["09:00", "18:00"]] : [])), holidays: [] };
}
