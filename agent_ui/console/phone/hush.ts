/**
 * Whether the microphone is open: a press on Mute counts at once, the hub's word when it comes. What is older than the
 * press never opens it.
 */
export class Hush {
  #call = 0;
  #pressed: boolean | null = null;
  #said = false;

  get on(): boolean {
    return this.#pressed === true || this.#said;
  }

  press(on: boolean): void {
    this.#pressed = on;
  }

  /** The hub's word of a call's own leg. Another call begins without what was pressed in the one before; 0: there is none. */
  hear(call: number, said: boolean): void {
    if (call !== this.#call) this.#pressed = call !== 0 && this.#call === 0 ? this.#pressed : null;
    this.#call = call;
    this.#said = said;
    if (this.#pressed === said || call === 0) this.#pressed = null;
  }
}
