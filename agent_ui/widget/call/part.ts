// A call from this page: asks for the microphone, calls, follows what the hub says, and comes back after a refresh.

import type { Config } from "../model";
import type { ClientFrame, ServerFrame, ShownCall } from "../protocol";
import type { Language } from "../words/words";
import { Connection, type Passage } from "./connection";
import { ended, Message, type Handed, type Piece } from "./message";
import { Music } from "./music";
import { Panel, type Doing } from "./panel";
import { Prompter } from "./prompter";
import { words, type CallSay } from "./words/words";

export interface Ways {
  place: HTMLElement;
  language: Language;
  config: Config;
  say(frame: ClientFrame): void;
  /** Send bytes to the hub, below the account's own address. The status of the answer; 0: it was not reached. */
  post(where: string, body: Blob): Promise<number>;
  fresh(): string;
}

const KEY = "sb:call";
/** The hub has let go by then of a call whose page is not back. */
const FORGOTTEN_AFTER = 60_000;

export async function open(ways: Ways): Promise<CallPart> {
  return new CallPart(ways, await words(ways.language));
}

export class CallPart {
  private call: ShownCall | null = null;
  private doing: Doing = "nothing";
  private key = "";
  private muted = false;
  private microphone: MediaStream | null = null;
  private connection: Connection | null = null;
  private message: Message | null = null;
  private sending = false;
  /** The call on which a message was begun here, or ended. */
  private asked = 0;
  /** The call that was hung up here, and when; 0: one of which nothing had been heard yet. */
  private done: { call: number; at: number } | null = null;
  private readonly music = new Music();
  private readonly prompter = new Prompter();
  private readonly panel: Panel;

  constructor(
    private readonly ways: Ways,
    say: CallSay,
  ) {
    const consent = ways.config.call_consent;
    this.panel = new Panel(ways.place, say, consent[ways.language] ?? consent[ways.config.default_language] ?? say("consent"), {
      start: () => void this.start(),
      cancel: () => this.end(),
      hangUp: () => void this.hangUp(),
      mute: () => this.mute(),
      press: (seq, digit) => ways.say({ type: "digit", seq, digit }),
      send: () => void this.sendMessage(),
    });
    addEventListener("pagehide", () => this.leave());
    addEventListener("pageshow", ({ persisted }) => persisted && this.doing === "call" && void this.rejoin());
  }

  /** Somebody wants to call. */
  ask(): void {
    if (this.doing === "nothing" || this.doing === "over" || this.doing === "refused") this.become("asking");
    this.panel.focus();
  }

  hear(frame: ServerFrame): void {
    if (frame.type === "welcome") this.back(frame.call);
    else if (frame.type === "call") this.see(frame.call, frame.ice && { ice: frame.ice, relayOnly: frame.relay_only });
    else if (frame.type === "signal") void this.connection?.heard(frame.from_leg, frame.body);
    else if (frame.type === "problem" && this.done && frame.after_ms !== null) setTimeout(() => this.done && this.ways.say({ type: "hang_up" }), frame.after_ms);
    else if (frame.type === "problem" && this.doing === "calling" && !frame.client_message_id) this.fail(frame.code === "too_many" ? "too_many" : "failed");
  }

  private async start(): Promise<void> {
    this.become("microphone");
    if (!(await this.listen())) return;
    this.key = this.ways.fresh();
    this.done = null;
    this.become("calling");
    this.ring();
  }

  /** Closed, or loaded anew and back at once: whoever speaks with them is to know either way. */
  private leave(): void {
    this.message?.leave();
    this.connection?.close();
    this.connection = null;
    if (this.doing === "call" || this.doing === "calling") this.ways.say({ type: "leave" });
  }

  /** The line is back, or the page was loaded anew: the call goes on where it was. */
  private back(call: ShownCall | null): void {
    if (this.doing === "calling") return this.ring();
    if (call && this.isDone(call)) return this.drop();
    if (call && (this.doing === "call" || remembered() === call.id)) {
      this.call = call;
      void this.rejoin();
    } else if (this.doing === "call") this.see({ ...this.call!, state: "over", hears: "nothing", here: true, peer: null }, null);
  }

  private async rejoin(): Promise<void> {
    this.become("call");
    this.key ||= this.ways.fresh();
    if (await this.listen()) this.ring();
  }

  /** Whether a call was hung up here, though the hub may not have heard so. A page's line is back long before a minute. */
  private isDone(call: ShownCall): boolean {
    if (this.done?.call === 0 && Date.now() - this.done.at < FORGOTTEN_AFTER) this.done.call = call.id;
    return this.done?.call === call.id;
  }

  /** A call that goes on though it was hung up: only the page that carries it can end it. */
  private drop(): void {
    this.ring();
    this.ways.say({ type: "hang_up" });
  }

  private ring(): void {
    this.ways.say({ type: "call", key: this.key, consent: true });
  }

  private async listen(): Promise<boolean> {
    if (this.microphone?.active) return true;
    try {
      const wanted = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
      this.microphone = await navigator.mediaDevices.getUserMedia({ audio: wanted });
      return true;
    } catch (error) {
      this.fail(error instanceof DOMException && error.name === "NotFoundError" ? "no_microphone" : "not_allowed");
      return false;
    }
  }

  private fail(why: "no_microphone" | "not_allowed" | "too_many" | "failed"): void {
    this.panel.trouble = why;
    this.release();
    this.become("refused");
  }

  private see(call: ShownCall, passage: Passage | null): void {
    if (!call.here) {
      // It goes on in another page of the same person.
      if (this.call?.id === call.id && this.doing === "call" && passage === null && this.microphone && this.connection) this.end();
      return;
    }
    if (this.isDone(call)) {
      if (call.state !== "over") this.ways.say({ type: "hang_up" });
      return;
    }
    this.call = call;
    if (call.state === "over") {
      // What was said until now is still handed in.
      void this.sendMessage();
      this.release();
      return this.become("over");
    }
    remember(call.id);
    this.carry(call, passage);
    if (call.hears === "recorder") void this.record(call);
    this.become("call");
  }

  private carry(call: ShownCall, passage: Passage | null): void {
    if (!this.microphone) return;
    this.connection ??= new Connection(this.microphone, passage ?? { ice: [], relayOnly: false }, {
      say: (toLeg, body) => this.ways.say({ type: "signal", to_leg: toLeg, body }),
      lost: (legId) => this.ways.say({ type: "lost", leg_id: legId }),
      changed: () => this.show(),
    });
    this.connection.meet(call.peer ?? 0, passage);
    const inRoom = call.hears === "room";
    const recorder = call.hears === "recorder";
    this.connection.open(inRoom, (inRoom || recorder) && !this.muted);
    this.music.play(call.hears === "music", call.music);
    const prompt = call.hears === "prompt" || recorder ? call.prompt : null;
    this.prompter.play(prompt, (heard) => this.ways.say({ type: "played", seq: prompt!.seq, heard }));
  }

  private async record(call: ShownCall): Promise<void> {
    if (this.asked === call.id || !this.microphone) return;
    this.asked = call.id;
    // What was said before the page was loaded anew is the message.
    if (call.message) return void this.hand(call.id, ended());
    await this.prompter.silence();
    if (!this.records(call)) return;
    await this.music.tone();
    if (!this.records(call)) return;
    try {
      this.message = new Message(this.microphone, call.most_voicemail, (piece) => this.hand(call.id, piece), () => void this.sendMessage());
    } catch {
      return this.fail("failed");
    }
    this.show();
  }

  private records(call: ShownCall): boolean {
    return this.call?.id === call.id && this.call.hears === "recorder" && !!this.microphone;
  }

  private async hand(callId: number, { sound, ...piece }: Piece): Promise<Handed> {
    const asked = new URLSearchParams(Object.entries(piece).map(([name, value]) => [name, String(value)]));
    const status = await this.ways.post(`calls/${callId}/message?${asked}`, sound);
    if (status === 204) return "taken";
    return status === 0 || status === 429 || status >= 500 ? "unreached" : "refused";
  }

  /** Ends the message. The hub has most of it already, and ends the call when it has the rest. */
  private async sendMessage(): Promise<void> {
    const message = this.message;
    if (!message || this.sending) return;
    this.sending = true;
    this.show();
    const isKept = await message.stop();
    if (this.message !== message || isKept) return;
    this.ways.say({ type: "hang_up" });
    this.message = null;
    this.sending = false;
    this.show();
  }

  private async hangUp(): Promise<void> {
    // As on any telephone: hanging up after the tone leaves the message.
    if (this.message) return this.sendMessage();
    this.done = { call: this.doing === "call" ? (this.call?.id ?? 0) : 0, at: Date.now() };
    this.ways.say({ type: "hang_up" });
    // Nobody is heard from here on, whatever the line to the hub does.
    this.release();
    this.become("over");
  }

  private mute(): void {
    this.muted = !this.muted;
    if (this.call) this.carry(this.call, null);
    this.show();
  }

  private end(): void {
    this.release();
    this.call = null;
    this.become("nothing");
  }

  private release(): void {
    forget();
    this.music.close();
    this.prompter.stop();
    this.connection?.close();
    this.connection = null;
    this.message = null;
    this.sending = false;
    this.muted = false;
    for (const track of this.microphone?.getTracks() ?? []) track.stop();
    this.microphone = null;
  }

  private become(doing: Doing): void {
    this.doing = doing;
    this.show();
  }

  private show(): void {
    const connection = this.connection;
    this.panel.show({
      doing: this.doing,
      call: this.call,
      muted: this.muted,
      connected: !!connection?.connected,
      poor: connection?.quality === "poor",
      recording: this.message !== null,
      sending: this.sending,
    });
  }
}

function remembered(): number {
  try {
    return Number(sessionStorage.getItem(KEY));
  } catch {
    return 0;
  }
}

function remember(id: number): void {
  try {
    sessionStorage.setItem(KEY, String(id));
  } catch {
    // A browser that keeps nothing for frames: a refresh ends the call after a while.
  }
}

function forget(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was kept.
  }
}
