// What one hears while one waits: the queue's own music, else a few soft tones, made here, so that nothing has to be fetched or licensed.

import type { ShownSound } from "../protocol";

const TONES = [261.63, 329.63, 392, 493.88, 440, 392, 329.63, 293.66];
const EVERY = 0.6;
/** How far ahead tones are laid down; a hidden page wakes up only once a second. */
const AHEAD = 2.4;

export class Music {
  private context: AudioContext | null = null;
  private gain: GainNode | null = null;
  private timer = 0;
  private next = 0;
  private step = 0;
  /** The queue's own music, where it goes on after a prompt. */
  private own: { file: ShownSound; sound: HTMLAudioElement } | null = null;
  /** The newest link to it. */
  private wanted: ShownSound | null = null;
  /** The file that cannot be played here. */
  private broken = 0;

  /** `own`: a file to be played again and again; where it cannot be, there are tones. A new link to it changes nothing. */
  play(on: boolean, own: ShownSound | null = null): void {
    this.wanted = on && own && own.id !== this.broken ? own : null;
    this.repeat(this.wanted);
    this.chime(on && !this.wanted);
  }

  private repeat(file: ShownSound | null): void {
    if (!file) return this.own?.sound.pause();
    if (this.own?.file.id !== file.id) {
      this.own?.sound.pause();
      this.own = { file, sound: new Audio(file.url) };
      this.own.sound.loop = true;
      this.own.sound.onerror = () => this.failed(file);
    }
    const { sound } = this.own;
    // A prompt may come before the first note: that is no failure.
    if (sound.paused) void sound.play().catch((error: unknown) => (error as Error).name !== "AbortError" && this.failed(file));
  }

  /** A link ends after an hour; the hub has told a newer one with whatever it told since. */
  private failed(file: ShownSound): void {
    if (this.own?.file !== file) return;
    this.own = null;
    const { wanted } = this;
    if (!wanted || wanted.url !== file.url) return this.repeat(wanted);
    this.broken = file.id;
    this.play(true);
  }

  private chime(on: boolean): void {
    if (on === (this.timer !== 0)) return;
    if (on) {
      const context = (this.context ??= new AudioContext());
      void context.resume();
      this.gain = context.createGain();
      this.gain.gain.value = 0.12;
      this.gain.connect(context.destination);
      this.next = context.currentTime + 0.05;
      this.timer = window.setInterval(() => this.lay(), 500);
      this.lay();
    } else {
      clearInterval(this.timer);
      this.timer = 0;
      this.gain?.disconnect();
      this.gain = null;
    }
  }

  /** The tone after which one speaks. Resolves when it is over. */
  async tone(): Promise<void> {
    const context = (this.context ??= new AudioContext());
    void context.resume();
    const gain = context.createGain();
    gain.gain.value = 0.2;
    gain.connect(context.destination);
    this.sound(context, gain, 880, context.currentTime, 0.4);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }

  close(): void {
    this.play(false);
    this.own = null;
    void this.context?.close();
    this.context = null;
  }

  private lay(): void {
    const { context, gain } = this;
    if (!context || !gain) return;
    while (this.next < context.currentTime + AHEAD) {
      this.sound(context, gain, TONES[this.step % TONES.length]!, Math.max(this.next, context.currentTime), EVERY * 1.8);
      this.step += 1;
      this.next += EVERY;
    }
  }

  private sound(context: AudioContext, to: AudioNode, pitch: number, at: number, seconds: number): void {
    const oscillator = context.createOscillator();
    const swell = context.createGain();
    oscillator.type = "triangle";
    oscillator.frequency.value = pitch;
    swell.gain.setValueAtTime(0, at);
    swell.gain.linearRampToValueAtTime(1, at + 0.04);
    swell.gain.exponentialRampToValueAtTime(0.001, at + seconds);
    oscillator.connect(swell).connect(to);
    oscillator.start(at);
    oscillator.stop(at + seconds);
  }
}
