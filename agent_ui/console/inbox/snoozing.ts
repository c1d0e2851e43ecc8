/** A moment one may put a conversation away until. */
export interface Choice {
  id: "hour" | "later" | "tomorrow" | "monday" | "week";
  until: number;
}

const HOUR = 3_600_000;

/** Sensible moments after `now`, in this machine's time zone, soonest first. */
export function choices(now: number): Choice[] {
  const at = (days: number): number => {
    const day = new Date(now);
    day.setDate(day.getDate() + days);
    return day.setHours(9, 0, 0, 0);
  };
  const toMonday = ((8 - new Date(now).getDay()) % 7) || 7;
  const all: Choice[] = [
    { id: "hour", until: now + HOUR },
    { id: "later", until: now + 3 * HOUR },
    { id: "tomorrow", until: at(1) },
    { id: "week", until: at(7) },
  ];
  if (toMonday !== 1 && toMonday !== 7) all.splice(3, 0, { id: "monday", until: at(toMonday) });
  return all;
}

/** The value of a datetime-local field for a moment. */
export function fieldOf(moment: number): string {
  const local = new Date(moment - new Date(moment).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}
