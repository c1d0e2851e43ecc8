// A message that is left: recorded here, and on its way to the hub while it is spoken, so that closing the page loses none of it.

import { newSession } from "../../shared/peers";

/** Who closes the page loses no more than this. */
const EVERY = 1_000;
const AGAIN = 2_000;
/** Opus carries speech well with this. */
const BITS = 32_000;
/** Shorter than this nobody said anything. */
const SHORTEST = 1_000;
/** Bytes that a browser still sends for a page that is gone. */
const MOST_AT_LAST = 60_000;

/** A piece of it. `duration` in ms up to its end; the last one may hold nothing. */
export interface Piece {
  recording: string;
  seq: number;
  duration: number;
  last: boolean;
  sound: Blob;
}

/** Whether the hub has a piece now, wants it never, or was not reached. */
export type Handed = "taken" | "refused" | "unreached";

/** That a message is over which a page before this one began. */
export function ended(): Piece {
  return { recording: newSession(), seq: 1, duration: 0, last: true, sound: new Blob() };
}

export class Message {
  private readonly recorder: MediaRecorder;
  private readonly name = newSession();
  private readonly since = performance.now();
  private readonly timer: number;
  private waiting: Piece[] = [];
  private flying: Piece | null = null;
  private seq = 0;
  /** Up to where it was recorded, in ms. */
  private duration = 0;
  private sending = false;
  private gone = false;
  private settle!: (isKept: boolean) => void;
  private readonly settled = new Promise<boolean>((resolve) => (this.settle = resolve));

  /** Raises a DOMException where a browser cannot record. */
  constructor(
    microphone: MediaStream,
    most: number,
    private readonly hand: (piece: Piece) => Promise<Handed>,
    full: () => void,
  ) {
    this.recorder = new MediaRecorder(microphone, { audioBitsPerSecond: BITS });
    this.recorder.ondataavailable = ({ data }) => this.take(data);
    this.recorder.onstop = () => this.add(new Blob(), true);
    this.recorder.start(EVERY);
    this.timer = window.setTimeout(full, most);
  }

  /** Ends it. Resolves when the hub has all of it, or never will: whether there is something to hear. */
  stop(): Promise<boolean> {
    clearTimeout(this.timer);
    if (this.recorder.state !== "inactive") this.recorder.stop();
    return this.settled;
  }

  /** The page goes: what is not sent yet goes at once, as far as a browser still sends it. */
  leave(): void {
    if (this.gone) return;
    const left: Blob[] = [];
    let size = 0;
    for (const piece of this.waiting) {
      if (piece === this.flying) continue;
      size += piece.sound.size;
      if (size > MOST_AT_LAST) break;
      left.push(piece.sound);
    }
    void this.hand({ recording: this.name, seq: this.seq + 1, duration: this.duration, last: true, sound: new Blob(left) });
    this.end(false);
  }

  private take(sound: Blob): void {
    if (!sound.size) return;
    this.duration = Math.round(performance.now() - this.since);
    this.add(sound, false);
  }

  private add(sound: Blob, last: boolean): void {
    if (this.gone) return;
    this.seq += 1;
    this.waiting.push({ recording: this.name, seq: this.seq, duration: this.duration, last, sound });
    void this.send();
  }

  private async send(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    while (!this.gone && this.waiting.length) {
      const piece = (this.flying = this.waiting[0]!);
      const handed = await this.hand(piece);
      this.flying = null;
      if (this.gone) break;
      if (handed === "refused") this.end(false);
      else if (handed === "unreached") await new Promise((resolve) => setTimeout(resolve, AGAIN));
      else {
        this.waiting.shift();
        if (piece.last) this.end(this.duration >= SHORTEST);
      }
    }
    this.sending = false;
  }

  private end(isKept: boolean): void {
    this.gone = true;
    this.waiting = [];
    clearTimeout(this.timer);
    if (this.recorder.state !== "inactive") this.recorder.stop();
    this.settle(isKept);
  }
}
