/** When an offer was made and when it ends, by the hub's clock, in milliseconds. */
export interface Running {
  made_at: number;
  expires_at: number;
}

/** How much of the time is left at `now` by the hub's clock: 1 at first, 0 when it is over. */
export function shareLeft({ made_at, expires_at }: Running, now: number): number {
  const whole = expires_at - made_at;
  if (whole <= 0) return 0;
  return Math.min(1, Math.max(0, (expires_at - now) / whole));
}

/** Whole seconds left, so that "1" is shown until it is over and "0" only then. */
export function secondsLeft({ expires_at }: Running, now: number): number {
  return Math.max(0, Math.ceil((expires_at - now) / 1000));
}

/** A ring of this radius that shows the share: dash and gap for `stroke-dasharray`. */
export function dashes(share: number, radius: number): string {
  const round = 2 * Math.PI * radius;
  return `${(round * share).toFixed(2)} ${(round * (1 - share) + 1).toFixed(2)}`;
}

/** Seconds as a person reads a countdown: 8, 45, 1:05. */
export function countdown(seconds: number): string {
  return seconds < 60 ? String(seconds) : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
