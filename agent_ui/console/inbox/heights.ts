/** Where rows of unlike height stand: guessed at first, measured once they were on the screen. Offsets in pixels. */
export class Heights {
  #measured = new Map<string, number>();
  #keys: readonly string[] = [];
  #offsets = new Float64Array(1);

  /** Lays the rows out anew. */
  lay(keys: readonly string[], guess: (index: number) => number): void {
    this.#keys = keys;
    this.#offsets = new Float64Array(keys.length + 1);
    let sum = 0;
    for (let i = 0; i < keys.length; i++) {
      sum += this.#measured.get(keys[i] ?? "") ?? guess(i);
      this.#offsets[i + 1] = sum;
    }
  }

  /** Notes a measured height. Returns whether it is news. */
  measure(key: string, height: number): boolean {
    const before = this.#measured.get(key);
    if (before !== undefined && Math.abs(before - height) < 0.5) return false;
    this.#measured.set(key, height);
    return true;
  }

  get total(): number {
    return this.#offsets[this.#keys.length] ?? 0;
  }

  /** Where a row begins. */
  top(index: number): number {
    return this.#offsets[Math.max(0, Math.min(index, this.#keys.length))] ?? 0;
  }

  /** The row that covers an offset. */
  at(offset: number): number {
    let low = 0;
    let high = this.#keys.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#offsets[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return Math.max(0, low);
  }

  index(key: string): number {
    return this.#keys.indexOf(key);
  }

  key(index: number): string | undefined {
    return this.#keys[index];
  }
}
