import type { Http } from "../api/http";
import type { CallValue, PhoneHeard } from "../wire";

export type PortState = "idle" | "connecting" | "connected" | "failed";
export type Quality = "good" | "fair" | "poor" | "";

/** Why a tab carries no sound, as a code: the console has words for each. */
export type PortProblem = "" | "no_microphone" | "refused" | "no_line" | "no_connection" | "unsupported";

/**
 * What carries the sound of calls in this tab. It is told the whole state and never asks what to do: of the calls it
 * is handed it carries the legs of `me` whose `device` is its own `tab` and that are not over, and lets go of all others.
 * It tells the hub itself what only it can know (`connected`, `quality`, `device-failed`, `signals`, recorded chunks).
 */
export interface PhonePort {
  readonly tab: string;
  /** Of the call it carries now. */
  readonly state: PortState;
  readonly problem: PortProblem;
  readonly quality: Quality;
  /** Whether a stand-in of the line's provider plays my part, so that nothing is heard here. */
  readonly playedElsewhere: boolean;
  /** The calls I take part in, whole and newest; called after every change, and with the same again. Idempotent. */
  attach(calls: readonly CallValue[], me: number): void;
  /** Lines (accounts) whose provider calls this tab, so that it has to be there before a call is accepted. */
  prepare(accounts: readonly number[]): void;
  /** What the browser of another leg says. Those for legs that it does not carry are not for this tab. */
  heard(frame: PhoneHeard): void;
  /** Cuts the microphone at once, before the hub's own word (`leg.muted`) comes round by `attach`. */
  setMuted(on: boolean): void;
  /** Sends a key (0–9 * # A–D) to the other side. */
  press(digit: string): void;
  /** The agent chose other devices (`sound.ts` knows which); what is running goes on with them. */
  devicesChanged(): void;
  /** Lets go of everything; nothing may be called after it. */
  close(): void;
}

export interface PortWays {
  http: Http;
  tab: string;
  /** To be called after `state`, `problem`, `quality` or `playedElsewhere` became another. */
  changed: () => void;
}

export type MakePort = (ways: PortWays) => PhonePort;

/** Carries nothing: for agents whose telephone rings instead, or whom no call reaches, and for tests. */
export class SilentPort implements PhonePort {
  readonly state: PortState = "idle";
  readonly problem: PortProblem = "";
  readonly quality: Quality = "";
  readonly playedElsewhere = false;
  readonly pressed: string[] = [];
  muted = false;

  constructor(readonly tab: string) {}

  attach(): void {}

  prepare(): void {}

  heard(): void {}

  setMuted(on: boolean): void {
    this.muted = on;
  }

  press(digit: string): void {
    this.pressed.push(digit);
  }

  devicesChanged(): void {}

  close(): void {}
}
