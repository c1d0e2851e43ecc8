/** The time for what is shown as time goes by. `offset` is how far the hub's clock is ahead of this machine's. */
class ShownClock {
  offset = 0;
  /** Milliseconds by the hub's clock, moving each second. */
  now = $state(Date.now());

  constructor() {
    setInterval(() => (this.now = this.exact()), 1000);
  }

  exact(): number {
    return Date.now() + this.offset;
  }

  /** Learns the hub's time from a frame. */
  set(at: number): void {
    this.offset = at - Date.now();
    this.now = at;
  }
}

export const clock = new ShownClock();
