/** Which devices a person chose is of this machine, not of the person. */
const MICROPHONE = "switchboard.phone.microphone";
const SPEAKER = "switchboard.phone.speaker";

export interface Device {
  id: string;
  /** Empty until the person allowed the microphone. */
  name: string;
}

export interface Devices {
  microphones: Device[];
  speakers: Device[];
}

/** The chosen microphone's id; empty: the browser's own choice. */
export function chosenMicrophone(): string {
  return localStorage.getItem(MICROPHONE) ?? "";
}

/** The chosen speaker's id; empty: the browser's own choice. */
export function chosenSpeaker(): string {
  return localStorage.getItem(SPEAKER) ?? "";
}

export function choose(what: "microphone" | "speaker", id: string): void {
  localStorage.setItem(what === "microphone" ? MICROPHONE : SPEAKER, id);
}

/**
 * The microphone's sound, from the chosen one or, when that is unplugged, from another. Raises a DOMException as
 * getUserMedia does: NotAllowedError when it was refused, NotFoundError when there is none.
 */
export async function microphone(): Promise<MediaStream> {
  if (!navigator.mediaDevices) throw new DOMException("no media devices", "NotSupportedError");
  const wanted = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  const id = chosenMicrophone();
  if (id) {
    try {
      return await navigator.mediaDevices.getUserMedia({ audio: { ...wanted, deviceId: { exact: id } } });
    } catch (error) {
      if (!(error instanceof DOMException) || !["OverconstrainedError", "NotFoundError"].includes(error.name)) throw error;
    }
  }
  return navigator.mediaDevices.getUserMedia({ audio: wanted });
}

/** Lets an element or a context sound where the person wants it; where a browser cannot, nothing happens. */
export async function soundAt(target: HTMLMediaElement | AudioContext): Promise<void> {
  if (!("setSinkId" in target)) return;
  await (target.setSinkId as (id: string) => Promise<void>).call(target, chosenSpeaker()).catch(() => undefined);
}

/** The devices there are; browsers hide their names until the microphone was allowed once. */
export async function devices(): Promise<Devices> {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  const of = (kind: MediaDeviceKind) => all.filter((one) => one.kind === kind && one.deviceId !== "").map((one) => ({ id: one.deviceId, name: one.label }));
  return { microphones: of("audioinput"), speakers: of("audiooutput") };
}

/** Listens to the microphone to show how loud it is. */
export class Meter {
  #samples: Float32Array<ArrayBuffer>;

  private constructor(
    readonly stream: MediaStream,
    readonly context: AudioContext,
    readonly analyser: AnalyserNode,
  ) {
    this.#samples = new Float32Array(analyser.fftSize);
  }

  /** Raises as `microphone` does. */
  static async open(): Promise<Meter> {
    const stream = await microphone();
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    context.createMediaStreamSource(stream).connect(analyser);
    return new Meter(stream, context, analyser);
  }

  /** How loud it is now, from 0 to 1, where quiet speech stands at about a third. */
  level(): number {
    this.analyser.getFloatTimeDomainData(this.#samples);
    return loudness(this.#samples);
  }

  close(): void {
    for (const track of this.stream.getTracks()) track.stop();
    void this.context.close();
  }
}

/** Root mean square on a scale of decibels: -60 dB is 0, full swing is 1. */
export function loudness(samples: Float32Array): number {
  if (!samples.length) return 0;
  const mean = samples.reduce((sum, one) => sum + one * one, 0) / samples.length;
  const decibels = 10 * Math.log10(Math.max(mean, 1e-9));
  return Math.min(1, Math.max(0, (decibels + 60) / 60));
}

/** Two tones on the chosen speaker. Resolves when they are over. */
export async function testTone(): Promise<void> {
  const context = new AudioContext();
  await soundAt(context);
  const gain = context.createGain();
  gain.gain.value = 0.2;
  gain.connect(context.destination);
  for (const [n, tone] of [523.25, 659.26].entries()) {
    const oscillator = context.createOscillator();
    oscillator.frequency.value = tone;
    oscillator.connect(gain);
    oscillator.start(context.currentTime + n * 0.35);
    oscillator.stop(context.currentTime + n * 0.35 + 0.3);
  }
  await new Promise((resolve) => setTimeout(resolve, 800));
  await context.close();
}
