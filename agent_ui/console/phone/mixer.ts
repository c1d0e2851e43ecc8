import { microphone, soundAt } from "./sound";

/** Where sound goes: to a leg's browser, to this device, or into the recording. */
export type Target = number | "me" | "recording";
/** Where it comes from: a leg's browser, or this device's microphone. */
export type Source = number | "me";

/** Sounds of a call, each let through to those who shall hear it. */
export class Mixer {
  readonly #context = new AudioContext();
  readonly #sources = new Map<Source, AudioNode>();
  readonly #targets = new Map<Target, AudioNode>();
  readonly #gates = new Map<string, GainNode>();
  readonly #players = new Map<number, HTMLAudioElement>();
  readonly #wake = () => void this.#context.resume();
  #own: MediaStream | null = null;
  #closed = false;

  constructor() {
    this.#targets.set("me", this.#context.destination);
    void soundAt(this.#context);
    this.#wake();
    // A page that was loaded anew may sound only after somebody touched it.
    addEventListener("pointerdown", this.#wake);
    addEventListener("keydown", this.#wake);
  }

  /** Takes the microphone, or another one. Raises as `microphone` of sound.ts does. */
  async listen(): Promise<void> {
    const stream = await microphone();
    if (this.#closed) return stop(stream);
    if (this.#own) stop(this.#own);
    this.#own = stream;
    this.#hear("me", this.#context.createMediaStreamSource(stream));
  }

  /** What is sent to the browser of a leg. */
  toward(leg: number): MediaStream {
    return this.#stream(leg);
  }

  /** What is recorded. */
  get recording(): MediaStream {
    return this.#stream("recording");
  }

  /** What comes from the browser of a leg. */
  take(leg: number, stream: MediaStream): void {
    // Chromium hands sound of a connection to a graph only while an element plays it, too.
    const player = this.#players.get(leg) ?? new Audio();
    player.muted = true;
    player.srcObject = stream;
    void player.play().catch(() => undefined);
    this.#players.set(leg, player);
    this.#hear(leg, this.#context.createMediaStreamSource(stream));
  }

  /** A leg that is gone is neither heard nor hears. */
  drop(leg: number): void {
    this.#sources.get(leg)?.disconnect();
    this.#sources.delete(leg);
    this.#targets.delete(leg);
    for (const [name, gate] of this.#gates) {
      if (!name.startsWith(`${leg}>`) && !name.endsWith(`>${leg}`)) continue;
      gate.disconnect();
      this.#gates.delete(name);
    }
    const player = this.#players.get(leg);
    if (player) player.srcObject = null;
    this.#players.delete(leg);
  }

  /** Lets a sound through, or not. */
  let(source: Source, target: Target, through: boolean): void {
    const name = `${source}>${target}`;
    const known = this.#gates.get(name);
    if (known) known.gain.value = through ? 1 : 0;
    else if (through) this.#gate(name, source, target);
  }

  get targets(): readonly Target[] {
    return [...this.#targets.keys()];
  }

  get sources(): readonly Source[] {
    return [...this.#sources.keys()];
  }

  async devicesChanged(): Promise<void> {
    await soundAt(this.#context);
    await this.listen();
  }

  close(): void {
    this.#closed = true;
    removeEventListener("pointerdown", this.#wake);
    removeEventListener("keydown", this.#wake);
    if (this.#own) stop(this.#own);
    for (const leg of this.#players.keys()) this.drop(leg);
    void this.#context.close();
  }

  #hear(source: Source, node: AudioNode): void {
    this.#sources.get(source)?.disconnect();
    this.#sources.set(source, node);
    for (const [name, gate] of this.#gates) if (name.startsWith(`${source}>`)) node.connect(gate);
  }

  #gate(name: string, source: Source, target: Target): void {
    const from = this.#sources.get(source);
    const to = this.#targets.get(target);
    if (!from || !to) return;
    const gate = this.#context.createGain();
    from.connect(gate).connect(to);
    this.#gates.set(name, gate);
  }

  #stream(target: Target): MediaStream {
    const known = this.#targets.get(target);
    if (known instanceof MediaStreamAudioDestinationNode) return known.stream;
    const node = this.#context.createMediaStreamDestination();
    this.#targets.set(target, node);
    return node.stream;
  }
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
