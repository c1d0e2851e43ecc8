import type { Upload } from "../api/conversations";
import { Refused } from "../api/http";
import type { FileValue } from "../wire";

/** Bytes of one file; the hub refuses larger ones. */
export const LARGEST_FILE = 20 * 1024 * 1024;

export interface Going {
  key: number;
  name: string;
  /** 0 to 1. */
  share: number;
  state: "going" | "failed" | "too_large";
  source: File;
  stop: AbortController;
}

/** Files on their way to the hub, for one composer. */
export class Uploads {
  going = $state<Going[]>([]);
  #last = 0;
  readonly #upload: Upload;

  constructor(upload: Upload) {
    this.#upload = upload;
  }

  get busy(): boolean {
    return this.going.some((one) => one.state === "going");
  }

  /** Uploads files; `done` gets each as the hub keeps it. */
  add(files: Iterable<File>, done: (file: FileValue) => void): void {
    for (const source of files) {
      const key = ++this.#last;
      const tooLarge = source.size > LARGEST_FILE;
      this.going.push({ key, name: source.name, share: 0, state: tooLarge ? "too_large" : "going", source, stop: new AbortController() });
      if (!tooLarge) void this.#carry(key, done);
    }
  }

  again(key: number, done: (file: FileValue) => void): void {
    this.#set(key, { state: "going", share: 0 });
    void this.#carry(key, done);
  }

  drop(key: number): void {
    this.going.find((one) => one.key === key)?.stop.abort();
    this.going = this.going.filter((one) => one.key !== key);
  }

  async #carry(key: number, done: (file: FileValue) => void): Promise<void> {
    const one = this.going.find((each) => each.key === key);
    if (!one) return;
    try {
      const file = await this.#upload(one.source, (share) => this.#set(key, { share }), one.stop.signal);
      if (!this.going.some((each) => each.key === key)) return;
      this.drop(key);
      done(file);
    } catch (error) {
      this.#set(key, { state: error instanceof Refused && error.code === "too_large" ? "too_large" : "failed" });
    }
  }

  #set(key: number, change: Partial<Going>): void {
    const one = this.going.find((each) => each.key === key);
    if (one) Object.assign(one, change);
  }
}
