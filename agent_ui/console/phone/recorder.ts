import { newSession } from "../../shared/peers";
import { Refused } from "../api/http";
import type { RecordedChunk, Telling } from "./telling";

/** A crash loses no more than this. */
const EVERY = 5_000;
const AGAIN = 2_000;
/** Of one stretch: about 8 MB. */
const LONGEST = 30 * 60_000;
/** Opus carries speech well with this. */
const BITS = 32_000;

/** One stretch of recording: from here until it is stopped, sent to the hub piece by piece and in order. */
export class Recorder {
  readonly #recorder: MediaRecorder;
  readonly #name = newSession();
  readonly #since = performance.now();
  readonly #waiting: RecordedChunk[] = [];
  #seq = 0;
  #stopped = false;
  #sending = false;

  /** Raises a DOMException where a browser cannot record. */
  constructor(
    stream: MediaStream,
    readonly callId: number,
    readonly telling: Telling,
  ) {
    this.#recorder = new MediaRecorder(stream, { audioBitsPerSecond: BITS });
    this.#recorder.ondataavailable = ({ data }) => this.#take(data);
    this.#recorder.start(EVERY);
  }

  /** Whether it has become so long that another one should begin. */
  get isLong(): boolean {
    return performance.now() - this.#since > LONGEST;
  }

  /** Ends the stretch; what is not sent yet still goes. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#recorder.state !== "inactive") this.#recorder.stop();
  }

  #take(sound: Blob): void {
    const duration = Math.round(performance.now() - this.#since);
    this.#seq += 1;
    this.#waiting.push({ recording: this.#name, seq: this.#seq, duration, last: this.#recorder.state === "inactive", sound });
    void this.#send();
  }

  async #send(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    while (this.#waiting.length) {
      try {
        await this.telling.recorded(this.callId, this.#waiting[0]!);
        this.#waiting.shift();
      } catch (error) {
        // What the hub does not want will not be wanted later.
        if (error instanceof Refused) this.#waiting.shift();
        else await new Promise((resolve) => setTimeout(resolve, AGAIN));
      }
    }
    this.#sending = false;
  }
}
