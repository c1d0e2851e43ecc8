import type { BusinessHours, Span } from "../../api/house";

const MINUTES = 24 * 60;

/** Whether an account is open now, and when that changes next by its own clock; `day` counts from today. */
export interface Opening {
  open: boolean;
  /** None: it never changes. */
  next: { day: number; time: string } | null;
}

/** A wall clock: the day as `2026-11-23`, minutes since midnight. */
export interface Wall {
  date: string;
  minutes: number;
}

/** What a clock on the wall in a time zone shows. Raises RangeError for an unknown zone. */
export function wallOf(now: number, timezone: string): Wall {
  const format = new Intl.DateTimeFormat("en-CA", { timeZone: timezone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const parts = Object.fromEntries(format.formatToParts(now).map(({ type, value }) => [type, value]));
  return { date: `${parts["year"]}-${parts["month"]}-${parts["day"]}`, minutes: Number(parts["hour"]) * 60 + Number(parts["minute"]) };
}

/** Minutes since midnight of `09:00`, seconds left out; as an end, 00:00 is midnight after the day. */
export function minutesOf(time: string, { isEnd = false } = {}): number {
  const minutes = Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
  return isEnd && minutes === 0 ? MINUTES : minutes;
}

function plusDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

function spansOn(hours: BusinessHours, date: string): [number, number][] {
  if (hours.holidays.includes(date)) return [];
  const weekday = (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;
  return (hours.week[weekday] ?? []).map(([from, to]): [number, number] => [minutesOf(from), minutesOf(to, { isEnd: true })]).sort((a, b) => a[0] - b[0]);
}

/** Whether an account with these hours is open, and when that changes. Spans that meet at midnight are one. */
export function openingOf(hours: BusinessHours, wall: Wall): Opening {
  const isOpen = (day: number, minutes: number): boolean => spansOn(hours, plusDays(wall.date, day)).some(([from, to]) => from <= minutes && minutes < to);
  const open = isOpen(0, wall.minutes);
  for (let day = 0; day <= 400; day++) {
    const moments = [0, ...spansOn(hours, plusDays(wall.date, day)).flat()].filter((minutes) => minutes < MINUTES && (day > 0 || minutes > wall.minutes)).sort((a, b) => a - b);
    const found = moments.find((minutes) => isOpen(day, minutes) !== open);
    if (found !== undefined) return { open, next: { day, time: written(found) } };
  }
  return { open, next: null };
}

function written(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

/** What is wrong with the spans of a day; none when they are in order. */
export function wrongSpans(spans: readonly Span[]): "backwards" | "overlap" | null {
  const all = spans.map(([from, to]) => [minutesOf(from), minutesOf(to, { isEnd: true })] as const).sort((a, b) => a[0] - b[0]);
  if (all.some(([from, to]) => !(to > from))) return "backwards";
  return all.some(([from], at) => at > 0 && from < (all[at - 1]?.[1] ?? 0)) ? "overlap" : null;
}

/** A span to begin with after those there are: the afternoon after a morning, the whole day in an empty one. */
export function nextSpan(spans: readonly Span[]): Span {
  const last = Math.max(-1, ...spans.map(([, to]) => minutesOf(to, { isEnd: true })));
  if (last < 0) return ["09:00", "18:00"];
  const from = Math.min(last + 60, MINUTES - 60);
  return [written(from), written(Math.min(from + 4 * 60, MINUTES - 1))];
}
