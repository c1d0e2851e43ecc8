import { Call, Device } from "@twilio/voice-sdk";
import type { CallValue, LegValue } from "../wire";
import { type Carrier, type CarrierWays, type MakeCarrier, problemOf } from "./carrier";
import { Hush } from "./hush";
import type { PortProblem, PortState, Quality } from "./port";
import { Rejoining } from "./rejoining";
import { chosenMicrophone, chosenSpeaker } from "./sound";

/** A provider may call this tab before the tab heard that it has a leg; longer, and the call is nobody's. */
const UNEXPECTED_FOR = 6_000;

/**
 * Twilio's own softphone. Only this wrapper is ours: its signalling needs Twilio's cloud. Without a token (a stand-in
 * of Twilio plays the agent's part) the tab carries no sound.
 */
class Twilio implements Carrier {
  state: PortState = "idle";
  problem: PortProblem = "";
  quality: Quality = "";
  readonly playedElsewhere: boolean;
  readonly #ways: CarrierWays;
  readonly #device: Device | null;
  #call: Call | null = null;
  #waiting: { call: Call; timer: number } | null = null;
  #carried: CallValue | null = null;
  #own: LegValue | undefined;
  readonly #hush = new Hush();
  readonly #rejoining: Rejoining;

  constructor(ways: CarrierWays) {
    this.#ways = ways;
    this.#rejoining = new Rejoining(ways.telling);
    this.playedElsewhere = ways.facts["stand_in"] === true;
    const token = ways.facts["token"];
    this.#device = typeof token === "string" ? new Device(token, { closeProtection: true }) : null;
    this.#device?.on("incoming", (call: Call) => this.#rung(call));
    this.#device?.on("registered", () => {
      this.#become(this.state, "");
      this.#mend();
    });
    this.#device?.on("error", () => this.#become(this.#call ? "failed" : "idle", "no_line"));
    this.#device?.on("tokenWillExpire", () => void this.#renew());
    this.devicesChanged();
    this.#device?.register().catch(() => this.#become("idle", "no_line"));
  }

  attach(calls: readonly CallValue[], me: number): void {
    const own = (call: CallValue) => call.legs.find((leg) => leg.agent_id === me && leg.device === this.#ways.tab && leg.state !== "ended" && leg.state !== "invited");
    this.#carried = calls.find((call) => own(call) !== undefined) ?? null;
    const leg = this.#carried ? own(this.#carried) : undefined;
    this.#own = leg;
    this.#hush.hear(this.#carried?.id ?? 0, leg?.muted ?? false);
    this.#call?.mute(this.#hush.on);
    this.#mend();
    if (!this.#device) this.#become(leg ? (leg.state === "connected" ? "connected" : "connecting") : "idle", "");
    else if (!this.#carried) this.#call?.disconnect();
    else if (this.#waiting) {
      const { call, timer } = this.#waiting;
      clearTimeout(timer);
      this.#waiting = null;
      this.#answer(call);
    }
  }

  /** Twilio carries the sound; browsers say nothing to each other. */
  heard(): void {}

  setMuted(on: boolean): void {
    this.#hush.press(on);
    this.#call?.mute(this.#hush.on);
  }

  press(digit: string): void {
    this.#call?.sendDigits(digit);
  }

  devicesChanged(): void {
    const audio = this.#device?.audio;
    if (!audio) return;
    const [input, output] = [chosenMicrophone(), chosenSpeaker()];
    if (input) void audio.setInputDevice(input).catch(() => undefined);
    if (output && audio.isOutputSelectionSupported) void audio.speakerDevices.set(output).catch(() => undefined);
  }

  close(): void {
    this.#device?.destroy();
    this.#become("idle", "");
  }

  #rung(call: Call): void {
    // A leg that is not connected yet replaces the one whose sound is dead here, though nobody has said so.
    if (this.#own && this.#own.state !== "connected") this.#drop();
    if (this.#call || this.#waiting) return call.reject();
    if (this.#carried) return this.#answer(call);
    const timer = window.setTimeout(() => {
      this.#waiting = null;
      call.reject();
    }, UNEXPECTED_FOR);
    this.#waiting = { call, timer };
    call.on("cancel", () => {
      if (this.#waiting?.call !== call) return;
      clearTimeout(timer);
      this.#waiting = null;
    });
  }

  #drop(): void {
    const call = this.#call;
    this.#call = null;
    call?.disconnect();
  }

  /** Twilio lost this tab and it is back: it asks to be called anew. */
  #mend(): void {
    const call = this.#carried;
    if (!call) return;
    if (this.#own?.state !== "lost") this.#rejoining.found(call.id);
    else if (!this.#device || this.#device.state === Device.State.Registered) this.#rejoining.missing(call.id, this.#own.id);
  }

  #answer(call: Call): void {
    this.#call = call;
    const over = () => {
      if (this.#call !== call) return;
      this.#call = null;
      this.#become("idle", "");
    };
    call.on("accept", () => {
      call.mute(this.#hush.on);
      this.#become("connected", "");
    });
    call.on("disconnect", over);
    call.on("cancel", over);
    call.on("error", (error: unknown) => void this.#failed(error));
    call.on("warning", () => this.#hears("poor"));
    call.on("warning-cleared", () => this.#hears("good"));
    this.#become("connecting", "");
    call.accept();
  }

  async #failed(error: unknown): Promise<void> {
    const code = (error as { code?: number }).code;
    // 31401 and 31402: the microphone was refused, or there is none.
    const problem = code === 31401 ? "refused" : code === 31402 ? "no_microphone" : problemOf(error);
    this.#become("failed", problem);
    if (this.#carried && (code === 31401 || code === 31402)) await this.#ways.telling.failed(this.#carried.id, problem).catch(() => undefined);
  }

  #hears(quality: "good" | "poor"): void {
    if (quality === this.quality) return;
    this.quality = quality;
    this.#ways.changed();
    if (this.#carried) void this.#ways.telling.quality(this.#carried.id, quality).catch(() => undefined);
  }

  async #renew(): Promise<void> {
    try {
      const { token } = await this.#ways.renew();
      if (typeof token === "string") this.#device?.updateToken(token);
    } catch {
      this.#become(this.state, "no_line");
    }
  }

  #become(state: PortState, problem: PortProblem): void {
    if (state === this.state && problem === this.problem) return;
    this.state = state;
    this.problem = problem;
    if (state !== "connected") this.quality = "";
    this.#ways.changed();
  }
}

export const makeCarrier: MakeCarrier = (ways) => new Twilio(ways);
