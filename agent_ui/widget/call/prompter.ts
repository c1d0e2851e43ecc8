// What the machine says, where somebody recorded it: played once, beside the words.

import type { ShownPrompt } from "../protocol";

/** A sound that has not begun by then is read instead. */
const BEGINS_WITHIN = 8_000;

interface Said {
  seq: number;
  sound: HTMLAudioElement;
  /** Whether it was heard to its end; none: it goes on. */
  heard: boolean | null;
  waits: (() => void)[];
}

export class Prompter {
  private now: Said | null = null;

  /** Plays a prompt unless it did; `over` is told whether it was heard. None: nothing is said any more. */
  play(prompt: ShownPrompt | null, over: (heard: boolean) => void): void {
    const { now } = this;
    if (now && now.seq === prompt?.seq) {
      // What was told while the line was away has not arrived.
      if (now.heard !== null) over(now.heard);
      return;
    }
    this.stop();
    if (!prompt?.sound) return;
    const sound = new Audio(prompt.sound.url);
    const said: Said = (this.now = { seq: prompt.seq, sound, heard: null, waits: [] });
    const end = (heard: boolean) => {
      clearTimeout(late);
      if (this.now !== said || said.heard !== null) return;
      said.heard = heard;
      if (!heard) sound.pause();
      said.waits.forEach((go) => go());
      over(heard);
    };
    const late = setTimeout(() => end(false), BEGINS_WITHIN);
    sound.onplaying = () => clearTimeout(late);
    sound.onended = () => end(true);
    sound.onerror = () => end(false);
    void sound.play().catch(() => end(false));
  }

  /** Resolves when whatever is being said is over. */
  silence(): Promise<void> {
    const { now } = this;
    return now && now.heard === null ? new Promise((resolve) => now.waits.push(resolve)) : Promise.resolve();
  }

  stop(): void {
    const { now } = this;
    this.now = null;
    now?.sound.pause();
    now?.waits.forEach((go) => go());
  }
}
