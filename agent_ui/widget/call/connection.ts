// The visitor's end of the sound: answers whoever has the call now, and notices when they are heard no more.

import { configuration, gathered, quality, said, sampled, type Sample } from "../../shared/peers";
import type { IceServer } from "../protocol";

/** A network that changes is back within a few seconds; longer silence is a page that went away. */
const SILENT_FOR = 5_000;
const ASK_EVERY = 3_000;
const MEASURE_EVERY = 5_000;

/** How sound gets through. */
export interface Passage {
  ice: IceServer[];
  relayOnly: boolean;
}

export interface Listener {
  say(toLeg: number, body: Record<string, unknown>): void;
  lost(legId: number): void;
  changed(): void;
}

export class Connection {
  connected = false;
  quality: "" | "good" | "fair" | "poor" = "";
  private readonly sound = new Audio();
  private pc: RTCPeerConnection | null = null;
  private session = "";
  private peer = 0;
  /** The leg that is connected, or being so. */
  private with = 0;
  private readonly timers = { silent: 0, ask: 0, measure: 0 };
  private sample: Sample | null = null;

  constructor(
    private readonly microphone: MediaStream,
    private passage: Passage,
    private readonly listener: Listener,
  ) {
    this.sound.autoplay = true;
    this.timers.ask = window.setInterval(() => this.ask(), ASK_EVERY);
    this.timers.measure = window.setInterval(() => void this.measure(), MEASURE_EVERY);
  }

  /** Who has the call now; 0 while nobody does. */
  meet(peer: number, passage: Passage | null): void {
    if (passage) this.passage = passage;
    if (peer === this.peer) return;
    this.peer = peer;
    if (!peer) this.hangUp();
    else this.ask();
  }

  /** Whether the other side is heard, and may hear. */
  open(heard: boolean, speaks: boolean): void {
    this.sound.muted = !heard;
    for (const track of this.microphone.getAudioTracks()) track.enabled = speaks;
  }

  async heard(fromLeg: number, body: Record<string, unknown>): Promise<void> {
    const offer = said(body);
    if (offer?.kind !== "offer" || fromLeg !== this.peer || offer.session === this.session) return;
    const before = this.pc;
    const pc = new RTCPeerConnection(configuration(this.passage.ice, this.passage.relayOnly));
    this.pc = pc;
    this.session = offer.session;
    this.with = fromLeg;
    pc.ontrack = ({ streams }) => {
      if (this.pc === pc) this.sound.srcObject = streams[0] ?? null;
      void this.sound.play().catch(() => undefined);
    };
    pc.onconnectionstatechange = () => this.follow(pc);
    try {
      await pc.setRemoteDescription({ type: "offer", sdp: offer.sdp });
      for (const track of this.microphone.getAudioTracks()) pc.addTrack(track, this.microphone);
      await pc.setLocalDescription();
      await gathered(pc);
      if (this.pc === pc) this.listener.say(fromLeg, { kind: "answer", session: offer.session, sdp: pc.localDescription!.sdp });
    } catch {
      // What cannot be understood is asked for once more.
      if (this.pc === pc) this.session = "";
    } finally {
      before?.close();
    }
  }

  close(): void {
    clearInterval(this.timers.ask);
    clearInterval(this.timers.measure);
    this.hangUp();
  }

  private hangUp(): void {
    clearTimeout(this.timers.silent);
    this.pc?.close();
    this.pc = null;
    this.session = "";
    this.with = 0;
    this.sound.srcObject = null;
    this.become(false);
  }

  private ask(): void {
    if (this.peer && (this.with !== this.peer || this.pc?.connectionState === "failed")) this.listener.say(this.peer, { kind: "ready" });
  }

  private follow(pc: RTCPeerConnection): void {
    if (this.pc !== pc) return;
    clearTimeout(this.timers.silent);
    const state = pc.connectionState;
    this.become(state === "connected");
    if (state === "disconnected") this.timers.silent = window.setTimeout(() => this.lost(pc), SILENT_FOR);
    if (state === "failed") this.lost(pc);
  }

  private lost(pc: RTCPeerConnection): void {
    if (this.pc !== pc || pc.connectionState === "connected") return;
    const leg = this.with;
    this.hangUp();
    this.listener.lost(leg);
  }

  private become(connected: boolean): void {
    if (connected === this.connected) return;
    this.connected = connected;
    this.sample = null;
    this.quality = "";
    this.listener.changed();
  }

  private async measure(): Promise<void> {
    const pc = this.pc;
    if (!pc || !this.connected) return;
    const now = await sampled(pc);
    if (this.pc !== pc) return;
    const before = this.sample;
    this.sample = now;
    const found = before ? quality(before, now) : "";
    if (found && found !== this.quality) {
      this.quality = found;
      this.listener.changed();
    }
  }
}
