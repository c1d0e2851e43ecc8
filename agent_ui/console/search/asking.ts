export const PAUSE_MS = 140;

/** What asking answers with: nothing yet, an answer, or that it failed. */
export interface Hears<T> {
  started: (text: string) => void;
  answered: (text: string, answer: T) => void;
  failed: (text: string, error: unknown) => void;
}

/** Asks as one types: after a pause, one question at a time, and only the newest question is answered. */
export class Asking<T> {
  readonly #ask: (text: string, signal: AbortSignal) => Promise<T>;
  readonly #hears: Hears<T>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: AbortController | null = null;

  constructor(ask: (text: string, signal: AbortSignal) => Promise<T>, hears: Hears<T>) {
    this.#ask = ask;
    this.#hears = hears;
  }

  /** The text as it stands now. An empty text asks nothing. */
  typed(text: string): void {
    this.stop();
    const wanted = text.trim();
    if (wanted) this.#timer = setTimeout(() => void this.#go(wanted), PAUSE_MS);
  }

  /** Forgets the question; its answer will not be heard. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#running?.abort();
    this.#running = null;
  }

  async #go(text: string): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    this.#hears.started(text);
    try {
      const answer = await this.#ask(text, running.signal);
      if (!running.signal.aborted) this.#hears.answered(text, answer);
    } catch (error) {
      if (!running.signal.aborted) this.#hears.failed(text, error);
    }
  }
}
