import { staff } from "../api/people";
import type { Desk } from "../desk/desk.svelte";
import { inWords } from "../desk/refusals";
import { toasts } from "../parts/toasts.svelte";
import type { Activity } from "../wire";
import { clock } from "../desk/clock.svelte";

const SETTLING_MS = 1_500;

/** What the agent asked to be and the hub has not confirmed yet. */
class Becoming {
  wanted = $state.raw<{ activity: Activity; reason: string; since: number } | null>(null);
}

export const becoming = new Becoming();

/** Says what the agent does from now on: shown at once, taken back when it is refused. Returns whether it was done. */
export async function become(desk: Desk, activity: Activity, reason = ""): Promise<boolean> {
  const wanted = { activity, reason, since: clock.exact() };
  becoming.wanted = wanted;
  const forget = () => {
    if (becoming.wanted === wanted) becoming.wanted = null;
  };
  try {
    await staff.setActivity(desk.http, desk.me.id, activity, reason);
    // The event that says so is on its way.
    setTimeout(forget, SETTLING_MS);
    return true;
  } catch (error) {
    forget();
    toasts.complain(inWords(error));
    return false;
  }
}
