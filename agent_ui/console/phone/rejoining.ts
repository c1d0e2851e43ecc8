import type { Telling } from "./telling";

/** How long somebody else may see to a leg without sound: the page that is loaded anew, the other tab. */
const GRACE = 2_000;

/** Legs that the hub knows in this tab and that have no sound here: after a while, unless they have it again, each is replaced. */
export class Rejoining {
  readonly #telling: Pick<Telling, "rejoin">;
  /** The leg of each call that is missing. */
  readonly #missing = new Map<number, number>();

  constructor(telling: Pick<Telling, "rejoin">) {
    this.#telling = telling;
  }

  /** It has its sound, or is no longer carried here. */
  found(callId: number): void {
    this.#missing.delete(callId);
  }

  /** May be said again and again; what could not be asked for is asked for when it is said once more. */
  missing(callId: number, leg: number): void {
    if (this.#missing.get(callId) === leg) return;
    this.#missing.set(callId, leg);
    setTimeout(() => {
      if (this.#missing.get(callId) !== leg) return;
      void this.#telling.rejoin(callId).catch(() => undefined).finally(() => {
        if (this.#missing.get(callId) === leg) this.#missing.delete(callId);
      });
    }, GRACE);
  }
}
