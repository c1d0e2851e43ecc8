import type { CallValue, PhoneHeard } from "../wire";
import type { PortProblem, PortState, Quality } from "./port";
import type { Telling } from "./telling";

/** A `PhonePort` for one way of carrying sound; the tab's own port chooses among them by the line's media. */
export interface Carrier {
  readonly state: PortState;
  readonly problem: PortProblem;
  readonly quality: Quality;
  /** Whether a stand-in of the provider plays the agent's part, so that nothing is heard here. */
  readonly playedElsewhere?: boolean;
  /** Calls of this carrier's line of which this tab carries a leg of `me`. */
  attach(calls: readonly CallValue[], me: number): void;
  heard(frame: PhoneHeard): void;
  setMuted(on: boolean): void;
  press(digit: string): void;
  devicesChanged(): void;
  close(): void;
}

export interface CarrierWays {
  telling: Telling;
  tab: string;
  /** What the line lends to this tab, as `POST /phones` says it. */
  facts: Record<string, unknown>;
  changed: () => void;
  /** Asks for the line's facts anew: tickets and tokens end. */
  renew: () => Promise<Record<string, unknown>>;
}

export type MakeCarrier = (ways: CarrierWays) => Carrier;

/** The code of what a browser raised when it was asked for a microphone. */
export function problemOf(error: unknown): PortProblem {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "refused";
  if (name === "NotFoundError" || name === "NotReadableError" || name === "OverconstrainedError") return "no_microphone";
  return name === "NotSupportedError" ? "unsupported" : "no_connection";
}
