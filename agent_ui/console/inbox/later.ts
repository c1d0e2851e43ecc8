/** A moment one may have a message sent at. */
export interface Later {
  id: "hour" | "evening" | "morning" | "monday";
  at: number;
}

const HOUR = 3_600_000;

/** Sensible moments to send at after `now`, in this machine's time zone, soonest first. */
export function laters(now: number): Later[] {
  const at = (days: number, hour: number): number => {
    const day = new Date(now);
    day.setDate(day.getDate() + days);
    return day.setHours(hour, 0, 0, 0);
  };
  const toMonday = ((8 - new Date(now).getDay()) % 7) || 7;
  const all: Later[] = [{ id: "hour", at: now + HOUR }];
  if (at(0, 18) > now + HOUR) all.push({ id: "evening", at: at(0, 18) });
  all.push({ id: "morning", at: at(1, 9) });
  if (toMonday > 1) all.push({ id: "monday", at: at(toMonday, 9) });
  return all;
}
