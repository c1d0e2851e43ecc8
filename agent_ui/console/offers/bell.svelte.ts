/** The bell's wishes are of this device: a colleague's computer beside mine may be the loud one. */
const SOUND = "switchboard.bell";
const NOTICE = "switchboard.bell.system";
const AGAIN_MS = 3_200;

export type Permitted = "granted" | "denied" | "default" | "impossible";

/** The sound and the system notification of an offer. */
class Bell {
  /** Loudness from 0 (silent) to 1. */
  loudness = $state(keptLoudness());
  /** Whether a system notification is wanted when the console is out of sight. */
  notices = $state(localStorage.getItem(NOTICE) !== "off");
  permitted = $state<Permitted>(permission());
  #context: AudioContext | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #shown = new Map<string, Notification>();
  /** Of several windows only one rings: the first that may make a sound. */
  #mine = false;
  #asked = false;

  constructor() {
    // A browser lets a page sound only after the person has touched it.
    const touched = () => {
      this.#wake();
      window.removeEventListener("pointerdown", touched);
      window.removeEventListener("keydown", touched);
    };
    window.addEventListener("pointerdown", touched);
    window.addEventListener("keydown", touched);
  }

  setLoudness(loudness: number): void {
    this.loudness = loudness;
    localStorage.setItem(SOUND, String(loudness));
  }

  setNotices(on: boolean): void {
    this.notices = on;
    localStorage.setItem(NOTICE, on ? "on" : "off");
  }

  /** Asks the browser once; call it only from a press. */
  async askForNotices(): Promise<void> {
    this.setNotices(true);
    if (this.permitted !== "default") return;
    await Notification.requestPermission();
    this.permitted = permission();
  }

  /** Rings until `hush`. */
  ring(): void {
    if (this.#timer) return;
    if (this.#mine) this.chime();
    this.#timer = setInterval(() => this.#mine && this.chime(), AGAIN_MS);
  }

  hush(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** One ring: two soft tones, then the same higher. Returns whether the browser lets it sound. */
  chime(): boolean {
    const context = this.#wake();
    if (!context || this.loudness === 0) return false;
    const start = context.currentTime + 0.02;
    [659.26, 880, 987.77, 1318.51].forEach((tone, n) => strike(context, tone, start + n * 0.16, this.loudness));
    return context.state === "running";
  }

  /** Tells outside the browser. Pressing it brings the console to the front. */
  notify(tag: string, title: string, text: string): void {
    if (!this.notices || this.permitted !== "granted" || document.visibilityState === "visible") return;
    try {
      const shown = new Notification(title, { body: text, tag, requireInteraction: true, icon: `${import.meta.env.BASE_URL}favicon.svg` });
      shown.onclick = () => (window.focus(), shown.close());
      this.#shown.set(tag, shown);
    } catch {
      // Some phones let only a service worker notify; sound and title are there.
    }
  }

  /** Takes a notification back. */
  forget(tag: string): void {
    this.#shown.get(tag)?.close();
    this.#shown.delete(tag);
  }

  #wake(): AudioContext | null {
    if (typeof AudioContext === "undefined") return null;
    this.#context ??= new AudioContext();
    if (this.#context.state === "suspended") void this.#context.resume();
    this.#claim();
    return this.#context;
  }

  #claim(): void {
    if (this.#asked) return;
    this.#asked = true;
    if (!("locks" in navigator)) {
      this.#mine = true;
      return;
    }
    void navigator.locks.request("switchboard.bell", () => {
      this.#mine = true;
      return new Promise(() => undefined);
    });
  }
}

function strike(context: AudioContext, tone: number, at: number, loudness: number): void {
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  oscillator.type = "sine";
  oscillator.frequency.value = tone;
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(0.28 * loudness, at + 0.015);
  gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.5);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(at);
  oscillator.stop(at + 0.52);
}

function permission(): Permitted {
  return typeof Notification === "undefined" ? "impossible" : Notification.permission;
}

function keptLoudness(): number {
  const kept = Number(localStorage.getItem(SOUND) ?? "0.7");
  return kept >= 0 && kept <= 1 ? kept : 0.7;
}

export const bell = new Bell();
